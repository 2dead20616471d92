"""Writes xdomain/_abi.py: what the C headers declare, for ctypes.

Written anew for each wheel from the headers of the library that goes into it, so that the two cannot differ.
The headers are regular (one declaration a sentence, no macros but constants and the _INIT macros), so a few
patterns read them; whatever they do not understand ends the build.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

NUMBERS = {
    "int": "c_int",
    "char": "c_char",
    "float": "c_float",
    "double": "c_double",
    "size_t": "c_size_t",
    "ptrdiff_t": "c_ssize_t",
    "uint8_t": "c_uint8",
    "int32_t": "c_int32",
    "uint32_t": "c_uint32",
    "uint64_t": "c_uint64",
}


class Declarations:
    """The types, constants and functions of some headers."""

    def __init__(self, texts: list[str]) -> None:
        self.aliases: dict[str, str] = dict(NUMBERS)
        self.constants: list[tuple[str, str]] = []
        self.structs: dict[str, str] = {}
        self.callbacks: dict[str, tuple[str, list[str]]] = {}
        self.functions: dict[str, tuple[str, list[str]]] = {}
        source = "\n".join(re.sub(r"/\*.*?\*/", " ", text, flags=re.S) for text in texts)
        self._read_constants(source)
        source = re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*$", " ", source, flags=re.M)
        for match in re.finditer(r"typedef (u?int\d+_t) (\w+);", source):
            self.aliases[match[2]] = NUMBERS[match[1]]
        for match in re.finditer(r"typedef struct \w+ \{(.*?)\} (\w+);", source, re.S):
            self.structs[match[2]] = match[1]
        for match in re.finditer(r"typedef ([\w ]+?) ?\(\*(\w+)\)\((.*?)\);", source, re.S):
            self.callbacks[match[2]] = (match[1], _split(match[3]))
        for match in re.finditer(r"XD_API ([\w\s]+?[\s*]+)(xd_\w+)\s*\((.*?)\);", source, re.S):
            self.functions[match[2]] = (match[1], _split(match[3]))
        if len(self.functions) != source.count("XD_API"):
            raise ValueError("a function's declaration was not understood")

    def _read_constants(self, source: str) -> None:
        for match in re.finditer(r"^#define (XD_[A-Z0-9_]+) ((?:0x)?[0-9A-Fa-f.]+[ul]*|\"[^\"]*\")\s*$", source, re.M | re.I):
            self.constants.append((match[1], match[2].rstrip("uUlL")))
        for match in re.finditer(r"enum \{(.*?)\}", source, re.S):
            for entry in match[1].split(","):
                if entry.strip():
                    name, value = entry.split("=")
                    self.constants.append((name.strip(), value.strip()))

    def value_type(self, text: str) -> str:
        """The ctypes type of a parameter, result or field: "const char *", "xd_shape"."""
        words = re.sub(r"\b(const|struct)\b", " ", text)
        stars = words.count("*")
        name = words.replace("*", " ").strip()
        if stars == 0:
            if name == "void":
                return "None"
            if name in self.structs or name in self.callbacks:
                return name
            return self.aliases[name]
        if stars == 1 and name == "char":
            return "c_char_p" if "const" in text else "c_void_p"
        if stars == 1 and name in self.structs:
            return f"POINTER({name})"
        if stars == 2 and name not in self.structs and name.startswith("xd_") and "const" not in text:
            return "POINTER(c_void_p)"
        return "c_void_p"

    def parameter(self, text: str) -> str:
        """The type of a parameter that may have a name: "xd_context *context"."""
        return self.value_type(re.sub(r"(?<=[\s*])\w+$", "", text.strip()) if not _is_bare(text) else text)

    def fields(self, body: str) -> list[tuple[str, str, str]]:
        """Name, ctypes type and Python type of each field."""
        fields = []
        for sentence in body.split(";"):
            sentence = " ".join(sentence.split())
            if not sentence:
                continue
            function = re.fullmatch(r"([\w ]+?[ *]+)\(\*(\w+)\)\((.*)\)", sentence)
            if function:
                kinds = [self.value_type(function[1]), *map(self.parameter, _split(function[3]))]
                fields.append((function[2], f"CFUNCTYPE({', '.join(kinds)})", "Any"))
                continue
            first, *more = sentence.split(",")
            match = re.fullmatch(r"(.*?[\s*])(\w+)((?:\[\d+\])?)", first)
            if not match:
                raise ValueError(f"a field was not understood: {sentence}")
            kind = self.value_type(match[1])
            for name, count in [(match[2], match[3]), *(_name_and_count(word) for word in more)]:
                repeated = f"{kind} * {count[1:-1]}" if count else kind
                fields.append((name, repeated, "Any" if count else _python_type(kind)))
        return fields

    def depth(self, struct: str) -> int:
        """How deep structs are nested in this one: ctypes wants the inner ones first."""
        inner = [kind for _, kind, _ in self.fields(self.structs[struct]) if kind in self.structs]
        return 1 + max(map(self.depth, inner), default=0)

    def write(self, to: Path) -> None:
        lines = [
            '"""What the C headers declare, for ctypes. Written by build_backend/declarations.py."""',
            "",
            "from __future__ import annotations",
            "",
            "from ctypes import (CDLL, CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_double, c_float, c_int,",
            "                    c_int32, c_size_t, c_ssize_t, c_uint8, c_uint32, c_uint64, c_void_p)",
            "from typing import Any",
            "",
            *(f"{name} = {value}" for name, value in self.constants),
            "",
        ]
        for name in self.structs:
            lines += [f"class {name}(Structure):"]
            lines += [f"    {field}: {python}" for field, _, python in self.fields(self.structs[name])]
            lines += ["", ""]
        for name, (result, parameters) in self.callbacks.items():
            kinds = [self.value_type(result), *map(self.parameter, parameters)]
            lines += [f"{name}: Any = CFUNCTYPE({', '.join(kinds)})"]
        for name in sorted(self.structs, key=self.depth):
            lines += [f"{name}._fields_ = ["]
            lines += [f'    ("{field}", {kind}),' for field, kind, _ in self.fields(self.structs[name])]
            lines += ["]"]
        lines += ["", "", "def declare(library: CDLL) -> None:", '    """Tells ctypes the types of every function."""']
        for name, (result, parameters) in self.functions.items():
            kinds = [self.parameter(p) for p in parameters if p != "void"]
            lines += [f"    library.{name}.restype = {self.value_type(result)}"]
            lines += [f"    library.{name}.argtypes = [{', '.join(kinds)}]"]
        to.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _split(parameters: str) -> list[str]:
    return [" ".join(parameter.split()) for parameter in parameters.split(",")]


def _is_bare(text: str) -> bool:
    return len(text.replace("const", "").replace("struct", "").replace("*", " ").split()) == 1


def _name_and_count(word: str) -> tuple[str, str]:
    match = re.fullmatch(r"\s*(\w+)((?:\[\d+\])?)", word)
    if not match:
        raise ValueError(f"a field was not understood: {word}")
    return match[1], match[2]


def _python_type(kind: str) -> str:
    if kind == "c_char_p":
        return "bytes | None"
    if kind == "c_void_p":
        return "int | None"
    if kind in ("c_float", "c_double"):
        return "float"
    return "int" if kind in NUMBERS.values() else "Any"


def write_declarations(include: Path, to: Path) -> None:
    """From the headers in include/xdomain and its unstable/, without those of sys/."""
    headers = sorted((include / "xdomain").glob("*.h")) + sorted((include / "xdomain" / "unstable").glob("*.h"))
    Declarations([header.read_text(encoding="utf-8") for header in headers]).write(to)


if __name__ == "__main__":
    write_declarations(Path(sys.argv[1]), Path(sys.argv[2]))
