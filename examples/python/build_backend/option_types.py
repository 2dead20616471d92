"""Writes xdomain/_option_types.py: the options as types of keyword arguments, so that editors complete and explain
them and type checkers know them. Written anew for each wheel from what the tool that goes into it lists."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

GROUPS = {
    "train": "TrainOptions",
    "vae": "VaeOptions",
    "mapping": "MappingOptions",
    "judge": "JudgeOptions",
    "evaluation": "EvaluationOptions",
}
TYPES = {"integer": "int", "real": "float", "switch": "bool"}


def write_option_types(tool: Path, to: Path) -> None:
    lines = [
        '"""The options as types of keyword arguments. Written by build_backend/option_types.py."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Literal, TypedDict",
    ]
    for group, name in GROUPS.items():
        listed = subprocess.run([tool, "options", group, "--json"], stdout=subprocess.PIPE, text=True, check=True)
        options = json.loads(listed.stdout)[group]
        lines += ["", "", f"class {name}(TypedDict, total=False):", f'    """Options of group "{group}"."""', ""]
        for keyword, option in keywords(options).items():
            lines += [f"    {keyword}: {_type(option)}", f"    {_text(option)}"]
    to.write_text("\n".join(lines) + "\n", encoding="utf-8")


def keywords(options: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every keyword that means an option: of vae.latent_dim vae_latent_dim, those of one domain, and latent_dim, as no
    other part of a training has that."""
    own = {option["name"] for option in options if "." not in option["name"]}
    parts: dict[str, list[str]] = {}
    for option in options:
        scope, dot, rest = option["name"].partition(".")
        if dot:
            parts.setdefault(rest, []).append(scope)
    found = {}
    for option in options:
        scope, dot, rest = option["name"].partition(".")
        if not dot:
            found[scope] = option
            continue
        if rest not in own and len(parts[rest]) == 1:
            found[rest] = option
        for prefix in (scope, f"{scope}1", f"{scope}2"):
            found[f"{prefix}_{rest}"] = option
    return found


def _type(option: dict[str, Any]) -> str:
    if option["kind"] == "choice":
        return f"Literal[{', '.join(repr(choice) for choice in option['unit'].split('|'))}]"
    return TYPES[option["kind"]]


def _text(option: dict[str, Any]) -> str:
    unit = f" {option['unit']}" if option["unit"] and option["kind"] != "choice" else ""
    text = f"{option['help']}; {option['least']:g} to {option['most']:g}{unit}, by default {option['default']:g}"
    return repr(text)
