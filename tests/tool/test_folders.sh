#!/bin/sh
# Two folders are enough: pairs by the names of classes or of files, one size for pictures of several, pictures held out
# and judges of them, previews, times and words on the way; what cannot be found out is refused with what to say.
# usage: test_folders.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/words.sh"
. "$(dirname "$0")/bars.sh"
cd "$work" || exit 1

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

# What it says and draws on the way: an estimate, the time left, the VAEs' trend, previews, and the end in words.
says "^this takes less than a minute: judges 0.0 min"
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two $short --steps 40 --validate-every 30 --report told.json --out told.xdm
says "^this takes less than a minute: judges .* min, VAEs .* min, mappings .* min"
says "mapping 1 to 2: step 40 of 40.* left"
says "VAE of domain 2: its error "
says "reconstructions are right in .*, translations in .*: .*the auto-encoder limits both"
silent "loses nothing"
says "previews: told.reconstructions.png, told.preview.png"
says "best of 2 validations"
for sheet in told.reconstructions told.preview; do
  [ "$(head -c 4 $sheet.png | tail -c 3)" = PNG ] || fail "there is no $sheet.png"
done
cmp -s told.preview.png told.reconstructions.png && fail "both previews are one picture"
runs 0 report told.xdm --report told.json --out told.html
says "The auto-encoder is the limit: " told.html
grep -q "loses nothing" told.html && fail "a page praises a mapping to pictures that are misread"
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two $short --no-valid --preview seen.png --out told.xdm
says "previews: seen.reconstructions.png, seen.png"
rm told.*
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two $short --no-valid --no-preview --out told.xdm
[ "$(echo told.*)" = told.xdm ] || fail "--no-preview draws $(echo told.*)"
runs 2 train --domain1 one --domain2 two --no-preview --preview p.png --out told.xdm
runs 2 train --domain1 one --domain2 two --preview p.jpg --out told.xdm
runs 1 train --domain1 one --domain2 two --preview nowhere/p.png --out told.xdm
mkdir -p stuck.preview.png
# shellcheck disable=SC2086
runs 1 train --domain1 one --domain2 two $short --out stuck.xdm
says "stuck.preview.png"

# Previews of a validation are there before the training ends.
"$tool" train --domain1 one --domain2 two --epochs 1 --min-steps 20 --steps 1000000 --base-channels 4 --latent 4 --hidden 8 \
  --width 8 --allow-collapse --threads 1 --validate-every 20 --out early.xdm 2>log &
process=$!
tries=0
until [ -e early.preview.png ] || [ $tries -gt 3000 ] || ! kill -0 $process 2>/dev/null; do
  tries=$((tries + 1))
  sleep 0.02
done
[ -e early.preview.png ] && [ -e early.reconstructions.png ] && [ ! -e early.xdm ] || fail "no preview on the way: $(cat log)"
kill -INT $process
wait $process

# What is held out is too little of a class: its name, and what helps.
mkdir scarce
cp -r one/standing one/lying scarce
rm scarce/lying/1*.pgm scarce/lying/[2-9].pgm # 20.pgm is left
# shellcheck disable=SC2086
runs 2 train --domain1 scarce --domain2 two --valid 0.5 $short --out none.xdm
says "domain 1 has 0 pictures of class 0 'lying': .*; add some, since there are no more to hold out, or leave"
# shellcheck disable=SC2086
runs 2 train --domain1 one --domain2 two --valid 0.05 $short --out none.xdm
says "domain 1 has [01] picture.* of class 0 'lying': .*; hold out more, or leave"
# shellcheck disable=SC2086
runs 2 train --domain1 one --domain2 two --validation1 scarce --validation2 two $short --out none.xdm
says "domain 1 has 1 picture of class 0 'lying': .*; add some, or leave"

# A class of one picture trains no judge: its direction is left out, which is said first, and the other one is scored.
runs 0 eval --model model.xdm --domain1 scarce --domain2 two
says "no scores from domain 2 to 1: class 'lying' of domain 1 has one picture"
head -n 1 log | grep -q 'no judge' && fail "judges are trained before a class is found too small: $(cat log)"
says "^domain 1 to 2" out
grep -q "^domain 2 to 1" out && fail "a direction without a judge is scored: $(cat out)"
silent "no judge for domain 1"
runs 0 report model.xdm --domain1 scarce --domain2 two --out scarce.html
says "no scores from domain 2 to 1: class 'lying' of domain 1 has one picture"
runs 1 eval --model model.xdm --domain1 scarce --domain2 scarce
says "class 'lying' of domain 2 has one picture"
[ ! -s out ] || fail "scores that are none: $(cat out)"
silent "no judge for"

# A judge of one class, or one that finds one class everywhere, is told of.
mkdir alone
cp -r one/lying alone
runs 0 judge --train alone --epochs 1 --base-channels 4 --out alone.xdc
says "the training set has one class"
runs 0 judge --train scarce --test scarce --epochs 8 --base-channels 4 --out same.xdc
says "^accuracy 0.9524 on 21 test pictures" out
says "that judge puts all pictures into one class"

# Efforts are other numbers of steps.
quick="--base-channels 4 --latent 4 --hidden 8 --width 8 --no-valid --allow-collapse"
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two $quick --effort quick --min-steps 20 --epochs 1 --out quick.xdm
runs 0 info quick.xdm
grep -q 'mapping1.options = .* steps=2700 ' out || fail "--effort quick does not shorten the mapping: $(cat out)"
runs 2 train --domain1 one --domain2 two --effort slow --out none.xdm
says "quick, normal or best"
runs 2 train --domain1 one --domain2 two --effort best --preset mnist --out none.xdm

# A judge that cannot tell classes apart is said to be poor, and tells no distance.
mkdir same
cp -r bars/0 same/lying
cp -r bars/0 same/standing
# shellcheck disable=SC2086
runs 0 train --domain1 same --domain2 same $short --report poor.json --out poor.xdm
says "that judge .*no Frechet distance"
says "Frechet    -"
grep -q '"fd": null' poor.json || fail "the report tells a distance: $(cat poor.json)"
runs 0 eval --model poor.xdm --domain1 same --domain2 same --json
grep -q '"fd": null' out || fail "eval tells a distance: $(cat out)"

# Sheets show pictures from all over a class, with its name.
mkdir -p wide/lying plain
for i in 1 2 3 4 5 6 7 8; do cp bars/0/1.pgm wide/lying/$i.pgm; done
cp bars/0/4.pgm wide/lying/8.pgm
cp wide/lying/*.pgm plain
runs 0 translate --model model.xdm --sheet --columns 2 --out wide.png wide
runs 0 translate --model model.xdm --sheet --columns 2 --out plain.png plain
# width FILE: of a PNG.
width() { od -An -tu1 -j16 -N4 "$1" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }'; }
[ "$(width wide.png)" -eq $((2 * (2 * 8 + 2) + 2 + 5 * 6 + 4)) ] || fail "a sheet of a class is $(width wide.png) wide"
[ "$(width plain.png)" -eq $((2 * (2 * 8 + 2) + 2)) ] || fail "a sheet without classes is $(width plain.png) wide"
cp bars/0/1.pgm plain/8.pgm
runs 0 translate --model model.xdm --sheet --columns 2 --out other.png plain
cmp -s plain.png other.png && fail "a sheet shows the first pictures of a class alone"

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
[ "$(width flat.preview.png)" = $((2 * (3 * 66 + 2) + 16)) ] || fail "classes of one picture do not share a row"
# shellcheck disable=SC2086
runs 2 train --domain1 left --domain2 other $short --out none.xdm
says "no file names in common"
# shellcheck disable=SC2086
runs 2 train --domain1 left --domain2 one $short --out none.xdm
says "--pairs '\*:\*'"
mkdir crowd
for i in $(seq 40); do cp bars/0/1.pgm "crowd/$i.pgm"; done
# shellcheck disable=SC2086
runs 0 train --domain1 crowd --domain2 crowd $short --out crowd.xdm
says "domain 1: 40 pictures of 8x8x1, 40 classes: 0 '1' (1), .* 31 '.*' (1) and 8 more"

# A model of such pictures knows them by their files, whatever else is asked of it; others it names or refuses.
said="a folder has no sub-folders that are classes: its pictures are of the classes that files as '1.pgm' are called by"
for i in 2 3 4; do
  mkdir -p judged/$i judged/unpaired
  cp right/$i.pgm judged/$i
done
cp right/5.pgm judged/unpaired
runs 0 judge --train judged --epochs 1 --base-channels 4 --out flat.xdc
runs 0 eval --model flat.xdm --domain1 left --domain2 right --judge flat.xdc
says "$said"
says "domain 1: 4 pictures of 8x8x1, 4 classes: 0 '2' (1), 1 '3' (1), 2 '4' (1), 3 'unpaired' (1)"
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two $short --one-way --valid 0.3 --judge1 missing.xdc --out unused.xdm
says "--judge1 is not used, since no mapping enters that domain"
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two $short --pairs '*:*' --judge missing.xdc --out unused.xdm
says "no pictures are held out to validate with, since '\*:\*' pairs no classes"
says "--judge is not used, since nothing is validated"
runs 0 report flat.xdm --domain1 left --domain2 right --no-scores --out flat.html
says "domain 2: 4 pictures of 8x8x1, 4 classes: 0 '2' (1), 1 '3' (1), 2 '4' (1), 3 'unpaired' (1)"
# shellcheck disable=SC2086
runs 0 map --model flat.xdm --domain1 left --domain2 right --pairs 2:3,3:2 $short --out turned.xdm
says "domain 1: 4 pictures of 8x8x1, 4 classes"
# shellcheck disable=SC2086
runs 0 map --model flat.xdm --domain1 left --domain2 right $short --out again.xdm
says "pairs: 3 classes that both domains have by name"
cp -r left named
mv named/2.pgm named/standing.pgm
runs 1 eval --model model.xdm --domain1 left --domain2 two
says "$said"
says "no class of a set, such as 'unpaired', has the name of a class here, such as 'lying'"
runs 0 report model.xdm --domain1 named --domain2 two --no-scores --out named.html
says "left out 3 pictures of class 'unpaired'"
says "domain 1: 1 picture of 8x8x1, 1 class: 1 'standing' (1)"
runs 0 report model.xdm --domain1 left --domain2 two --pairs '*:*' --no-scores --out any.html
says "domain 1: 4 pictures of 8x8x1, 1 class"

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
# shellcheck disable=SC2086
runs 0 train --domain1 "mixed;size=10x9" --domain2 one $short --no-valid --out sized.xdm
says "domain 1: 50 pictures of 10x9x1"
silent stretched
mv mixed "mixed;size=9x9" # a name is no option
# shellcheck disable=SC2086
runs 0 train --domain1 'dir:mixed\;size=9x9' --domain2 one $short --no-valid --out sized.xdm
says "domain 1: 50 pictures of 12x10x1"
mv "mixed;size=9x9" mixed
runs 0 eval --model mixed.xdm --domain1 mixed --domain2 one
says "'mixed': pictures are stretched to the 12x10"
# Another size than the first picture's makes none of them bad.
head -c 20 mixed/lying/1.pgm >mixed/lying/0.pgm
# shellcheck disable=SC2086
runs 0 train --domain1 "mixed;bad=skip" --domain2 "one;bad=skip" $short --no-valid --out mixed.xdm
says "'mixed': pictures of 8 to 12 pixels' width and 8 to 10 height are stretched to 12x10"
says "domain 1: 50 pictures of 12x10x1"
silent "'one': pictures"
[ "$(grep -c '0.pgm' log)" -eq 1 ] || fail "one bad picture is told $(grep -c 0.pgm log) times: $(cat log)"
runs 0 eval --model mixed.xdm --domain1 "mixed;bad=skip" --domain2 one
says "domain 1: 50 pictures of 12x10x1"
# What is refused for a bad picture names the way on; help does, too.
for command in 'train --domain1 mixed --domain2 one' 'judge --train mixed' 'judge --train mixed;size=9x9' \
  'eval --model mixed.xdm --domain1 mixed --domain2 one' 'translate --model mixed.xdm dir:mixed;size=9x9'; do
  case $command in eval*) ;; translate*) command="$command --out none" ;; *) command="$command --out none.xdm" ;; esac
  # shellcheck disable=SC2086
  runs 1 $command
  says "mixed/lying/0.pgm.*; ;bad=skip behind the folder leaves such pictures out"
done
runs 0 train --help
says ';bad=skip' out
rm mixed/lying/0.pgm
mkdir mixed/lying/deep
ln -s .. mixed/lying/deep/up # it cannot be listed to its end
# shellcheck disable=SC2086
runs 1 train --domain1 "mixed;bad=skip" --domain2 one $short --out none.xdm
[ "$(grep -c 'folders deep' log)" -eq 1 ] || fail "a folder that cannot be listed is told twice: $(cat log)"
rm -r mixed/lying/deep
mkdir large
for i in 1 2; do draw large/$i.pgm 600 300; done
# shellcheck disable=SC2086
runs 0 train --domain1 large --domain2 one --pairs '*:*' $short --out large.xdm
says "domain 1: 2 pictures of 128x64x1"

# Pictures that together are too many bytes as they are, as photographs: 512 of a side of 2048 are 2 GiB.
mkdir -p photos/lying
printf 'P5 2048 2048 255\n' >photos/lying/0.pgm
head -c 4194304 /dev/zero >>photos/lying/0.pgm
for i in $(seq 550); do ln one/lying/$((i % 20 + 1)).pgm "photos/lying/$i.pgm"; done
# shellcheck disable=SC2086
runs 0 train --domain1 photos --domain2 one $short --no-valid --out photos.xdm
says "'photos': pictures of 8 to 2048 pixels' width and 8 to 2048 height are stretched to 8x8"
says "domain 1: 551 pictures of 8x8x1"
runs 0 eval --model photos.xdm --domain1 photos --domain2 two
says "'photos': pictures are stretched to the 8x8 that are wanted"

# Judges and sets that another set or a model goes with are of its shape, before anything is trained or judged.
wants() {
  says "'$1': pictures of $2, where $3 are wanted (XD_ERROR_SHAPE_MISMATCH)"
  silent "right on\|step"
}
runs 0 judge --train two --epochs 1 --base-channels 4 --out small.xdc
runs 1 eval --model mixed.xdm --domain1 mixed --domain2 one --judge1 small.xdc
wants small.xdc 8x8x1 12x10x1
for judges in "--judge small.xdc" "--judge2 small.xdc"; do
  # shellcheck disable=SC2086
  runs 1 train --domain1 one --domain2 "one;size=16x16" $short $judges --out none.xdm
  wants small.xdc 8x8x1 16x16x1
done
# shellcheck disable=SC2086
runs 1 train --domain1 one --domain2 one $short --validation1 one --validation2 "one;size=16x16" --out none.xdm
wants 'one;size=16x16' 16x16x1 8x8x1
runs 1 judge --train one --test "one;size=4x4" --out none.xdc
wants 'one;size=4x4' 4x4x1 8x8x1

# A plain folder that is not there, or is none, is called a folder.
runs 1 train --domain1 one --domain2 missing --out none.xdm
says "the folder 'missing': No such file"
runs 1 train --domain1 bars/0/1.pgm --domain2 one --out none.xdm
says "the folder 'bars/0/1.pgm': Not a directory"
runs 1 train --domain1 "ix:a,b" --domain2 one --out none.xdm
says "'ix' does not begin a set"

# A mapping that collapsed says what helps; with that it goes on.
# shellcheck disable=SC2086
runs 1 train --domain1 one --domain2 two ${short% --allow-collapse} --out fallen.xdm
says "as it stands it would collapse again: add --allow-collapse"
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two $short --out fallen.xdm --resume
says "kept       step 8"
silent "best of 0"

# Outputs do not replace what is read: pictures of a plain folder, files of options, what an interrupted run would leave.
runs 2 train --domain1 left --domain2 right --out left/2.pgm
runs 2 train --domain1 "left;first=9" --domain2 right --out left/2.pgm
echo 'steps = 3' >options
runs 2 train --domain1 left --domain2 right --out left/none.xdm # its previews would be read by the next run
says "'left/none.*png' would be one of the pictures of 'left', which is read"
runs 2 train --domain1 left --domain2 right --config options --out options
runs 2 train --domain1 left --domain2 right --config options --log options --out none.xdm
runs 2 judge --train one --config options --out options
grep -q 'steps = 3' options || fail "a file of options was replaced"
cp fallen.xdm none.partial.xdm
runs 2 map --model none.partial.xdm --domain1 one --domain2 two --out none.xdm
says "'none.partial.xdm' would replace 'none.partial.xdm', which is read"

[ "$failures" -eq 0 ] && echo "two folders are enough"
exit "$((failures > 0))"
