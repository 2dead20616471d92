#!/usr/bin/env python3
"""Draws printed and handwritten letters from open fonts as PNG files, dark on white, a folder a class.

usage: letters.py NPM_FOLDER FOLDER SIDE
       NPM_FOLDER holds node_modules/@fontsource; FOLDER gets
       {printed,handwriting}/{train,valid,test}/{a..z}/0000.png of SIDE x SIDE grey pixels

A family of fonts is in one of train, valid and test, whole: what is learnt on train is scored on hands that
it has never seen. Every family of a part gives as many pictures as any other, by turns of its faces. The same
fonts, Pillow and FreeType give the same pictures.
"""
import glob
import io
import math
import os
import random
import sys

from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COUNTS = {"train": 520, "valid": 60, "test": 84}  # pictures a class, at least
FONTS = "/usr/share/fonts/"
TEX_GYRE = "/usr/share/texmf/fonts/opentype/public/tex-gyre/texgyre"

# Each line is a family: patterns of its faces below FONTS, or of @fontsource NAME WEIGHT...
PRINTED = {
    "train": """
        truetype/dejavu/DejaVuSans.ttf truetype/dejavu/DejaVuSans-Bold.ttf truetype/dejavu/DejaVuSans-Oblique.ttf
        truetype/dejavu/DejaVuSerif.ttf truetype/dejavu/DejaVuSerif-Bold.ttf truetype/dejavu/DejaVuSerif-Italic.ttf
        truetype/liberation/LiberationSans-*.ttf
        truetype/liberation/LiberationSerif-*.ttf
        truetype/lato/Lato-Regular.ttf truetype/lato/Lato-Bold.ttf truetype/lato/Lato-Italic.ttf truetype/lato/Lato-Light.ttf
        truetype/open-sans/OpenSans-Regular.ttf truetype/open-sans/OpenSans-Bold.ttf truetype/open-sans/OpenSans-Italic.ttf
        opentype/roboto/slab/RobotoSlab-Regular.otf opentype/roboto/slab/RobotoSlab-Bold.otf
        opentype/cantarell/Cantarell-Regular.otf opentype/cantarell/Cantarell-Bold.otf
        opentype/ebgaramond/EBGaramond12-*.otf
        opentype/linux-libertine/LinLibertine_R.otf opentype/linux-libertine/LinLibertine_RB.otf opentype/linux-libertine/LinLibertine_RI.otf
        opentype/linux-libertine/LinBiolinum_R.otf opentype/linux-libertine/LinBiolinum_RB.otf opentype/linux-libertine/LinBiolinum_RI.otf
        truetype/crosextra/Carlito-*.ttf
        truetype/crosextra/Caladea-*.ttf
        opentype/quattrocento/Quattrocento-Regular.otf
        truetype/fonts-oldstandard/OldStandard-*.ttf
        truetype/gentium/Gentium-*.ttf
        truetype/charis/CharisSIL-*.ttf
        truetype/adf/AccanthisADFStd-*.otf
        truetype/adf/BaskervaldADFStd*.otf
        truetype/adf/LibrisADFStd-*.otf
        truetype/adf/UniversalisADFStd-Regular.otf truetype/adf/UniversalisADFStd-Bold.otf truetype/adf/UniversalisADFStd-Italic.otf
        opentype/cabin/Cabin-Regular.otf opentype/cabin/Cabin-Bold.otf opentype/cabin/Cabin-Italic.otf
        truetype/clear-sans/ClearSans-Regular.ttf truetype/clear-sans/ClearSans-Bold.ttf truetype/clear-sans/ClearSans-Italic.ttf
        opentype/inter/Inter-Regular.otf opentype/inter/Inter-Bold.otf opentype/inter/Inter-Italic.otf
        truetype/lindenhill/LindenHill*.otf
        opentype/fonts-prociono/Prociono.otf
        TEXGYRE/adventor-*.otf
        TEXGYRE/bonum-*.otf
        TEXGYRE/schola-*.otf""",
    "valid": """
        truetype/andika/Andika-*.ttf
        truetype/vollkorn/Vollkorn-Regular.ttf truetype/vollkorn/Vollkorn-Bold.ttf truetype/vollkorn/Vollkorn-Italic.ttf
        truetype/adf/GilliusADF-Regular.otf truetype/adf/GilliusADF-Bold.otf truetype/adf/GilliusADF-Italic.otf
        truetype/fanwood/FanwoodText*.otf""",
    "test": """
        truetype/freefont/FreeSans*.ttf
        truetype/freefont/FreeSerif*.ttf
        TEXGYRE/pagella-*.otf
        truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf truetype/roboto/unhinted/RobotoTTF/Roboto-Bold.ttf truetype/roboto/unhinted/RobotoTTF/Roboto-Italic.ttf
        truetype/adf/RomandeADFStd-*.otf
        truetype/play/Play-*.ttf""",
}
HANDWRITING = {
    "train": """
        @annie-use-your-telescope 400
        @caveat 400 700
        @cedarville-cursive 400
        @coming-soon 400
        @covered-by-your-grace 400
        @dekko 400
        @gloria-hallelujah 400
        @gochi-hand 400
        @hi-melody 400
        @homemade-apple 400
        @indie-flower 400
        @itim 400
        @la-belle-aurore 400
        @mali 300 400 700
        @mansalva 400
        @neucha 400
        @nothing-you-could-do 400
        @pangolin 400
        @poor-story 400
        @reenie-beanie 400
        @schoolbell 400
        @short-stack 400
        @sue-ellen-francisco 400
        @the-girl-next-door 400
        @waiting-for-the-sunrise 400
        @zeyada 400
        truetype/breip/Breip.ttf
        truetype/fifthhorseman/dkg.ttf
        truetype/rufscript/Rufscript010.ttf
        truetype/sjfonts/SteveHand.ttf
        opentype/comic-neue/ComicNeue-Regular.otf opentype/comic-neue/ComicNeue-Bold.otf opentype/comic-neue/ComicNeue-Italic.otf
        opentype/kaushanscript/KaushanScript-Regular.otf
        opentype/dancingscript/DancingScript-*.otf""",
    "valid": """
        @delius 400
        @gaegu 400 700
        @handlee 400
        @nanum-pen-script 400
        @sriracha 400""",
    "test": """
        @architects-daughter 400
        @crafty-girls 400
        @kalam 300 400 700
        @loved-by-the-king 400
        @patrick-hand 400
        @playpen-sans 300 400 700
        @sedgwick-ave 400""",
}


def packages(families):
    """Names of the @fontsource packages that the families need."""
    return [word[1:] for part in families.values() for word in part.split() if word.startswith("@")]


def face_files(line, npm_folder):
    words = line.split()
    if words[0].startswith("@"):
        name = words[0][1:]
        base = os.path.join(npm_folder, "node_modules", "@fontsource", name, "files", name)
        patterns = [f"{base}-latin-{weight}-normal.woff2" for weight in words[1:]]
    else:
        patterns = [word.replace("TEXGYRE/", TEX_GYRE) if word.startswith("TEXGYRE") else FONTS + word for word in words]
    files = []
    for pattern in patterns:
        found = sorted(glob.glob(pattern))
        if not found:
            sys.exit(f"letters: no font {pattern}")
        files += found
    return files


def load_face(path, side):
    """The face at four times the pictures' size, so that it can be moved and slanted without steps."""
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".woff2"):
        font = TTFont(io.BytesIO(data), recalcTimestamp=False)
        font.flavor = None
        plain = io.BytesIO()
        font.save(plain, reorderTables=None)
        data = plain.getvalue()
    return ImageFont.truetype(io.BytesIO(data), side * 4, layout_engine=ImageFont.Layout.BASIC)


def draw(face, letter, side, chance):
    """The letter, filling three quarters of the picture, mildly moved, scaled, turned and slanted."""
    large = side * 4
    left, top, right, bottom = face.getbbox(letter, anchor="ls")
    sheet = Image.new("L", (right - left + 8, bottom - top + 8), 0)
    ImageDraw.Draw(sheet).text((4 - left, 4 - top), letter, font=face, fill=255, anchor="ls")
    box = sheet.getbbox()
    centre_x, centre_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    extent = max(box[2] - box[0], box[3] - box[1])
    scale = chance.uniform(0.70, 0.82) * large / extent
    wide = scale * chance.uniform(0.93, 1.07)
    turn, slant = math.radians(chance.uniform(-5, 5)), chance.uniform(-0.12, 0.12)
    move_x, move_y = chance.uniform(-0.04, 0.04) * large, chance.uniform(-0.04, 0.04) * large
    # Picture = A glyph: a turn after a slant after a change of size; Pillow asks for the way back.
    a, b = math.cos(turn) * wide, (math.cos(turn) * slant - math.sin(turn)) * scale
    c, d = math.sin(turn) * wide, (math.sin(turn) * slant + math.cos(turn)) * scale
    under = a * d - b * c
    a, b, c, d = d / under, -b / under, -c / under, a / under
    middle_x, middle_y = large / 2 + move_x, large / 2 + move_y
    back = (a, b, centre_x - a * middle_x - b * middle_y, c, d, centre_y - c * middle_x - d * middle_y)
    ink = sheet.transform((large, large), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC)
    ink = ink.resize((side, side), Image.Resampling.BOX)
    return ink.point([255 - value for value in range(256)])


def main():
    if len(sys.argv) == 2 and sys.argv[1] == "--packages":
        print(*packages(HANDWRITING), sep="\n")
        return
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    npm_folder, out, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for kind, parts in (("printed", PRINTED), ("handwriting", HANDWRITING)):
        for part, text in parts.items():
            lines = [line for line in text.splitlines() if line.strip()]
            families = [[load_face(path, side) for path in face_files(line, npm_folder)] for line in lines]
            turns = -(-COUNTS[part] // len(families))
            for letter in LETTERS:
                folder = os.path.join(out, kind, part, letter)
                os.makedirs(folder, exist_ok=True)
                for turn in range(turns):
                    for index, faces in enumerate(families):
                        number = turn * len(families) + index
                        chance = random.Random(f"{kind} {part} {letter} {number}")
                        picture = draw(faces[turn % len(faces)], letter, side, chance)
                        picture.save(os.path.join(folder, f"{number:04d}.png"))
            print(f"{kind} {part}: {len(families)} families, {turns * len(families)} pictures a letter")


if __name__ == "__main__":
    main()
