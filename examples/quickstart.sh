#!/bin/sh
# From a fresh checkout to translated pictures: installs what is missing, builds the library and its
# tool, gets real MNIST, trains the digits 0-4 to become 5-9 and back, scores the model on held-out test
# digits with a judge, and draws a contact sheet. Once everything is installed and fetched it works
# offline. About ten minutes at most on two cores, without the installs.
# usage: examples/quickstart.sh [FOLDER]    where model, judge and sheet go [build/quickstart]
set -eu

cd "$(dirname "$0")/.."
. examples/build.sh
no_options examples/quickstart.sh "$@"

out=${1:-build/quickstart}

say "Packages"
install_build_packages
echo "Everything is installed."

say "Build"
mkdir -p "$out"
build_release build/quickstart.log
echo "$tool"

say "Data"
data=$(examples/data.sh mnist)
train="idx:$data/train-images-idx3-ubyte,$data/train-labels-idx1-ubyte"
test="idx:$data/t10k-images-idx3-ubyte,$data/t10k-labels-idx1-ubyte"
echo "MNIST in $data"

say "Train the judge on all ten digits (a classifier that scores the translations)"
"$tool" judge --train "$train" --test "$test" --out "$out/judge.xdc" --epochs 2 \
  --threads "$threads"

say "Train both VAEs, and the mappings 0-4 to 5-9 and back"
"$tool" train --domain1 "$train;classes=0-4" --domain2 "$train;classes=5-9" \
  --pairs 0:5,1:6,2:7,3:8,4:9 --config examples/small.options --initial-gain 0.8 --no-valid \
  --out "$out/digits.xdm" --threads "$threads"

say "Score it on test digits that no training has seen"
"$tool" eval --model "$out/digits.xdm" --domain1 "$test;classes=0-4" --domain2 "$test;classes=5-9" \
  --judge "$out/judge.xdc" --threads "$threads"

say "Draw the contact sheet"
"$tool" translate --model "$out/digits.xdm" --direction 1to2 --sheet --out "$out/sheet.png" \
  --threads "$threads" "$test;classes=0-4"

say "Done"
echo "model   $out/digits.xdm"
echo "judge   $out/judge.xdc"
echo "sheet   $out/sheet.png    a class's source pictures, and below each its translation"
echo "Try     $tool translate --help"
