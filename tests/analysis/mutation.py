#!/usr/bin/env python3
"""Mutation check: small faults put into a copy of the sources, one at a time, must make a unit test fail.

A mutant turns a comparison, a sign, a connective or a constant round, takes a negation away, or drops a
`return xdi_fail(...)`. Each is built with the programs that its file's row below names, and killed when one of
them fails, crashes or runs too long. What does not compile is not counted. A sample is drawn by a seed; the
survivors are listed. Works in build/mutation.

usage: tests/analysis/mutation.py [--sample N] [--seed S] [--gate PERCENT] [--list] [FILE...]
"""
import argparse
import functools
import pathlib
import random
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "mutation"
TREE = FOLDER / "tree"

# Sources, and the programs that hold them.
FORMAT = ["test_model_file", "test_stream", "test_class_names", "test_price"]
CHECKPOINT = ["test_checkpoint_faults", "test_checkpoint_single"]
PROGRAMS = {
    "lib/format/container.c": FORMAT,
    "lib/format/digest.c": FORMAT,
    "lib/format/inspect.c": FORMAT,
    "lib/format/judge_file.c": FORMAT,
    "lib/format/model_file.c": [*FORMAT, "test_condition"],
    "lib/format/network_file.c": FORMAT,
    "lib/format/wire.c": FORMAT,
    "lib/backend/reference/reference_loss.c": ["test_reference_gradients", "test_golden_kernels"],
    "lib/train/mapping_step.c": ["test_mapping_trainer"],
    "lib/train/archive.c": CHECKPOINT,
    "lib/train/checkpoint.c": CHECKPOINT,
    "lib/train/fingerprint.c": CHECKPOINT,
    "lib/base/file.c": ["test_file"],
    "lib/base/memory.c": ["test_memory"],
}
SECONDS = 240  # of one program

# Pattern, and what takes its place.
SWAPS = [(r" == ", " != "), (r" != ", " == "), (r" <= ", " < "), (r" >= ", " > "), (r" < ", " <= "), (r" > ", " >= "),
         (r" \+ ", " - "), (r" - ", " + "), (r" \* (?=\w)", " + "), (r" && ", " || "), (r" \|\| ", " && "),
         (r"\+=", "-="), (r"(?<=\()!(?=\w)", "")]
CONSTANT = re.compile(r"(?<![\w.])(\d+)(?=[uf]?\b)(?![\w.]*['\"])")
LONGER_ARRAY = re.compile(r"\s*(?!return )(?:\w+ )+\**\w+(?:\[\w+\])*;")
FAILURE = re.compile(r"return xdi_fail(?:_memory)?\([^;]*;")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def code_of(text):
    """The text with comments, strings, directives and declarations of tables blanked, character by character."""
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.S)
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'', blank, text)
    return re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


@functools.lru_cache(maxsize=None)
def text_of(name):
    """A source as it was when the check began."""
    return (ROOT / name).read_text(encoding="utf-8")


def mutants_of(name):
    """(name, place, length, replacement) of each."""
    code = code_of(text_of(name))
    found = []
    for pattern, to in SWAPS:
        found += [(name, m.start(), len(m.group(0)), to) for m in re.finditer(pattern, code)]
    for match in CONSTANT.finditer(code):
        line = code[code.rfind("\n", 0, match.start()) + 1:code.find("\n", match.end())]
        if LONGER_ARRAY.match(line) or code[match.end():].startswith("}}"):  # nothing changes
            continue
        found.append((name, match.start(), len(match.group(1)), str(int(match.group(1)) + 1)))
    for match in FAILURE.finditer(code):
        last = code[match.end():].lstrip().startswith("}")
        found.append((name, match.start(), len(match.group(0)), "return XD_OK;" if last else ";"))
    return sorted(found)


def run(command, seconds=None):
    try:
        return subprocess.run(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                              env={"PATH": "/usr/bin:/bin", "CK_DEFAULT_TIMEOUT": "120", "CCACHE_DISABLE": "1"},
                              check=False)
    except subprocess.TimeoutExpired:
        return None


def prepare():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, names):
        source, to = ROOT / name, TREE / name
        if source.is_file() and (not to.exists() or to.read_bytes() != source.read_bytes()):
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to)
    if not (FOLDER / "out" / "build.ninja").exists():
        done = run(["cmake", "-S", "tree", "-B", "out", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_C_FLAGS=-O0",
                    "-DXDOMAIN_BUILD_TESTS=ON", "-DXDOMAIN_BUILD_EXAMPLES=OFF", "-DXDOMAIN_WITH_ONEDNN=OFF"])
        if done.returncode:
            sys.exit(done.stdout.decode())


def build(programs):
    return run(["ninja", "-C", "out", *programs]).returncode == 0


def dies(programs):
    """Whether a program tells the mutant."""
    for program in programs:
        done = run([f"./out/tests/{program}"], SECONDS)
        if done is None or done.returncode:
            return True
    return False


def describe(mutant):
    name, place, length, to = mutant
    text = text_of(name)
    line = text.count("\n", 0, place) + 1
    was = " ".join(text[place:place + length].split())
    return f"{name}:{line}: '{was[:60]}' -> '{to}'    {text.splitlines()[line - 1].strip()[:90]}"


def try_one(mutant):
    """True: killed, False: survived, None: not built."""
    name, place, length, to = mutant
    whole = text_of(name)
    (TREE / name).write_text(whole[:place] + to + whole[place + length:], encoding="utf-8")
    try:
        return dies(PROGRAMS[name]) if build(PROGRAMS[name]) else None
    finally:
        (TREE / name).write_text(whole, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gate", type=float, default=90.0)
    parser.add_argument("--list", action="store_true", help="the sample alone, nothing is built")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    names = args.files or list(PROGRAMS)
    everything = [mutant for name in names for mutant in mutants_of(name)]
    chosen = sorted(random.Random(args.seed).sample(everything, min(args.sample, len(everything))))
    print(f"{len(chosen)} of {len(everything)} mutants, seed {args.seed}")
    if args.list:
        print("\n".join(map(describe, chosen)))
        return 0
    prepare()
    programs = sorted({program for name in names for program in PROGRAMS[name]})
    if not build(programs) or dies(programs):
        sys.exit("mutation: the sources themselves do not pass")
    killed, survivors = 0, []
    for mutant in chosen:
        result = try_one(mutant)
        killed += result is True
        if result is False:
            survivors.append(mutant)
            print("survived:", describe(mutant), flush=True)
    counted = killed + len(survivors)
    share = 100.0 * killed / max(counted, 1)
    print(f"killed {killed} of {counted} mutants that build, {share:.1f}%")
    return 0 if share >= args.gate else 1


if __name__ == "__main__":
    sys.exit(main())
