#!/bin/sh
# Trains on folders of PNG files, a sub-folder a class: shapes and letters of 64x64 pixels in colour, which
# make_pictures draws. Builds, makes the pictures, trains a judge of each domain and the model, scores both
# directions on pictures that no training has seen, and draws contact sheets. For pictures of your own, put
# them into folders likewise, and take the commands below. Nothing is fetched but missing packages.
# usage: examples/folders.sh [FOLDER]    where pictures, model, judges and sheets go [build/folders]
set -eu

cd "$(dirname "$0")/.."
. examples/build.sh

out=${1:-build/folders}

say "Packages"
install_build_packages
echo "Everything is installed."

say "Build"
build_release "$out/build.log" --target xdomain_tool example_make_pictures
echo "$tool"

say "Make the pictures: 1500 to train and 200 to test of each class"
build/release/bin/make_pictures "$out/pictures" 1500 200
shapes=$out/pictures/shapes
glyphs=$out/pictures/glyphs
echo "$shapes and $glyphs"

say "Train a judge of each domain (classifiers that score the translations)"
for domain in shapes glyphs; do
  "$tool" judge --train "dir:$out/pictures/$domain/train" --test "dir:$out/pictures/$domain/test" \
    --epochs 4 --base-channels 8 --out "$out/$domain.xdc" --threads "$threads"
done

say "Train both VAEs, and the mappings between shapes and letters"
"$tool" train --domain1 "dir:$shapes/train" --domain2 "dir:$glyphs/train" --pairs 0:0,1:1,2:2,3:3,4:4 \
  --config examples/small.options --epochs1 9 --epochs2 5 --vae-batch 32 --steps 5000 \
  --no-valid --spectral-norm 0 --mixing 1 --lambda-reg 0.4 --generated-mismatch 0.3 --noise-scale 0.85 \
  --out "$out/model.xdm" --threads "$threads"

say "Score it on test pictures that no training has seen"
"$tool" eval --model "$out/model.xdm" --domain1 "dir:$shapes/test" --domain2 "dir:$glyphs/test" \
  --judge1 "$out/shapes.xdc" --judge2 "$out/glyphs.xdc" --threads "$threads"

say "Draw the contact sheets, and translate one picture"
"$tool" translate --model "$out/model.xdm" --sheet --out "$out/sheet.png" --threads "$threads" "$shapes/test"
"$tool" translate --model "$out/model.xdm" --direction 2to1 --sheet --out "$out/sheet-back.png" \
  --threads "$threads" "$glyphs/test"
"$tool" translate --model "$out/model.xdm" --out "$out/one.png" --threads "$threads" "$shapes/test/star/0000.png"

say "Done"
echo "model   $out/model.xdm"
echo "judges  $out/shapes.xdc, $out/glyphs.xdc"
echo "sheets  $out/sheet.png, $out/sheet-back.png    a class's source pictures, and below each its translation"
echo "one     $out/one.png    from $shapes/test/star/0000.png"
