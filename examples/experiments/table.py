#!/usr/bin/env python3
"""Prints the experiments' results as Markdown: for each row and direction the median of the seeds, least and
most in brackets, beside what the target VAE's reconstructions reach.
usage: table.py FOLDER
"""
import json
import statistics
import sys
from pathlib import Path

ROWS = [  # folder, title of each direction
    ("digits", {"1to2": "MNIST 0-4 → 5-9", "2to1": "the way back"}),
    ("digits-500-strict", {"1to2": "500 pictures, strict"}),
    ("digits-1000-strict", {"1to2": "1000 pictures, strict"}),
    ("digits-2000-strict", {"1to2": "2000 pictures, strict"}),
    ("digits-500-lenient", {"1to2": "500 pictures, lenient"}),
    ("digits-1000-lenient", {"1to2": "1000 pictures, lenient"}),
    ("digits-2000-lenient", {"1to2": "2000 pictures, lenient"}),
    ("pairing", {"1to2": "another pairing"}),
    ("paper", {"1to2": "the paper's letter", "2to1": "and its way back"}),
    ("svhn", {"1to2": "SVHN 1-4 → MNIST 6-9, RGB"}),
    ("svhn-extra", {"1to2": "RGB + grey extra"}),
    ("svhn-500", {"1to2": "500 pictures"}),
    ("svhn-1000", {"1to2": "1000 pictures"}),
    ("svhn-2000", {"1to2": "2000 pictures"}),
    ("fashion", {"1to2": "MNIST → Fashion-MNIST", "2to1": "Fashion-MNIST → MNIST"}),
]


def spread(values, digits):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"**{middle:.{digits}f}** ({low:.{digits}f} to {high:.{digits}f})"


def median(values, digits):
    return f"{statistics.median(values):.{digits}f}"


def weights(folder, seed):
    info = json.loads((folder / f"{seed}.info.json").read_text())
    return sum(network["weights"] for network in info["networks"].values())


def scores(folder, judge, direction):
    """Of each seed, by number."""
    found = {}
    for path in sorted(folder.glob(f"*.{judge}.json")):
        found[path.name.split(".")[0]] = json.loads(path.read_text())[direction]
    return found


def line(folder, title, direction):
    first = "fashion" if folder.name == "fashion" else "mnist"
    ours = scores(folder, first, direction)
    if not ours:
        return None
    other = scores(folder, f"{first}-second", direction)
    column = {name: [score[name] for score in ours.values()] for name in next(iter(ours.values())) if name != "per_class"}
    seconds = [float((folder / f"{seed}.seconds").read_text()) for seed in ours]
    cells = [
        title,
        spread(column["acc"], 3),
        spread(column["div"], 2),
        spread(column["ediv"], 2),
        spread(column["fd"], 2),
        f"{median(column['reconstruction_acc'], 3)} / {median(column['reconstruction_fd'], 2)}",
        median([score["acc"] for score in other.values()], 3) if other else "",
        str(len(ours)),
        f"{median(seconds, 0)} s",
        f"{weights(folder, next(iter(ours))) / 1e6:.1f} M",
    ]
    return "| " + " | ".join(cells) + " |"


def main():
    folder = Path(sys.argv[1])
    print("| row | acc | div | ediv | FD | reconstructions: acc / FD | acc, second judge | seeds | training | weights |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, titles in ROWS:
        for direction, title in titles.items():
            text = line(folder / name, title, direction) if (folder / name).is_dir() else None
            if text:
                print(text)
    print()
    for path in sorted(folder.glob("*-judge.txt")):
        print(f"Judge {path.name.removesuffix('-judge.txt')}: {path.read_text().strip()}.")


if __name__ == "__main__":
    main()
