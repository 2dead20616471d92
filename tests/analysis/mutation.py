#!/usr/bin/env python3
"""Mutation check: small faults put into copies of the sources, one at a time, must make a test fail.

A mutant turns a comparison, a sign, a connective or a constant round, takes a negation away, or drops a
`return xdi_fail(...)`. Its source alone is compiled (-O1) and linked before the library into the unit programs of
its row below; it is killed when a case fails, crashes or runs too long. One that the compiler makes the same object
of, at -O1 or -O2, or that tests/analysis/mutation.txt lists, changes nothing and is not counted; the others survive.
A seed draws as many of each area. Needs the unit programs, built by ninja in build/release.

usage: tests/analysis/mutation.py [--sample N] [--seed S] [--area NAME] [--gate PERCENT] [--minutes N] [--list]
                                  [--verbose] [FILE...]
"""
import argparse
import collections
import functools
import json
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "mutation"
LISTED = pathlib.Path(__file__).with_name("mutation.txt")

# Of each area its sources, and the unit programs that exercise them, or a case of one, the cheap ones first.
FORMAT = ["archive", "digest", "class_names", "judge", "file_damage", "model_file", "stream", "price", "sized_structs",
          "checkpoint_single", "condition", "misuse"]
CHECKPOINT = ["archive", "checkpoint_single", "checkpoint_faults", "checkpoint",
              "reduce reduce__stops_all_ranks_and_resumes_with_any_number"]
PARTS = "reduce parts__give_what_the_whole_batch_gives"
HEADS = [f"backend_conformance {head}__agrees_with_the_reference"
         for head in ("reconstruction_loss", "posterior", "logistic_loss", "squared_distance", "cross_entropy")]
AREAS = {
    "format": {"lib/format/*.c": FORMAT},
    "losses": {
        "lib/backend/[nr]*/*_loss.c": ["golden_kernels", "reference_gradients", "critic", "vae_trainer", *HEADS],
        "lib/evaluate/*.c": ["style", "frechet", "measures", "judge", "evaluation", "condition", "kernel_faults"],
        "lib/train/critic.c": ["critic", "kernel_faults"],
        "lib/train/judge_trainer.c": ["judge_trainer", "kernel_faults"],
        "lib/train/mapping_step.c": ["mapping_trainer", "kernel_faults", PARTS],
        "lib/train/mapping_style.c": ["mapping_trainer", "style_reader", "kernel_faults"],
        "lib/train/posterior.c": ["codes", "standardise", "vae_trainer"],
        "lib/train/validation.c": ["validation", "checkpoint_faults", "train train__keeps_the_best_validated_step"],
        "lib/train/vae_step.c": ["vae_trainer", "critic", "kernel_faults", PARTS],
    },
    "faults": {
        "lib/base/file.c": ["file_faults", "file", "stream", "model_file"],
        "lib/base/file_posix.c": ["file_faults", "file", "stream", "model_file"],
        "lib/base/system_posix.c": ["memory", "pool_faults", "fork", "file", "stream"],
        "lib/base/memory.c": ["memory", "file", "stream"],
        "lib/train/archive.c": CHECKPOINT,
        "lib/train/checkpoint*.c": CHECKPOINT,
        "lib/train/fingerprint.c": CHECKPOINT,
    },
}
SECONDS = 60  # of a processor that a program may take

# Pattern, and what takes its place.
SWAPS = [(r" == ", " != "), (r" != ", " == "), (r" <= ", " < "), (r" >= ", " > "), (r" < ", " <= "), (r" > ", " >= "),
         (r" \+ ", " - "), (r" - ", " + "), (r" \* (?=\w)", " + "), (r" && ", " || "), (r" \|\| ", " && "),
         (r"\+=", "-="), (r"(?<=\()!(?=\w)", "")]
CONSTANT = re.compile(r"(?<![\w.])(\d+)(?=[uf]?\b)(?![\w.]*['\"])")
# The smaller or larger of two is the same by < and by <=.
SMALLER = re.compile(r"(?P<a>[\w.>\[\]*-]+(?: [-+] [\w.>-]+)?)( [<>] )(?P<b>[\w.>-]+(?: [-+*] [\w.>()-]+)?) \? "
                     r"(?:(?:\(\w+\))?(?P=a) : (?P=b)|(?P=b) : (?P=a))(?!\w)")
FILLED_ARRAY = re.compile(r"\](?:\[\w+\])* = \{")
LONGER_ARRAY = re.compile(r"\s*(?!return )(?:\w+ )+\**\w+(?:\[\w+\])*;")
FAILURE = re.compile(r"return xdi_fail(?:_memory)?\([^;]*;")
FUNCTION = re.compile(r"^[a-z][^;{}()=]*?\b(\w+)\([^;{}]*\)\s*\{", re.M)


# ---- Mutants -----------------------------------------------------------------------------------------


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


@functools.lru_cache(maxsize=None)
def text_of(name):
    """A source as it was when the check began."""
    return (ROOT / name).read_text(encoding="utf-8")


@functools.lru_cache(maxsize=None)
def code_of(name):
    """The text with comments, strings and directives blanked, character by character."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", blank, text_of(name), flags=re.S)
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'', blank, text)
    return re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


class Mutant(collections.namedtuple("Mutant", "name place length to")):
    """A source, a place in it, and what takes the place of so many characters."""

    def text(self):
        whole = text_of(self.name)
        return whole[:self.place] + self.to + whole[self.place + self.length:]

    def line(self):
        return text_of(self.name).count("\n", 0, self.place) + 1

    def function(self):
        name = ""
        for match in FUNCTION.finditer(code_of(self.name), 0, self.place):
            name = match.group(1)
        return name

    def change(self):
        """The lines around, before and after, each as one."""
        whole = text_of(self.name)
        first = whole.rfind("\n", 0, self.place) + 1
        last = whole.find("\n", self.place + self.length)
        was, become = whole[first:last], whole[first:self.place] + self.to + whole[self.place + self.length:last]
        return " ".join(was.split()), " ".join(become.split())

    def key(self):
        return (f"{self.name}: {self.function()}", *self.change())

    def __str__(self):
        where, was, become = self.key()
        return f"{where}    (line {self.line()})\n  was  {was}\n  now  {become}"


def mutants_of(name):
    code = code_of(name)
    found = []
    same = {m.start(2) for m in SMALLER.finditer(code)}
    for pattern, to in SWAPS:
        found += [Mutant(name, m.start(), len(m.group(0)), to) for m in re.finditer(pattern, code)
                  if not (m.start() in same and "=" in to)]
    for match in CONSTANT.finditer(code):
        line = code[code.rfind("\n", 0, match.start()) + 1:code.find("\n", match.end())]
        if LONGER_ARRAY.match(line) or FILLED_ARRAY.match(code, match.end()) or code[match.end():].startswith("}}"):
            continue  # nothing changes
        found.append(Mutant(name, match.start(), len(match.group(1)), str(int(match.group(1)) + 1)))
    for match in FAILURE.finditer(code):
        last = code[match.end():].lstrip().startswith("}")
        found.append(Mutant(name, match.start(), len(match.group(0)), "return XD_OK;" if last else ";"))
    return sorted(found)


def listed():
    """The mutants that mutation.txt says change nothing, by key."""
    keys, lines = set(), LISTED.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        if line.startswith("lib/"):
            keys.add((line, lines[i + 1][7:], lines[i + 2][7:]))
    return keys


# ---- Programs ----------------------------------------------------------------------------------------


class Build:
    """A build folder: how its sources are compiled, and how its unit programs are linked and run."""

    def __init__(self, folder):
        self.folder = folder
        self.compilations = {}
        for entry in json.loads(self.output(["ninja", "-t", "compdb"])):
            if "xdomain_static_objects" in entry["output"]:
                words = shlex.split(entry["command"].split(" -MD ")[0])
                self.compilations[os.path.relpath(entry["file"], ROOT)] = [w for w in words if w != "ccache"]

    def output(self, command):
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def call(self, words):
        return subprocess.run(list(map(str, words)), cwd=self.folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def compile(self, name, source, to, level):
        """Whether the source, which stands for the one called name, compiles."""
        return self.call([*self.compilations[name], level, "-w", "-iquote", (ROOT / name).parent, "-c", source,
                          "-o", to])

    @functools.lru_cache(maxsize=None)
    def linking(self, test):
        """The words before the name of what is made, and after it."""
        program = f"tests/test_{test}"
        command = self.output(["ninja", "-t", "commands", program]).splitlines()[-1]
        words = shlex.split(command.replace(": && ", "").replace(" && :", ""))
        at = words.index(program)
        return words[:at - 1], words[at + 1:]

    def link(self, test, objects, to):
        """The objects come before the library, which then gives all others."""
        before, after = self.linking(test)
        return self.call([*before, *objects, "-o", to, *after])


def run(program, case=""):
    """The first case that fails, "" where the program breaks off, None when all pass; a case may be named."""
    files = FOLDER / "files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 34, 1 << 34))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    environment = {**os.environ, "TMPDIR": str(files), "OPENBLAS_NUM_THREADS": "1", "CK_TAP_LOG_FILE_NAME": "-",
                   "CK_FORK": "no", **({"CK_RUN_CASE": case} if case else {})}
    with subprocess.Popen([program], cwd=files, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
                          start_new_session=True, preexec_fn=limit) as process:
        failed = None
        for line in process.stdout:
            if line.startswith(b"not ok"):
                failed = line.split(b":")[1].decode()
                break
        if failed:
            os.killpg(process.pid, signal.SIGKILL)
        return failed or (None if process.wait() in (0, 77) else "")


# ---- One mutant --------------------------------------------------------------------------------------


def is_same_object(build, mutant, level):
    """Whether the compiler makes the same of it as of the original; None: it does not compile."""
    folder = FOLDER / "mutant"
    folder.mkdir(parents=True, exist_ok=True)
    source, made = folder / pathlib.Path(mutant.name).name, folder / f"mutant{level}.o"
    original = folder / f"{mutant.name.replace('/', '-')}{level}-{zlib.crc32(text_of(mutant.name).encode())}.o"
    if not original.exists():
        source.write_text(text_of(mutant.name), encoding="utf-8")
        build.compile(mutant.name, source, original, level)
    source.write_text(mutant.text(), encoding="utf-8")
    if not build.compile(mutant.name, source, made, level):
        return None
    return made.read_bytes() == original.read_bytes()


@functools.lru_cache(maxsize=None)
def check_original(build, test, case):
    """That a case which kills passes without a mutant."""
    if run(build.folder / "tests" / f"test_{test}", case) is not None:
        sys.exit(f"mutation: {test} {case} does not pass as it is")


def try_one(build, mutant, tests, killers):
    """What became of it, and how. The cases that killed others of its source are asked first."""
    same = is_same_object(build, mutant, "-O1")
    if same is None:
        return "not built", ""
    if same:
        return "same object", ""
    linked = {}
    asked = killers.setdefault((mutant.name, mutant.function()), {})
    for test, case in [*asked, *((test.partition(" ")[::2]) for test in tests)]:
        if test not in linked:
            linked[test] = FOLDER / f"program-{test}"
            if not build.link(test, [FOLDER / "mutant" / "mutant-O1.o"], linked[test]):
                return "not built", ""
        failed = run(linked[test], case)
        if failed is not None:
            check_original(build, test, failed)
            asked[test, failed] = True
            return "killed", f"{test} {failed}"
    return ("same object" if is_same_object(build, mutant, "-O2") else "survived"), ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=60, help="mutants of each area")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--area", action="append", choices=sorted(AREAS))
    parser.add_argument("--gate", type=float, default=90.0)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--list", action="store_true", help="the sample alone, nothing is built")
    parser.add_argument("files", nargs="*", help="sources, in the place of the areas")
    parser.add_argument("--minutes", type=float, default=1e9, help="the rest of the sample is left out then")
    parser.add_argument("--verbose", action="store_true", help="killed ones too")
    args = parser.parse_args()
    tests_of = {}
    areas = {area: [] for area in AREAS}
    for area, rows in AREAS.items():
        for pattern, tests in rows.items():
            for path in sorted(ROOT.glob(pattern)):
                name = os.path.relpath(path, ROOT)
                areas[area].append(name)
                tests_of[name] = tests
    if args.files:
        areas = {"files": args.files}
    changes_nothing = listed()
    lost = changes_nothing - {mutant.key() for name in tests_of for mutant in mutants_of(name)}
    if lost:
        sys.exit("mutation: listed, but none of the mutants:\n" + "\n".join("  ".join(key) for key in sorted(lost)))
    chosen = []
    for area in args.area or areas:
        everything = [mutant for name in areas[area] for mutant in mutants_of(name)]
        sample = random.Random(args.seed).sample(everything, min(args.sample, len(everything)))
        chosen += [(area, mutant) for mutant in sample]
        print(f"{area}: {len(sample)} of {len(everything)} mutants, seed {args.seed}", flush=True)
    random.Random(args.seed).shuffle(chosen)  # so that a part of the sample is a sample as well
    if args.list:
        print("\n".join(str(mutant) for _, mutant in chosen))
        return 0
    build, end = Build(args.build.resolve()), time.monotonic() + 60 * args.minutes
    killers, counts = {}, collections.defaultdict(collections.Counter)
    for area, mutant in chosen:
        if time.monotonic() > end:
            counts[area]["left out"] += 1
            continue
        result, how = "listed", ""
        if mutant.key() not in changes_nothing:
            result, how = try_one(build, mutant, tests_of[mutant.name], killers)
        counts[area][result] += 1
        if result == "survived" or args.verbose:
            print(f"{result} {how}: {mutant}", flush=True)
    killed = survived = 0
    for area, count in counts.items():
        killed, survived = killed + count["killed"], survived + count["survived"]
        print(f"{area}: killed {count['killed']} of {count['killed'] + count['survived']}; the same object "
              f"{count['same object']}, listed as without effect {count['listed']}, not built {count['not built']}, "
              f"left out {count['left out']}")
    share = 100.0 * killed / max(killed + survived, 1)
    print(f"killed {killed} of {killed + survived}, {share:.1f}%")
    return 0 if share >= args.gate else 1


if __name__ == "__main__":
    sys.exit(main())
