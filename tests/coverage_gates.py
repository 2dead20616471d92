"""Prints a table of gcovr's summary by room and fails below the gates.

usage: coverage_gates.py SUMMARY.json
"""
import collections
import json
import sys

# Percent of lines and of branches, of all rooms or of one; raised as the tests grow, never lowered.
GATES = {"all": (98.0, 90.0)}
GATES.update({room: (0.0, 95.0) for room in ("base", "data", "format", "image", "model", "translate")})


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        summary = json.load(file)
    counts = collections.defaultdict(lambda: [0, 0, 0, 0])
    for file in summary["files"]:
        room = file["filename"].split("/")[1]
        for key in (room, "all"):
            for i, name in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
                counts[key][i] += file[name]
    failed = False
    print("room        lines            branches")
    for room, (lines, all_lines, branches, all_branches) in sorted(counts.items()):
        shares = [100.0 * lines / max(all_lines, 1), 100.0 * branches / max(all_branches, 1)]
        gates = GATES.get(room, (0.0, 0.0))
        below = any(share < gate for share, gate in zip(shares, gates))
        failed = failed or below
        print(f"{room:10} {shares[0]:5.1f}% of {all_lines:6} {shares[1]:5.1f}% of {all_branches:6}"
              + (f"   BELOW {gates[0]}% and {gates[1]}%" if below else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
