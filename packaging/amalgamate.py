#!/usr/bin/env python3
"""Writes the amalgamation: xdomain.h, all public headers, and xdomain.c, the library with `native` and with the text of
stb and xxHash, for `cc -O2 app.c xdomain.c -lm -lpthread`.

usage: amalgamate.py ROOT MANIFEST STB XXHASH OUT

MANIFEST has a line a source, its path below ROOT and the compiler flags of its own; the line `*` has those of all. STB
and XXHASH are the folders of the headers. How one source is made of many:

- A header with an include guard appears once, where it is first included. One without a guard belongs to its includer,
  as often as it is included.
- What a source keeps to itself (static functions and variables, types, constants of enums) gets the source's name in
  front, `save` in png.c is `png_save`, if another source or header has the same name. Macros end with their source.
  XDI_LOCAL(name) does so for names that macros paste together.
- Flags become pragmas: -mX a target, -fX an optimisation of GCC's, -ffp-contract of Clang's too.

A clash that this overlooks does not compile.
"""
import os
import re
import sys
from collections import Counter

INCLUDE = re.compile(r'[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"][^\n]*')
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)[ \t]*")
COMMENT_OR_TEXT = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
TOKEN = re.compile(
    r"""^[ \t]*\#[ \t]*include[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*|\d[\w.]*|->|\s+|.""",
    re.S | re.M)
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
CONSTANTS = re.compile(r"\benum\b[^{};()]*\{([^}]*)\}")
# House style writes what is local to a file at the start of a line.
LOCALS = [
    re.compile(r"^(?:static|INLINE)\b[^;{=(\[]*?\b(\w+)\s*[;=(\[]", re.M),
    re.compile(r"^(?:(?:typedef|static|const)\s+)*(?:struct|union|enum)\s+(\w+)\s*\{", re.M),
    re.compile(r"^\}\s*(\w+);", re.M),
    re.compile(r"^typedef\b[^{;(]*?\b(\w+)\s*(?:\[[^\]]*\]\s*)*;", re.M),
    re.compile(r"^typedef\b[^;{]*?\(\*(\w+)\)", re.M),
    re.compile(r"^[A-Z_]+\(([A-Za-z_]\w*)[,)]", re.M),  # a macro that writes a function of that name
]
FEATURES = re.compile(r"^[ \t]*#[ \t]*define[ \t]+_[A-Z]+_SOURCE\b[^\n]*\n", re.M)


def bare(text):
    """The text without comments, literals and attributes."""
    return ATTRIBUTE.sub("", COMMENT_OR_TEXT.sub(" ", text))


def local_names(text):
    text = bare(text)
    names = {name for pattern in LOCALS for name in pattern.findall(text)}
    for body in CONSTANTS.findall(text):
        names.update(re.findall(r"(?:^|,)\s*(\w+)", body))
    return {name for name in names if not name.startswith(("xd_", "xdi_", "XD_", "XDI_"))}


def rename(text, names):
    """The text with names for names, but for members: behind a point or an arrow, and where a struct declares them."""
    out, braces, before, struct_begins = [], [], "", False
    for match in TOKEN.finditer(text):
        token = match[0]
        if token in names and before not in (".", "->"):
            member = braces and braces[-1] and re.match(r"\s*[;,\[):]", text[match.end():match.end() + 80])
            out.append(token if member else names[token])
        else:
            out.append(token)
        if token == "{":
            braces.append(struct_begins)
        elif token == "}" and braces:
            braces.pop()
        if token in ("struct", "union"):
            struct_begins = True
        elif token in ("{", ";", ")", "=", "*", ","):
            struct_begins = False
        if not token.isspace() and not token.startswith("/*"):
            before = token
    return "".join(out)


def banner(text):
    return "\n/* ---- %s %s */\n\n" % (text, "-" * max(4, 106 - len(text)))


def pragmas(flags, ends=False):
    """Lines that set the flags for what follows, or that end this."""
    target = ",".join(flag[2:] for flag in flags if flag.startswith("-m"))
    optimise = ", ".join('"%s"' % flag[2:] for flag in flags if flag.startswith("-f") and "sanitize" not in flag)
    contract = next((flag.split("=")[1] for flag in flags if flag.startswith("-ffp-contract=")), None)
    clang, gcc = [], ["#pragma GCC pop_options" if ends else "#pragma GCC push_options"]
    if contract:
        clang.append("#pragma clang fp contract(%s)" % ("off" if ends else contract))
    if target and ends:
        clang.append("#pragma clang attribute pop")
    elif target:
        clang.append('#pragma clang attribute push(__attribute__((target("%s"))), apply_to = function)' % target)
    if not ends:
        gcc += ["#pragma GCC optimize(%s)" % optimise] * bool(optimise) + ['#pragma GCC target("%s")' % target] * bool(target)
    lines = ["#if defined(__clang__)", *clang, "#elif defined(__GNUC__)", *gcc, "#endif"]
    if target:
        lines = ["#if defined(__x86_64__)", *lines, "#endif"]
    return "\n".join(lines) + "\n"


class Source:
    """A source and its headers: pieces of text in order, its own and those that all sources share."""

    def __init__(self, path, flags):
        self.path, self.flags, self.pieces = path, flags, []

    def text(self, own):
        return "".join(text for is_own, text in self.pieces if is_own == own)

    def prefixes(self):
        parts = os.path.splitext(self.path)[0].split("/")
        return ["_".join(parts[first:]) + "_" for first in range(len(parts) - 1, 0, -1)]


class Amalgamation:
    def __init__(self, root, third_parties):
        self.root, self.third_parties, self.seen, self.system = root, third_parties, set(), {}

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def source(self, path, flags):
        source = Source(path, flags)
        self.expand(source, path, own=True, conditional=False)
        return source

    def expand(self, source, path, own, conditional):
        text = self.read(path)
        depth, begin = 0, 0
        outermost = 1 if re.search(r"^#ifndef XDI_\w+_H$", text, re.M) else 0
        for line in re.finditer(r"[^\n]*\n", text):
            directive = re.match(r"[ \t]*#[ \t]*(if|endif)", line[0])
            if directive:
                depth += 1 if directive[1] == "if" else -1
            include = INCLUDE.match(line[0])
            if include:
                source.pieces.append((own, text[begin:line.start()]))
                begin = line.end()
                self.include(source, line[0], include[1] == '"', include[2], own, conditional or depth > outermost)
        source.pieces.append((own, text[begin:]))

    def include(self, source, line, quoted, name, own, conditional):
        if name.startswith("xdomain/"):
            return
        if name in self.third_parties:
            if name not in self.seen:
                self.seen.add(name)
                with open(os.path.join(self.third_parties[name], name), encoding="utf-8", errors="replace") as file:
                    source.pieces.append((False, banner(name) + file.read() + banner("end of " + name)))
        elif not quoted:
            source.pieces.append((own, line))
            if not conditional:
                self.system[name] = True
        else:
            path = "lib/" + name
            guarded = re.search(r"^#ifndef XDI_\w+_H$", self.read(path), re.M)
            if path in self.seen:
                return
            if guarded and not conditional:
                self.seen.add(path)
            self.expand(source, path, own and not guarded, conditional)


def public_header(amalgamation):
    """All public headers, each behind what it includes, those under a weaker promise last."""
    include, order, visited = "include/xdomain", [], set()

    def visit(path):
        path = os.path.normpath(path)
        if path in visited:
            return
        visited.add(path)
        for match in INCLUDE.finditer(amalgamation.read(path)):
            if match[1] == '"':
                visit(os.path.join(os.path.dirname(path), match[2]))
        order.append(path)

    visit(include + "/xdomain.h")
    for folder, folders, files in os.walk(os.path.join(amalgamation.root, include)):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".h"):
                visit(os.path.relpath(os.path.join(folder, name), amalgamation.root))
    order.sort(key=lambda path: path.count("/") > include.count("/") + 1)
    order.remove(include + "/xdomain.h")
    tour = re.match(r"/\*.*?\*/\n", amalgamation.read(include + "/xdomain.h"), re.S)[0]
    out = [tour, """
/* The headers of the library in one, made by CMake's target `amalgamation`. Define XD_API for what is to stand in front
 * of each declaration, such as `static` where xdomain.c is included. */
#ifndef XD_STATIC
#define XD_STATIC
#endif
"""]
    for path in order:
        name = os.path.relpath(path, include)
        if "/" in name:
            name += ": not under the promise of a stable interface"
        text = amalgamation.read(path)
        out += [banner(name), re.sub(r'^#include "[^\n]*\n', "", text, flags=re.M)]
    return "".join(out)


PRELUDE = """/* libxdomain %s in one source, made by CMake's target `amalgamation` from the library's own:
 *
 *     cc -O2 app.c xdomain.c -lm -lpthread
 *
 * needs nothing but xdomain.h beside it, GCC or Clang, and gives the same bytes as the library. Its backends are `native`,
 * which takes its kernels by the processor that it runs on, and `reference`. XDOMAIN_WITH_ZLIB: reads gzip files and packs PNGs, link -lz.
 * Within are stb_image and stb_image_write (MIT or public domain) and xxHash (BSD), whose licences stand with their text.
 *
%s */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* sched_getaffinity, madvise */
#endif
#define XDI_WITH_NATIVE 1
#if defined(XDOMAIN_WITH_ZLIB)
#define XDI_WITH_ZLIB 1
#define ZLIB_CONST
#include <zlib.h>
#endif

%s#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "xdomain.h"

/* Whom it is linked into shows none of it to others. */
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC visibility push(hidden)
#endif
%s"""


def library(amalgamation, sources, flags, version):
    counts = Counter(name for source in sources for name in local_names(source.text(True)))
    shared = {name for source in sources for name in local_names(source.text(False))}
    texts = [text for source in sources for _, text in source.pieces]
    words = set(re.findall(r"[A-Za-z_]\w*", "".join(texts)))
    licence = "".join(" * %s\n" % line if line else " *\n" for line in amalgamation.read("LICENSE").splitlines())
    includes = "".join("#include <%s>\n" % name for name in sorted(amalgamation.system))
    out = [PRELUDE % (version, licence, includes, pragmas(flags))]
    for source in sources:
        own = source.text(True)
        clashes = {name for name in local_names(own) if counts[name] > 1 or name in shared}
        prefix = next(prefix for prefix in source.prefixes() if not any(prefix + name in words for name in clashes))
        names = {name: prefix + name for name in clashes}
        macros = sorted(set(MACRO.findall(own)))
        out.append(banner(source.path))
        out.append(pragmas(source.flags) if source.flags else "")
        out.append("#define XDI_LOCAL(name) %s##name\n" % prefix if "XDI_LOCAL" in own else "")
        # Own pieces are renamed one by one; none begins within a struct, since includes stand between them.
        out += [FEATURES.sub("", rename(text, names)) if is_own else text for is_own, text in source.pieces]
        out += ["#undef %s\n" % macro for macro in macros]
        out.append(pragmas(source.flags, ends=True) if source.flags else "")
    out.append("\n" + pragmas(flags, ends=True))
    out.append("#if defined(__GNUC__)\n#pragma GCC visibility pop\n#endif\n")
    return "".join(out)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    root, manifest, stb, xxhash, out = sys.argv[1:]
    amalgamation = Amalgamation(root, {"stb/stb_image.h": stb, "stb/stb_image_write.h": stb, "xxhash.h": xxhash})
    with open(manifest, encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip()]
    flags = next(line[1:] for line in lines if line[0] == "*")
    sources = [amalgamation.source(line[0], line[1:]) for line in lines if line[0] != "*"]
    version = re.search(r'XD_VERSION_STRING "([^"]+)"', amalgamation.read("include/xdomain/version.h"))[1]
    write(os.path.join(out, "xdomain.h"), public_header(amalgamation))
    write(os.path.join(out, "xdomain.c"), library(amalgamation, sources, flags, version))


if __name__ == "__main__":
    main()
