#!/bin/sh
# Two folders are enough: pairs by the names of classes or of files, one size for pictures of several, pictures held out
# and judges of them; what cannot be found out is refused with what to say.
# usage: test_folders.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/bars.sh"
cd "$work" || exit 1

# runs CODE WORD...: the tool ends so; what it prints lies in `out` and `log`.
runs() {
  wanted=$1
  shift
  "$tool" "$@" --threads 1 >out 2>log
  got=$?
  [ $got -eq "$wanted" ] || fail "$*: exit code $got, not $wanted: $(cat log)"
}
says() { grep -q -- "$1" log || fail "no word of '$1', but '$(cat log)'"; }
silent() { if grep -q -- "$1" log; then fail "a word of '$1': '$(cat log)'"; fi; }

short="--epochs 1 --min-steps 20 --steps 8 --base-channels 4 --latent 4 --hidden 8 --width 8 --allow-collapse"

# Classes by name, wherever they stand; those of one domain alone are told.
draw_bars bars 0 20
draw_bars more 2 20
mkdir one two
cp -r bars/0 one/lying
cp -r bars/1 one/standing
cp -r one/standing one/lying two
cp -r more/2 two/a-new
# shellcheck disable=SC2086 # several words, here and below
runs 0 train --domain1 one --domain2 two/ $short --out model.xdm
says "pairs: 2 classes that both domains have by name"
says "1 class of domain 2, 'a-new', has no namesake"
says "domain 1: 36 pictures of 8x8x1, 2 classes: 0 'lying' (18), 1 'standing' (18)"
says "validation 2: 6 pictures of 8x8x1, 3 classes"
says "judge of domain 2: right on .* of 6 real pictures"
says "accuracy"
runs 0 info model.xdm
grep -qx 'pairing: 0:1,1:2' out || fail "classes of one name are paired as $(grep '^pairing' out)"

# The same choices again: the same model; and explicit words for them give it too.
# shellcheck disable=SC2086
runs 0 train --domain1 dir:one --domain2 dir:two --pairs lying:lying,standing:standing --valid 0.1 $short --out again.xdm
cmp -s again.xdm model.xdm || fail "what is chosen differs from the same in words"
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two $short --no-valid --out none.xdm
says "domain 1: 40 pictures"
silent "judge of"

# Few pictures of a class: none are held out.
mkdir few
cp -r one/standing one/lying few
rm few/lying/1*.pgm
# shellcheck disable=SC2086
runs 0 train --domain1 few --domain2 two $short --out few.xdm
says "no picture is held out.*class 'lying' of domain 1 has 9 pictures"
silent "judge of"

# No class in common.
# shellcheck disable=SC2086
runs 2 train --domain1 one --domain2 more $short --out none.xdm
says "no class of domain 1 is called as one of domain 2"
says "--pairs"

# Folders without sub-folders: pictures of one file name.
mkdir left right other
for i in 1 2 3 4; do cp bars/0/$i.pgm left; done
for i in 2 3 4 5; do cp bars/1/$i.pgm right; done
cp bars/1/7.pgm other
# shellcheck disable=SC2086
runs 0 train --domain1 left --domain2 right $short --out flat.xdm
says "pairs: 3 pictures that both folders have by file name"
says "domain 2: 4 pictures of 8x8x1, 4 classes: 0 '2' (1), 1 '3' (1), 2 '4' (1), 3 'unpaired' (1)"
says "no picture is held out"
# shellcheck disable=SC2086
runs 2 train --domain1 left --domain2 other $short --out none.xdm
says "no file names in common"
# shellcheck disable=SC2086
runs 2 train --domain1 left --domain2 one $short --out none.xdm
says "--pairs '\*:\*'"

# Pictures of several sizes get one, a model's ones that of its pictures; size= comes before.
mkdir -p mixed/lying
cp -r one/standing mixed
draw() { awk -v w="$2" -v h="$3" 'BEGIN { printf "P5 %d %d 255\n", w, h; for (i = 0; i < w * h; i++) printf "%c", 33 + i % 90 }' >"$1"; }
for i in $(seq 30); do draw "mixed/lying/$i.pgm" 12 10; done
echo words >mixed/lying/words.txt
# shellcheck disable=SC2086
runs 0 train --domain1 mixed --domain2 one $short --no-valid --out mixed.xdm
says "'mixed': pictures of 8 to 12 pixels' width and 8 to 10 height are stretched to 12x10"
says "domain 1: 50 pictures of 12x10x1"
[ "$(grep -c 'words.txt' log)" -eq 1 ] || fail "what is passed over is told twice: $(cat log)"
# shellcheck disable=SC2086
runs 0 train --domain1 "dir:mixed;size=9x9" --domain2 one $short --no-valid --out sized.xdm
says "domain 1: 50 pictures of 9x9x1"
silent stretched
runs 0 eval --model mixed.xdm --domain1 mixed --domain2 one
says "'mixed': pictures are stretched to the 12x10"
mkdir large
for i in 1 2; do draw large/$i.pgm 600 300; done
# shellcheck disable=SC2086
runs 0 train --domain1 large --domain2 one --pairs '*:*' $short --out large.xdm
says "domain 1: 2 pictures of 128x64x1"

# Outputs do not replace pictures of a plain folder.
runs 2 train --domain1 left --domain2 right --out left/2.pgm

[ "$failures" -eq 0 ] && echo "two folders are enough"
exit "$((failures > 0))"
