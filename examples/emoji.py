#!/usr/bin/env python3
"""Lays out emoji of two makers as PNG files of 64x64 colour pixels on white, a folder an emoji.

usage: emoji.py NPM_FOLDER FOLDER
       NPM_FOLDER holds node_modules/emoji-datasource-{google,twitter}; FOLDER gets
       {google,twitter}/{train,test,new}/NAME/00.png

The same folder of both makers shows the same emoji. "train" and "test" have the same kinds in other crops
(mild changes of place and size); the kinds of "new" are in neither.
"""
import json
import os
import random
import sys

from PIL import Image

MAKERS = ("google", "twitter")
CATEGORIES = ("Smileys & Emotion", "Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects")
KINDS = 240  # a set has at most 256 classes
NEW = 10  # every tenth kind is held out
CROPS = {"train": 24, "test": 4, "new": 4}
SIDE = 64


def chosen(npm_folder):
    """KINDS emoji, spread evenly over the categories in the emoji's own order, as (name, file) pairs."""
    with open(os.path.join(npm_folder, "node_modules", "emoji-datasource-google", "emoji.json"), encoding="utf-8") as file:
        entries = json.load(file)
    entries = [e for e in entries if e["category"] in CATEGORIES and all(e["has_img_" + maker] for maker in MAKERS)]
    entries.sort(key=lambda e: (CATEGORIES.index(e["category"]), e["sort_order"]))
    return [(e["short_name"], e["image"]) for e in (entries[k * len(entries) // KINDS] for k in range(KINDS))]


def crop(picture, chance):
    """The picture, which is premultiplied so that colours under clear pixels do not count, over white."""
    size = chance.uniform(0.86, 1.0)
    middle_x = SIDE / 2 + chance.uniform(-1, 1) * (1 - size) * SIDE / 2
    middle_y = SIDE / 2 + chance.uniform(-1, 1) * (1 - size) * SIDE / 2
    back = (1 / size, 0, SIDE / 2 - middle_x / size, 0, 1 / size, SIDE / 2 - middle_y / size)
    moved = picture.transform((SIDE, SIDE), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC)
    ground = Image.new("RGBA", (SIDE, SIDE), (255, 255, 255, 255))
    return Image.alpha_composite(ground, moved.convert("RGBA")).convert("RGB")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    npm_folder, out = sys.argv[1], sys.argv[2]
    for number, (name, image) in enumerate(chosen(npm_folder)):
        parts = ("new",) if number % NEW == NEW - 1 else ("train", "test")
        for maker in MAKERS:
            path = os.path.join(npm_folder, "node_modules", "emoji-datasource-" + maker, "img", maker, "64", image)
            with Image.open(path) as file:
                picture = file.convert("RGBA").resize((SIDE, SIDE), Image.Resampling.BICUBIC).convert("RGBa")
            for part in parts:
                folder = os.path.join(out, maker, part, name)
                os.makedirs(folder, exist_ok=True)
                for index in range(CROPS[part]):
                    chance = random.Random(f"{maker} {part} {name} {index}")
                    crop(picture, chance).save(os.path.join(folder, f"{index:02d}.png"))
    print(f"{KINDS - KINDS // NEW} kinds in train and test, {KINDS // NEW} in new, of {len(MAKERS)} makers")


if __name__ == "__main__":
    main()
