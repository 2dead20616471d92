#!/bin/sh
# Pictures from labels, from noise alone and of a domain; and few labels beside unlabelled pictures.
# usage: test_conditions.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/words.sh"
. "$(dirname "$0")/bars.sh"
cd "$work" || exit 1

pictures() { find "$1" -name '*.png' | wc -l; }

vae="--epochs 1 --min-steps 20 --base-channels 4 --latent 4 --hidden1 8"
mapping="--mapping-steps 8 --hidden-width 8"
draw_bars bars 0 20
mkdir two
cp -r bars/0 two/lying
cp -r bars/1 two/standing

# A VAE and a generator from labels, on pictures alone.
# shellcheck disable=SC2086 # several words, here and below
runs 0 map --condition labels --domain2 two $vae $mapping --out labels.xdm
runs 0 info labels.xdm
says '^domain 1: (no name), conditions of 2 values, 2 classes$' out
says '^class 1 of domain 1: standing$' out
runs 0 verify labels.xdm
for out in all.jpg -; do
  runs 2 generate --model labels.xdm --count 3 --out $out
  says "--out"
  [ ! -e "$out" ] || fail "'$out' was made"
done
runs 0 generate --model labels.xdm --count 3 --out all
[ "$(pictures all/lying)" -eq 3 ] && [ "$(pictures all/standing)" -eq 3 ] || fail "not three pictures of each class"
runs 0 generate --model labels.xdm --class standing --count 2 --out one
[ "$(pictures one)" -eq 2 ] || fail "not two pictures of a class"
runs 0 generate --model labels.xdm --class 1 --count 2 --out again
cmp -s one/000001.png again/000001.png || fail "the same seed and class, by number, draw something else"
runs 0 generate --model labels.xdm --class 1 --count 2 --seed 1 --out other
cmp -s one/000001.png other/000001.png && fail "another seed draws the same"
runs 0 generate --model labels.xdm --out sheet.png
for heat in 5 -1; do
  runs 2 generate --model labels.xdm --temperature $heat --out hot
  says 'temperature is 0 to 4'
  [ ! -e hot ] || fail "a temperature of $heat is refused after a folder was made"
  runs 2 eval --model labels.xdm --domain2 two --temperature $heat
  says 'temperature'
done
mkdir -p stuck/000001.png # no picture can take this name
runs 1 generate --model labels.xdm --class 1 --count 3 --out stuck
[ "$(pictures stuck)" -eq 3 ] || fail "beside a picture that cannot be written there are not two"
runs 0 eval --model labels.xdm --domain2 two
says '^  accuracy ' out
grep -q style out && fail "labels have style: $(cat out)"
runs 2 generate --model labels.xdm --class sitting --out none
says "no class 'sitting'"
runs 1 map --vae1 labels.xdm --vae2 labels.xdm --domain1 two --domain2 two --out none.xdm
says "'labels.xdm' has no VAE of domain 1"
runs 2 generate --model labels.xdm --vector 1,0 --out none
runs 1 translate --model labels.xdm sheet.png --out none.png
says "conditions"

# On the VAE of a model, and of any domain without conditions.
# shellcheck disable=SC2086
runs 0 train --domain1 two --domain2 two --no-valid $vae $mapping --out model.xdm
# shellcheck disable=SC2086
runs 0 map --condition none --model model.xdm --domain1 two $mapping --out none.xdm
runs 0 info none.xdm
says '^vae.seed = 1$' out
says '^vae2.pictures = 40$' out
says '^mapping.pictures2 = 40$' out
# shellcheck disable=SC2086
runs 0 map --condition labels --model model.xdm --domain1 two $mapping --latent 6 --style 1 --set mapping.augment=1 \
  --validate-every 100 --hidden-width2 5 --out unread.xdm
for option in --latent --style '--set mapping.augment' --validate-every --hidden-width2; do
  says "^xdomain: $option is not used: "
done
[ "$(grep -c 'is not used' log)" -eq 5 ] || fail "what is used is told to be unused: $(cat log)"
# shellcheck disable=SC2086
runs 0 map --condition labels --domain2 two $vae --latent1 6 $mapping --out unread.xdm
[ "$(grep 'is not used' log)" = "xdomain: --latent1 is not used: the pictures are domain 2" ] ||
  fail "of options for a VAE that is trained is told: $(cat log)"
runs 0 generate --model none.xdm --count 4 --out drawn
[ "$(pictures drawn)" -eq 4 ] || fail "not four pictures of the domain"
runs 0 generate --model model.xdm --domain 2 --count 5 --out sampled
[ "$(pictures sampled)" -eq 5 ] || fail "not five samples"
runs 2 generate --model model.xdm --out none
says "--domain"
runs 0 interpolate --model model.xdm --domain 2 two/lying/1.pgm two/standing/2.pgm --steps 5 --out between
[ "$(pictures between)" -eq 5 ] || fail "not five pictures between two"
cmp -s between/000000.png between/000004.png && fail "two pictures are the same"
runs 2 interpolate --model model.xdm --domain 2 between/000001.png between/000003.png --out between
runs 2 interpolate --model labels.xdm --domain 1 two/lying/1.pgm two/standing/2.pgm --out none
runs 2 map --condition smell --model model.xdm --domain1 two --out none.xdm
runs 1 map --model labels.xdm --domain1 two --domain2 two --pairs lying:lying --out none.xdm
says "conditions"

# Few labels: a sub-folder of the rest, or a set of its own.
mkdir few
for class in lying standing; do
  mkdir -p few/$class few/unlabelled
  for i in 1 2 3; do cp two/$class/$i.pgm few/$class; done
  for i in 4 5 6 7 8; do cp two/$class/$i.pgm few/unlabelled/$class-$i.pgm; done
done
# shellcheck disable=SC2086
runs 0 train --domain1 few --domain2 two $vae $mapping --unlabelled2 bars --out few.xdm
says "domain 1: 6 pictures of 8x8x1, 2 classes"
says "domain 1: 10 unlabelled pictures besides"
says "domain 2: 40 unlabelled pictures besides"
says "unlabelled pictures of domain 1 that were given a class: "
runs 0 info few.xdm
says '^vae1.pictures = 16$' out
says '^class 1 of domain 1: standing$' out
# shellcheck disable=SC2086
runs 0 map --model few.xdm --domain1 few --domain2 two $mapping --pairs lying:standing --out mapped.xdm
says "domain 1: 10 unlabelled pictures besides"

# What has no label is no class where classes are asked for.
left_out="left out 10 pictures of 'unlabelled', which is no class"
runs 0 judge --train few --test few --epochs 1 --base-channels 4 --out few.xdc
says "$left_out"
says "training set: 6 pictures of 8x8x1, 2 classes"
says "test set: 6 pictures of 8x8x1, 2 classes"
# shellcheck disable=SC2086
runs 0 map --condition labels --domain2 few $vae $mapping --out few-labels.xdm
says "$left_out"
says "pictures: 6 pictures of 8x8x1, 2 classes"
runs 0 info few-labels.xdm
says '^domain 1: (no name), conditions of 2 values, 2 classes$' out
mkdir flat
for i in 1 2 3 4 5; do cp two/lying/$i.pgm "flat/some $i.pgm"; done
# shellcheck disable=SC2086
runs 0 map --condition none --model model.xdm --domain2 flat $mapping --out flat.xdm
says "pictures: 5 pictures of 8x8x1"
for command in "eval --model few.xdm" "report few.xdm --out few.html"; do
  for pairs in "" "--pairs *:*"; do
    # shellcheck disable=SC2086
    runs 0 $command --domain1 few --domain2 two $pairs --judge few.xdc
    says "left out 10 pictures of .*'unlabelled'"
    says "domain 1: 6 pictures of 8x8x1, 2 classes"
  done
done

[ "$failures" -eq 0 ] && echo "pictures from labels, and few labels"
exit "$((failures > 0))"
