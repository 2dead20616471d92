#!/usr/bin/env python3
"""Writes docs/options.md from what the tool says of the library's table of options.

usage: docs/options.py XDOMAIN_TOOL >docs/options.md"""
import json
import re
import subprocess
import sys

HEAD = r"""# Options

<!-- Made by docs/options.py from the library's table of options: change lib/options/rows.h, not this page. -->

Every number that shapes a network, a training or an evaluation, by name. The same names go everywhere:

```sh
xdomain train --domain1 cats --domain2 dogs --set vae.epochs=20 --set steps=4000 --out model.xdm
```

```c frame=context.c
xd_options *options;
if (xd_options_create(&options, context, "train") || xd_options_read(options, context, "vae.epochs=20 steps=4000"))
  fprintf(stderr, "%s\n", xd_context_message(context));
xd_options_destroy(options);
```

```python frame=short.py
model = xdomain.train("cats", "dogs", vae_epochs=20, steps=4000)
```

C++ has `options.set("vae.epochs", 20)`, Rust `Options::new(Group::Train).number("vae.epochs", 20.0)`, and the tool
`--config FILE`, with `NAME = VALUE` a line. Python writes the dot as `_`: `vae1_latent_dim`.

A whole training takes the options of group `train`, and those of its VAEs and mappings behind a scope: `vae1.NAME`,
`mapping2.NAME`, or `vae.NAME` and `mapping.NAME` of both ([options.h](../include/xdomain/options.h)). What the numbers do to
pictures is told in [method](method.md). `xdomain options` prints this table, with `--json` for programs.
"""

FLAGS = """## Flags

Each option is a flag of the tool too, with `-` for `_` and `.`: `--vae-latent-dim 64`; without its scope where that names one
option alone: `--kl-weight 2`; and with a 1 or 2 behind it for one VAE or mapping: `--kl-weight1 2`. `xdomain train` and `map`
have besides (`map --condition`: only `--latent`), where `--width` and `--height`, which would be of two things, are refused
together:

| flag | what it sets |
|---|---|"""

GROUPS = {
    "train": "A whole training (`xd_train`, `xd_map`; `xdomain train`, `map`)",
    "vae": "An encoder and its decoder, and how both are trained",
    "mapping": "A latent generator and its discriminator, and how both are trained",
    "judge": "A judge and how it is trained",
    "evaluation": "How a mapping is measured",
}


def number(value):
    """As people write it, all its digits."""
    return f"{value:.16g}"


def cell(text):
    return text.replace("|", "\\|").replace("*", "\\*")


def row(option):
    choices = option["unit"].split("|") if option["kind"] == "choice" else None
    if choices:
        initial, values = choices[int(option["default"])], ", ".join(choices)
    elif option["kind"] == "switch":
        initial, values = number(option["default"]), "0, 1"
    else:
        initial, values = number(option["default"]), f"{number(option['least'])} to {number(option['most'])}"
    unit = "" if choices or not option["unit"] else f" ({option['unit']})"
    return f"| `{option['name']}` | {initial} | {values} | {cell(option['help'] + unit)} |"


def short_flags(options, help_text):
    """Those of names that no rule gives, with what they set: pairs, in the help's order."""
    names = [option["name"] for option in options]
    bare = [name.split(".")[-1] for name in names]
    rules = {name.replace("_", "-").replace(".", "-"): name for name in names}
    rules.update({name.replace("_", "-"): whole for name, whole in zip(bare, names) if bare.count(name) == 1})
    flags = re.findall(r"^  --([\w-]+)(?: \S+)?\s+([\w.]+)(=\d)?: ", help_text, re.M)
    return [(flag, option + value) for flag, option, value in flags if option in names and (value or rules.get(flag) != option)]


def main():
    def said(*arguments):
        return subprocess.run([sys.argv[1], *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

    table = json.loads(said("options", "--json"))
    print(HEAD)
    print(FLAGS)
    for flag, option in short_flags(table["train"], said("train", "--help")):
        print(f"| `--{flag}` | `{option}` |")
    print()
    for group, title in GROUPS.items():
        options = table.pop(group)
        print(f"## {group}\n\n{title}.\n\n| option | default | values | what it does |\n|---|---|---|---|")
        for option in options:
            if "." not in option["name"]:
                print(row(option))
        print()
    if table:
        sys.exit(f"no title for {', '.join(table)}")
    print("## Presets of group train\n\nWhat each sets (`--preset NAME`, `--effort`; `xd_options_apply_preset`):\n")
    presets = next(line for line in said("options", "train").splitlines() if line.startswith("presets: "))
    for name in presets.removeprefix("presets: ").split(", "):
        text = ", ".join(f"`{word}`" for word in said("options", "--preset", name).replace(" = ", "=").split())
        print(f"- **{name}**: {text}")


if __name__ == "__main__":
    main()
