#!/bin/sh
# Classes are names, not places: a folder more or fewer shifts no label in eval, judge, map and validation, pairs take
# names, and what cannot be matched is refused.
# usage: test_classes.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/words.sh"
. "$(dirname "$0")/bars.sh"
cd "$work" || exit 1

draw_bars bars 0 12
mkdir one two more less other
for set in one more; do
  cp -r bars/0 $set/lying
  cp -r bars/1 $set/standing
done
cp -r one/. two
cp -r bars/0 more/a-new
cp -r bars/1 less/standing
cp -r bars/0 other/across
cp -r bars/1 other/along
short="--epochs 1 --min-steps 20 --steps 8 --base-channels 4 --latent 4 --hidden 8 --width 8"

# shellcheck disable=SC2086 # several words, here and below
runs 0 train --domain1 dir:one --domain2 dir:two --pairs lying:lying,standing:1 $short --out model.xdm
says "domain 1: 24 pictures of 8x8x1, 2 classes: 0 'lying' (12), 1 'standing' (12)"
runs 0 info model.xdm
grep -qx 'pairing: 0:0,1:1' out || fail "pairs by names are $(grep '^pairing' out)"
grep -qx 'class 1 of domain 2: standing' out || fail "info does not tell class 1"
for set in one two; do
  runs 0 judge --train dir:$set --epochs 2 --base-channels 4 --features 4 --out $set.xdc
done
runs 0 info one.xdc
grep -qx 'class 1: standing' out || fail "a judge does not know its classes: $(cat out)"
judges="--judge1 one.xdc --judge2 two.xdc --json"

# Scores are those of the same pictures.
# shellcheck disable=SC2086
runs 0 eval --model model.xdm --domain1 dir:one --domain2 dir:two $judges
cp out plain
# shellcheck disable=SC2086
runs 0 eval --model model.xdm --domain1 dir:more --domain2 dir:two $judges
says "left out 12 pictures of class 'a-new'"
cmp -s out plain || fail "a folder more changes the score"
# shellcheck disable=SC2086
runs 0 eval --model model.xdm --domain1 dir:less --domain2 dir:less --pairs standing:standing $judges
grep -q '"per_class": {"1": ' out || fail "a folder fewer shifts the labels: $(cat out)"
# shellcheck disable=SC2086
runs 1 eval --model model.xdm --domain1 dir:less --domain2 dir:less $judges
says "class 0"
# shellcheck disable=SC2086
runs 1 eval --model model.xdm --domain1 dir:other --domain2 dir:two $judges
says "'across'"
says "'lying'"

# So are judges, mappings and validations.
runs 0 judge --train dir:one --test dir:one --epochs 2 --base-channels 4 --features 4 --out j.xdc
cp out plain
runs 0 judge --train dir:one --test dir:more --epochs 2 --base-channels 4 --features 4 --out j.xdc
cmp -s out plain || fail "a folder more changes a judge's accuracy"
runs 1 judge --train dir:one --test dir:other --epochs 2 --base-channels 4 --features 4 --out j.xdc
map="map --model model.xdm --domain2 dir:two --steps 8 --width 8"
# shellcheck disable=SC2086
runs 0 $map --domain1 dir:one --pairs 0:1,1:0 --out plain.xdm
# shellcheck disable=SC2086
runs 0 $map --domain1 dir:more --pairs lying:standing,standing:lying --out more.xdm
cmp -s more.xdm plain.xdm || fail "a folder more changes a mapping"
# The VAEs of two models make one to map on: of one model twice, those that it has.
joined="map --vae1 model.xdm --vae2 model.xdm --domain1 dir:one --domain2 dir:two --steps 8 --width 8"
# shellcheck disable=SC2086
runs 0 $joined --pairs lying:standing,standing:lying --out joined.xdm
"$tool" info joined.xdm | grep '^vae\|^mapping' | sort >joined.txt
"$tool" info more.xdm | grep '^vae\|^mapping' | sort >more.txt
diff joined.txt more.txt || fail "a model joined of itself is another"
# shellcheck disable=SC2086
runs 2 $joined --model model.xdm --pairs 0:1 --out none.xdm
runs 2 map --vae1 model.xdm --domain1 dir:one --domain2 dir:two --out none.xdm
# shellcheck disable=SC2086
runs 1 $map --domain1 dir:one --pairs lying:sitting --out none.xdm
says "lying:sitting"
# shellcheck disable=SC2086
runs 0 train --domain1 dir:one --domain2 dir:two --pairs 0:0,1:1 $short --validation1 dir:more --validation2 dir:two \
  --judge1 one.xdc --judge2 two.xdc --allow-collapse --out validated.xdm --report report.json
says "validation 1: 24 pictures"

# A judge of classes of other names is no judge of these.
runs 0 judge --train dir:other --epochs 2 --base-channels 4 --features 4 --out other.xdc
runs 1 eval --model model.xdm --domain1 dir:one --domain2 dir:two --judge1 one.xdc --judge2 other.xdc
says "class 0 is 'lying' in a set, but 'across' in the judge"

# The nearest of real pictures in a judge's features: of kinds that it need not know, told by their names. Of doubles each
# is nearest to the other.
nearest() {
  "$(dirname "$tool")/nearest" model.xdm "$@" >out 2>err
}
nearest 1to2 two.xdc dir:one dir:one dir:two || fail "nearest: $(cat err)"
printf '%-32s %s\n' 'real pictures, among the others' '1.000 of 48' 'sources, handed on unchanged' '1.000 of 24' >wanted
grep -v '^translations  *[01]\.[0-9]* of 24$' out | diff - wanted || fail "each picture has a double: $(cat out)"
nearest 2to1 one.xdc dir:other dir:one || fail "nearest: $(cat err)"
grep -c ' 0.000 of 24$' out | grep -qx 2 || fail "no name of 'other' is in 'one': $(cat out)"
nearest 1to2 two.xdc 'dir:one;size=4x4' 'dir:one;size=4x4|dir:one;size=4x4' || fail "nearest: $(cat err)"
grep -v '^translations  *[01]\.[0-9]* of 24$' out | diff - wanted || fail "pictures of another size: $(cat out)"
nearest 1to2 two.xdc dir:one dir:one/lying && fail "pictures without classes"
grep -q 'every set needs labels' err || fail "nearest says: $(cat err)"
nearest 3to1 one.xdc dir:one dir:one
[ $? -eq 2 ] || fail "a direction 3to1"

[ "$failures" -eq 0 ] && echo "classes are matched by their names"
exit "$((failures > 0))"
