#!/bin/sh
# Trains on folders of PNG files, a sub-folder a class: shapes and letters of 64x64 pixels in colour, which
# make_pictures draws. For pictures of your own, put them into folders likewise: the commands below that train and
# translate are all there is. Nothing is fetched but missing packages.
# usage: examples/folders.sh [FOLDER [EFFORT]]    where pictures, model and sheets go [build/folders]; quick, normal
#                                                 or best [quick]
set -eu

cd "$(dirname "$0")/.."
. examples/build.sh
no_options examples/folders.sh "$@"

out=${1:-build/folders}
effort=${2:-quick}

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

say "Train: all but the pairs, whose names differ here, is found out"
"$tool" train --domain1 "$shapes/train" --domain2 "$glyphs/train" --pairs circle:A,square:E,star:K,triangle:S,spark:T \
  --effort "$effort" --out "$out/model.xdm" --threads "$threads"

say "Translate pictures that no training has seen: one, and a contact sheet each way"
"$tool" translate --model "$out/model.xdm" --out "$out/one.png" --threads "$threads" "$shapes/test/star/0000.png"
"$tool" translate --model "$out/model.xdm" --sheet --out "$out/sheet.png" --threads "$threads" "$shapes/test"
"$tool" translate --model "$out/model.xdm" --direction 2to1 --sheet --out "$out/sheet-back.png" \
  --threads "$threads" "$glyphs/test"

say "Done"
echo "model     $out/model.xdm"
echo "previews  $out/model.preview.png, $out/model.reconstructions.png"
echo "sheets    $out/sheet.png, $out/sheet-back.png    a class's source pictures, and below each its translation"
echo "one       $out/one.png    from $shapes/test/star/0000.png"
