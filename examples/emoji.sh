#!/bin/sh
# Emoji of one maker to those of another, and back: 240 kinds, 64x64 in colour. Lays the pictures out, trains with
# default options but without validation on 216 kinds (half an hour and 2.3 GB on two processors), scores on other
# crops of those, and asks what the 24 kinds become that are held out.
# The pictures come from npm (emoji-datasource-google, -twitter) and are kept in $XDOMAIN_CACHE, else ~/.cache/xdomain.
# usage: examples/emoji.sh [FOLDER]         into build/emoji
#        examples/emoji.sh --draw FOLDER    only the pictures, into FOLDER/{google,twitter}/{train,test,new}
set -eu

cd "$(dirname "$0")/.."
. examples/build.sh
. examples/pictures.sh

only_draw=no
if [ "${1:-}" = --draw ]; then
  only_draw=yes
  shift
fi
no_options examples/emoji.sh "$@"
out=${1:-build/emoji}

say "Packages and pictures"
need_python PIL:python3-pil
need_npm
if [ "$only_draw" = no ]; then need_build_packages; fi
install_packages
fetch_npm "$cache/emoji" emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0
if [ "$only_draw" = yes ]; then pictures=$out; else pictures=$out/pictures; fi
"$python" examples/emoji.py "$cache/emoji" "$pictures"
if [ "$only_draw" = yes ]; then exit 0; fi

say "Build"
build_release "$out/build.log" --target xdomain_tool example_nearest
echo "$tool"

google=$pictures/google
twitter=$pictures/twitter

say "Train a judge of each domain (classifiers that score the translations)"
for domain in google twitter; do
  "$tool" judge --train "dir:$pictures/$domain/train" --test "dir:$pictures/$domain/test" --epochs 8 \
    --out "$out/$domain.xdc" --threads "$threads"
done

say "Train with default options"
"$tool" train --domain1 "dir:$google/train" --domain2 "dir:$twitter/train" --no-valid \
  --out "$out/model.xdm" --threads "$threads"

say "Score on other crops of the same kinds"
"$tool" eval --model "$out/model.xdm" --domain1 "dir:$google/test" --domain2 "dir:$twitter/test" \
  --judge1 "$out/google.xdc" --judge2 "$out/twitter.xdc" --threads "$threads"

for part in test new; do
  say "Is the nearest real picture the right emoji, of the kinds in $part among all"
  build/release/bin/nearest "$out/model.xdm" 1to2 "$out/twitter.xdc" "dir:$google/$part" "dir:$twitter/test" "dir:$twitter/new"
  build/release/bin/nearest "$out/model.xdm" 2to1 "$out/google.xdc" "dir:$twitter/$part" "dir:$google/test" "dir:$google/new"
done

say "Draw the contact sheets: kinds seen in training, and new ones"
for part in test new; do
  "$tool" translate --model "$out/model.xdm" --sheet --out "$out/sheet-$part.png" --threads "$threads" "$google/$part"
  "$tool" translate --model "$out/model.xdm" --direction 2to1 --sheet --out "$out/sheet-$part-back.png" \
    --threads "$threads" "$twitter/$part"
done

say "Done"
echo "model   $out/model.xdm"
echo "sheets  $out/sheet-test.png, $out/sheet-new.png, and the ways back: -back.png"
