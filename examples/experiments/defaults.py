#!/usr/bin/env python3
"""Prints the results of defaults.sh as Markdown: the median of the seeds, the least of each accuracy in brackets.
usage: defaults.py FOLDER
"""
import json
import statistics
import sys
from pathlib import Path

ROWS = [  # folder, title of each direction
    ("letters32", {"1to2": "printed letters → handwriting, 32x32", "2to1": "and back"}),
    ("letters32-style", {"1to2": "the same with style 1", "2to1": "and back"}),
    ("letters64", {"1to2": "printed letters → handwriting, 64x64", "2to1": "and back"}),
    ("letters128", {"1to2": "printed letters → handwriting, 128x128", "2to1": "and back"}),
    ("emoji", {"1to2": "emoji of Google → Twitter, other crops", "2to1": "and back"}),
    ("defaults-digits", {"1to2": "MNIST 0-4 → 5-9", "2to1": "and back"}),
    ("defaults-fashion", {"1to2": "MNIST → Fashion-MNIST", "2to1": "and back"}),
    ("defaults-svhn", {"1to2": "SVHN 1-4 → MNIST 6-9, RGB + grey extra"}),
]
MEASURES = ("acc", "div", "ediv", "fd", "sharpness", "style", "ink", "slant")


def median(scores, name, digits):
    values = [score[name] for score in scores if name in score]
    return f"{statistics.median(values):.{digits}f}" if values else ""


def line(folder, title, direction):
    scores = [json.loads(path.read_text()).get(direction) for path in sorted(folder.glob("*.json")) if is_score(path)]
    scores = [score for score in scores if score]
    costs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.cost.json"))]
    if not scores:
        return None
    accuracy = f"**{median(scores, 'acc', 3)}** ({min(score['acc'] for score in scores):.3f})"
    rebuilt = " / ".join(median(scores, f"reconstruction_{name}", 3 if name == "acc" else 2)
                         for name in ("acc", "fd", "sharpness"))
    cells = [title, rebuilt, accuracy, *(median(scores, name, 2) for name in MEASURES[1:]),
             median(scores, "judge_acc", 3), str(len(scores)), f"{median(costs, 'seconds', 0)} s",
             f"{median(costs, 'peak_mib', 0)} MiB"]
    return "| " + " | ".join(cells) + " |"


def is_score(path):
    """SEED.JUDGE.json, beside SEED.info.json, SEED.train.json and SEED.cost.json."""
    return path.name.split(".")[1] not in ("info", "train", "cost")


def main():
    folder = Path(sys.argv[1])
    print("| set | reconstructions: acc / FD / sharpness | " + " | ".join(MEASURES).replace("fd", "FD") +
          " | judge | seeds | training | memory |")
    print("|---|---|" + "---|" * (len(MEASURES) + 4))
    for name, titles in ROWS:
        for direction, title in titles.items():
            text = line(folder / name, title, direction) if (folder / name).is_dir() else None
            if text:
                print(text)


if __name__ == "__main__":
    main()
