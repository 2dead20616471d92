#!/usr/bin/env python3
"""Shows Doxygen a public C header as its readers read it. The headers have plain comments; this writes the same header
with Doxygen's to the standard output:

  - the first comment is the file's, and so is one that stands alone, with an empty line below;
  - a comment right above a declaration is that declaration's, and that of the lines below it that have none, up to an
    empty line; the words on struct_size are its own alone;
  - a comment at a line's end is that line's;
  - a field without words that its struct's comment names is told of there;
  - an enumeration without a name belongs to the type right above it, and so do its values without words;
  - XD_..._INIT is what the function beside it says;
  - the list of kernels gives a field a row, told by its comment or by its argument's.

Headlines, /* ---- so ---- */, are nobody's. usage: filter.py HEADER"""
import re
import sys

TRAILING = re.compile(r"(?P<code>\s*\S.*?\S)\s*/\* (?P<words>.*) \*/$")
INITIAL = re.compile(r"#define (?P<name>XD_\w+)_INIT\b")
STRUCT = re.compile(r"typedef struct \w+ \{$")
TYPE = re.compile(r"typedef \w+ (?P<name>\w+);$")
FIELDS = re.compile(r"\s+(?P<type>(?:const )?(?:struct )?\w+(?: \*const \*| \*)?)\s*(?P<names>\*?\w+(\[\w+\])?(?:, \*?\w+(\[\w+\])?)*);$")
FUNCTION = re.compile(r"  \S.*\(\*(?P<name>\w+)\)\(")
KERNEL = re.compile(r"(?:/\* (?P<words>(?:(?!\*/).)*) \*/ )?kernel\((?P<name>\w+), \((?P<parameters>[^()]*)\)\)")


def escaped(text):
    """Text in which Doxygen finds no commands and no HTML of its own."""
    return re.sub(r"[\\@<>&#%$\"]", lambda found: "\\" + found.group(), text)


def words_of(lines):
    """The words of a comment, line by line."""
    text = [re.sub(r"^\s*/\* ?", "", lines[0])] + [re.sub(r"^\s*\* ?", "", line) for line in lines[1:]]
    text[-1] = re.sub(r"\s*\*/$", "", text[-1])
    return text


def comment(words, command="", mark="/**"):
    """Those words for Doxygen: indented lines as they stand, the others as text."""
    lines, verbatim = [], False
    for line in words:
        if line and line.startswith("  ") != verbatim:
            verbatim = not verbatim
            lines.append("@verbatim" if verbatim else "@endverbatim")
        lines.append(line if verbatim else escaped(line))
    if verbatim:
        lines.append("@endverbatim")
    return [f"{mark} {command}{lines[0]}", *lines[1:], "*/"]


def kernels(lines):
    """The rows of the list of kernels, as a struct's fields."""
    begin = next(index for index, line in enumerate(lines) if line.startswith("#define XD_BACKEND_KERNELS("))
    end = next(index for index in range(begin, len(lines)) if not lines[index].endswith("\\"))
    row = " ".join(re.sub(r"^\* ", "", line.rstrip("\\").strip()) for line in lines[begin:end + 1])
    for kernel in KERNEL.finditer(row.split(") ", 1)[1]):
        argument = re.search(r"(xd_\w+) \*(args|matrices)", kernel["parameters"])
        words = [kernel["words"]] if kernel["words"] else []
        words += [f"See {argument[1]}."] if argument else []
        if words:
            yield from comment([" ".join(words)])
        yield f"  xd_status (*{kernel['name']})({kernel['parameters']});"


def declaration(line, words, own, struct_words):
    """A line of code with its words above it; several fields of a line each by itself."""
    fields, function = FIELDS.match(line), FUNCTION.match(line)
    for name in fields["names"].split(", ") if fields else [None]:
        bare = re.match(r"\*?(\w+)", name)[1] if name else function and function["name"]
        named = bare and re.search(rf"\b{bare}\b", " ".join(struct_words))
        if words or named:
            yield from comment(["As the words on the struct say."] if named and not own else words)
        yield f"  {fields['type']} {name};" if fields else line


def filtered(lines):
    first, words, own, struct_words, type_name, index = True, None, False, [], None, 0
    while index < len(lines):
        line = lines[index]
        begin, index = index, index + 1
        if line.lstrip().startswith("/*"):
            while not lines[index - 1].endswith("*/"):
                index += 1
            if lines[begin].startswith("/* clang-format"):
                continue
            words = words_of(lines[begin:index])
            if words[0].startswith("----"):
                words = None
            elif first or not lines[index]:
                yield from comment(words, "@file\n")
                first, words = False, None
            own = words is not None
            continue
        initial, trailing, named = INITIAL.match(line), TRAILING.match(line), TYPE.match(line)
        if not line:
            words, type_name = None, None
        elif line.startswith("}"):
            struct_words = []
        elif initial:
            yield f"/** The defaults, as {initial['name'].lower()}_init() sets them. */"
        elif line == "enum {" and type_name:
            words = [f"A value of {type_name}."]
            yield from comment([f"Values of {type_name}."])
        elif "XD_BACKEND_KERNELS(XD_BACKEND_KERNEL_FIELD)" in line:
            yield from kernels(lines)
            continue
        elif trailing:
            yield trailing["code"]
            yield from comment([trailing["words"]], mark="/**<")
            continue
        elif line.startswith("#define") or line.startswith("  ") or words:
            yield from declaration(line, words, own, struct_words)
            if STRUCT.match(line):
                words, struct_words = None, words or []
            elif line.endswith(" struct_size;") or line.startswith(("XD_API", "typedef")):
                words = None
            own, type_name = False, named["name"] if named else type_name
            while lines[index - 1].endswith("\\"):
                yield lines[index]
                index += 1
            continue
        type_name = named["name"] if named else type_name
        yield line


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(filtered([line.rstrip() for line in header])))
