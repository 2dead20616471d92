#!/usr/bin/env python3
"""Compiles and runs the code blocks of README.md and docs/*.md, as a reader would, in a folder a page that holds
libxdomain (the source tree), examples, digits.xdm, three.png, and the folders cats and dogs.

A fence says what its block is: a language and words.
  text               output, synopses, diagrams: not run
  sh                 run by sh -eu; trainings are cut to a moment by a hidden tool in front of xdomain
  c, cpp, rust, python, cmake
                     compiled or configured, against an installed copy, and run
  toml               written to its file
and
  no-run: REASON     not run, for the reason given
  file=NAME          written to NAME in the page's folder; a later block of sh uses it
  frame=NAME         put into tests/docs/frames/NAME.in, in the place of @BLOCK@
  needs=COMMAND,...  skipped, with a word, where a command is missing (of gegl and vips: or what belongs to them)
  with=GROUP         of sh: run with the blocks of python or rust
Anything else is a failure: no language, an unknown word, an indented block. So is a link to what is not there.

usage: blocks.py GROUP SOURCE_FOLDER BUILD_FOLDER LIBDIR CC CXX [PAGE...]    GROUP: native, python or rust"""
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

LANGUAGES = {"text": None, "toml": "rust", "rust": "rust", "python": "python"}
LANGUAGES |= dict.fromkeys(("sh", "c", "cpp", "cmake"), "native")
SKIPPED = 77


class Wrong(Exception):
    pass


class Block:
    """A fenced block: where it stands, its words and its text."""

    def __init__(self, page, line, info):
        self.page, self.line, self.text = page, line, ""
        info, _, reason = info.partition("no-run:")
        words = info.split()
        self.language = words.pop(0) if words else ""
        self.reason = reason.strip()
        self.file = self.frame = self.group = None
        self.needs = []
        if self.language not in LANGUAGES:
            raise self.wrong(f"no language that is known: '{self.language}'")
        for word in words:
            key, _, value = word.partition("=")
            if key not in ("file", "frame", "needs", "with") or not value:
                raise self.wrong(f"'{word}' says nothing")
            if key == "needs":
                self.needs = value.split(",")
            else:
                setattr(self, {"with": "group"}.get(key, key), value)
        if reason and len(self.reason.split()) < 2:
            raise self.wrong("no reason for not running it")
        self.group = self.group or LANGUAGES[self.language]

    def wrong(self, what):
        return Wrong(f"{self.page}:{self.line}: {what}")


def blocks_of(path):
    """All blocks of a page; Wrong where something is written as code but is no fenced block."""
    found, block, fence = [], None, ""
    previous = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        mark = re.match(r" {0,3}(```+|~~~+)(.*)", line)
        if block and mark and mark[1] == fence and not mark[2].strip():
            block = None
        elif block:
            block.text += line + "\n"
        elif mark:
            block, fence = Block(path.name, number, mark[2].strip()), mark[1]
            found.append(block)
        elif line.startswith(("    ", "\t")) and not previous.strip():
            raise Wrong(f"{path.name}:{number}: an indented block; a fence tells what it is")
        previous = line
    if block:
        raise block.wrong("no end")
    for index, block in enumerate(found):
        used = any(Path(block.file).name in later.text for later in found[index + 1:]) if block.file else True
        if not used and block.language not in ("toml", "rust"):
            raise block.wrong(f"nothing uses {block.file}")
    return found


def anchors(path):
    """The names by which a page's headlines are linked to."""
    lines = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


def broken_links(path):
    """What a page links to and is not there."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^()\s]+)\)", text):
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        if not target.startswith(("https://", "http://")) and not (
                there.exists() and (not anchor or there.suffix != ".md" or anchor in anchors(there))):
            yield target


class Session:
    """A page's folder, and how its blocks are run there."""

    def __init__(self, work, source, options):
        self.work, self.source, self.options, self.count = work, source, options, 0

    def run(self, block, command):
        try:
            done = subprocess.run(command, cwd=self.work, env=self.options["environment"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", timeout=300)
        except subprocess.TimeoutExpired as late:
            raise block.wrong("not done after 5 minutes") from late
        if done.returncode != 0:
            raise block.wrong(f"exit code {done.returncode} of {shlex.join(map(str, command))}\n{done.stdout}")

    def written(self, block, ending):
        """The block in its frame, in a file."""
        self.count += 1
        path = self.work / (block.file or f"block{self.count}{ending}")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = block.text
        if block.frame:
            text = (self.source / "tests/docs/frames" / f"{block.frame}.in").read_text(encoding="utf-8").replace("@BLOCK@", text)
        path.write_text(text, encoding="utf-8")
        return path

    def sh(self, block):
        self.run(block, ["sh", "-eu", self.written(block, ".sh")])

    def compiled(self, block, compiler, flags, ending):
        path = self.written(block, ending)
        if not block.file:
            program = path.with_suffix("")
            self.run(block, [*shlex.split(compiler), *flags, "-Wall", "-Wextra", "-Wno-misleading-indentation", "-Werror", path, "-o", program,
                             *self.options["flags"]])
            self.run(block, [program])

    def c(self, block):
        self.compiled(block, self.options["cc"], ["-std=c11"], ".c")

    def cpp(self, block):
        self.compiled(block, self.options["cxx"], ["-std=c++17"], ".cpp")

    def cmake(self, block):
        """Configured; built too, where that takes no build of the library."""
        path = self.written(block, ".cmake")
        if block.file:
            return
        folder = path.with_suffix("")
        folder.mkdir()
        path.rename(folder / "CMakeLists.txt")
        for program in self.work.glob("*.c"):
            shutil.copy(program, folder)
        (folder / "libxdomain").symlink_to(self.source)
        self.run(block, ["cmake", "-S", folder, "-B", folder / "build", "-DFETCHCONTENT_SOURCE_DIR_XDOMAIN=" + str(self.source)])
        if "find_package" in block.text:
            self.run(block, ["cmake", "--build", folder / "build"])

    def python(self, block):
        path = self.written(block, ".py")
        if not block.file:
            self.run(block, [sys.executable, path])

    def toml(self, block):
        if not block.file:
            raise block.wrong("toml needs a file")
        self.written(block, "")

    def rust(self, block):
        path = self.written(block, ".rs")
        if block.file:
            return
        crate = self.work / "crate"
        (crate / "src/bin").mkdir(parents=True, exist_ok=True)
        (crate / "Cargo.toml").write_text('[package]\nname = "blocks"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n'
                                          'xdomain = { path = "../libxdomain/examples/rust/xdomain" }\n', encoding="utf-8")
        path.rename(crate / "src/bin" / path.name)
        self.run(block, ["cargo", "run", "--quiet", "--offline", "--manifest-path", crate / "Cargo.toml", "--bin", path.stem])


# ---- What the pages find ------------------------------------------------------------------------------------

SHORT = """vae.epochs=1 vae.min_steps=10 vae.base_channels=4 vae.latent_dim=4 vae.hidden1=8 vae.hidden2=8 mapping.hidden_width=8
  mapping.steps=10 allow_collapse=1"""


def prepare(base, source, build, libdir, group):
    """An installed copy, pictures, and the environment of all blocks."""
    prefix = base / "prefix"
    environment = dict(os.environ, CLICOLOR="0", CC=sys.argv[5], CXX=sys.argv[6])
    quiet(["cmake", "--install", build, "--prefix", prefix])
    library = prefix / libdir
    tool = prefix / "bin" / "xdomain"
    (base / "bin").mkdir()
    settings = " ".join(f"--set {word}" for word in SHORT.split())
    hidden = base / "bin" / "xdomain"
    hidden.write_text(f'#!/bin/sh\ncase ${{1:-}} in\n  train) exec {tool} "$@" {settings} ;;\n'
                      f'  map) exec {tool} "$@" --set mapping.steps=10 --set mapping.hidden_width=8 --set allow_collapse=1 ;;\n'
                      f'  judge) exec {tool} "$@" --epochs 1 ;;\n  *) exec {tool} "$@" ;;\nesac\n', encoding="utf-8")
    hidden.chmod(0o755)
    environment["PATH"] = f"{base}/bin:{prefix}/bin:{environment['PATH']}"
    environment["PKG_CONFIG_PATH"] = str(library / "pkgconfig")
    environment["LD_LIBRARY_PATH"] = str(library)
    environment["CMAKE_PREFIX_PATH"] = str(prefix)
    environment["HOME"] = str(base / "home")
    if group == "python":
        environment["PYTHONPATH"] = str(python_package(base, source, build, environment))
    if group == "rust":
        if not shutil.which("cargo"):
            print("no cargo here")
            sys.exit(SKIPPED)
        environment.update(HOME=os.environ.get("HOME", ""), CARGO_TARGET_DIR=str(build / "rust"),
                           XDOMAIN_LIB_DIR=str(library), XDOMAIN_INCLUDE_DIR=str(prefix / "include"))
    parts = image_tools(base, prefix, environment)

    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "xdomain"], env=environment, check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    return {"environment": environment, "cc": sys.argv[5], "cxx": sys.argv[6], "flags": flags + ["-lm", "-lpthread"],
            "parts": parts}


def there(name, options):
    """Whether a command is there and, of an image tool's, the library's part for it was built."""
    if name == "pyvips":
        return any(Path(options["environment"]["PYTHONPATH"]).glob("pyvips"))
    return (name not in ("gegl", "vips") or name in options["parts"]) and shutil.which(name)


def image_tools(base, prefix, environment):
    """Where libvips and GEGL find what was installed for them; the names of those that something was installed for."""
    parts = {}
    for name, pattern, module, variable in (("vips", "lib/**/vips-modules-*", "vips", "libdir"),
                                            ("gegl", "lib/**/gegl-*", "gegl-0.4", "pluginsdir")):
        folder = next(prefix.glob(pattern), None)
        if folder:
            asked = subprocess.run(["pkg-config", f"--variable={variable}", module], stdout=subprocess.PIPE, text=True)
            parts[name] = (folder, Path(asked.stdout.strip()))
    if "vips" in parts: # it takes the last part of its library folder below VIPSHOME
        modules, libdir = parts["vips"]
        (base / "vips" / libdir.name).mkdir(parents=True)
        (base / "vips" / libdir.name / modules.name).symlink_to(modules)
        environment["VIPSHOME"] = str(base / "vips")
    if "gegl" in parts:
        environment["GEGL_PATH"] = ":".join(map(str, parts["gegl"]))
    return set(parts)


def python_package(base, source, build, environment):
    """The package as its wheel holds it, and numpy and Pillow from what tests/python/packages.sh fetched."""
    packages = Path(os.environ.get("XDOMAIN_PYTHON_PACKAGES", source / "build" / "python-packages"))
    if not (packages / f"all-{sys.version_info.major}.{sys.version_info.minor}").exists():
        print(f"no packages for this Python in {packages} (tests/python/packages.sh fetches them)")
        sys.exit(SKIPPED)
    folder = base / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--target", folder]
    quiet([sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
           "--wheel-dir", base / "wheels", source / "examples/python"], dict(environment, XDOMAIN_BUILD=str(build)))
    quiet([*pip, "--find-links", packages, *(base / "wheels").glob("*.whl"), "pillow"], environment)
    if list(packages.glob("pyvips-*.whl")):
        quiet([*pip, "--find-links", packages, "pyvips"], environment)
    return folder


def quiet(command, environment=None):
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    if done.returncode != 0:
        sys.exit(f"{shlex.join(map(str, command))}:\n{done.stdout}")


def fill(folder, source, options):
    """What every page finds in its folder."""
    (folder / "libxdomain").symlink_to(source)
    for name in ("examples", "docs", "tests"):
        (folder / name).symlink_to(source / name)
    for name in ("digits.xdm", "fashion.xdm", "three.png"):
        shutil.copy(source / "examples/models" / name, folder)
    if there("vips", options):
        quiet(["vips", "copy", folder / "three.png", folder / "three.webp"])
    for domain, light in (("cats", 255), ("dogs", 140)):
        for name in ("lying", "sitting"):
            (folder / domain / name).mkdir(parents=True)
            for number in range(24):
                (folder / domain / name / f"{number:04}.png").write_bytes(bar(name == "lying", number, light))


def bar(lies, number, light, side=8):
    """A PNG of a bar, another one for each number."""
    place, ground = number % side, number // side * 20
    rows = [bytes(light if (y if lies else x) == place else ground for x in range(side)) for y in range(side)]

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b""))


def main():
    group, source, build, libdir = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve(), sys.argv[4]
    wanted = sys.argv[7:]
    pages = [source / "README.md", *sorted((source / "docs").glob("*.md"))]
    read, failures = {}, 0
    for page in pages:
        try:
            read[page] = blocks_of(page)
            for target in broken_links(page):
                raise Wrong(f"{page.name}: nothing is at {target}")
        except Wrong as wrong:
            print(f"FAILED: {wrong}")
            failures += 1
    with tempfile.TemporaryDirectory() as base:
        base = Path(base)
        options = prepare(base, source, build, libdir, group)
        for page, blocks in read.items():
            if wanted and page.name not in wanted:
                continue
            mine = [block for block in blocks if block.group == group]
            if not mine:
                continue
            folder = base / "pages" / page.stem
            folder.mkdir(parents=True)
            fill(folder, source, options)
            session, ran = Session(folder, source, options), 0
            for block in mine:
                missing = [name for name in block.needs if not there(name, options)]
                if block.reason or missing:
                    print(f"{page.name}:{block.line}: not run: {block.reason or 'no ' + ', '.join(missing)}")
                    continue
                try:
                    getattr(session, block.language)(block)
                    ran += 1
                except Wrong as wrong:
                    print(f"FAILED: {wrong}")
                    failures += 1
            print(f"{page.name}: {ran} of {len(mine)} blocks run")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
