#!/bin/sh
# Outputs of the tool are proved before the first step, replace nothing that is read, and are never lost in silence: a
# full disk, a closed pipe, a missing folder are messages and exit code 1 in every command.
# usage: test_outputs.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
models=$(cd "$(dirname "$0")/../../examples/models" && pwd)
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/words.sh"
. "$(dirname "$0")/bars.sh"
cd "$work" || exit 1

draw_bars one 0 8
draw_bars two 2 8
domains="--domain1 dir:one --domain2 dir:two"
sets="$domains --pairs 0:2,1:3"
short="--epochs 1 --min-steps 2 --steps 8 --base-channels 4 --latent 4 --hidden 8 --width 8"

# refuses CODE WORD...: likewise, before the first step, and old files stay as they are.
refuses() {
  runs "$@"
  grep -q 'step' log && fail "$*: refused after a step"
  [ "$(cat old)" = old ] || fail "$*: an old file was touched"
  for path in model.xdm report.json log.csv; do [ ! -e $path ] || fail "$*: $path was made"; done
}
echo old >old

# ---- Proved before the first step ----

# shellcheck disable=SC2086 # several words, here and below
train() { code=$1; shift; refuses "$code" train $sets $short "$@"; }
train 1 --out nowhere/model.xdm
says 'nowhere/model.xdm'
train 1 --out one
train 1 --out model.xdm --report nowhere/report.json
train 1 --out model.xdm --log nowhere/log.csv
train 1 --out model.xdm --log one
train 1 --out /dev/null
train 1 --out old/model.xdm
train 2 --out ''
train 1 --out nowhere/model.xdm --report old --log old.csv
[ ! -e old.csv ] || fail "a log was made beside an output that cannot be"
train 2 --out model.xdm --report model.xdm
train 2 --out model.xdm --report report.json --log ./report.json
ln -s old link
train 2 --out old --report link
ln -s nowhere/model.xdm lost
ln -s lost lost.again
for link in lost lost.again; do
  train 1 --out $link
  says "--out: cannot write '$link'"
  train 1 --out model.xdm --log $link
  refuses 1 pack "$models/digits.xdm" --out $link
  says "--out: cannot write '$link'"
done
ln -s model.xdm ahead
train 2 --out ahead --report model.xdm
refuses 1 judge --train dir:one --out nowhere/judge.xdc
refuses 1 judge --train dir:one --out one
refuses 1 pack "$models/digits.xdm" --out nowhere/small.xdm
if [ "$(id -u)" -ne 0 ]; then
  mkdir closed
  chmod a-w closed
  train 1 --out closed/model.xdm
fi

# ---- Nothing that is read is replaced ----

train 2 --out one/0/1.pgm
train 2 --out model.xdm --log two/2/1.pgm
cp "$models/digits.xdm" kept.xdm
refuses 2 pack kept.xdm --out kept.xdm
refuses 2 pack kept.xdm --out ./kept.xdm
ln kept.xdm hard.xdm
refuses 2 pack kept.xdm --out hard.xdm
# shellcheck disable=SC2086
refuses 2 map --model kept.xdm $sets $short --out kept.xdm
# shellcheck disable=SC2086
refuses 2 map --model kept.xdm $sets $short --out model.xdm --judge judge.xdc --report judge.xdc
refuses 2 judge --train idx:set.idx --out set.idx
refuses 2 judge --train 'dir:one|idx:a,labels;first=2' --out labels
refuses 2 judge --train dir:one --test 'idx:a,labels' --out labels
refuses 2 judge --train 'idx:a\|b,la\;bels;first=2' --out 'la;bels'
cmp -s kept.xdm "$models/digits.xdm" || fail "a model that was read is another"

# ---- Never lost ----

full() {
  "$tool" "$@" >/dev/full 2>log
  [ $? -eq 1 ] || fail "$* > /dev/full is no failure: $(cat log)"
  says 'standard output'
}
full info "$models/digits.xdm"
full info --json "$models/digits.xdm"
full verify "$models/digits.xdm"
full options
full --help
full --version
full train --help
full judge --train dir:one --test dir:one --epochs 1 --base-channels 4 --threads 1 --out one.xdc
runs 0 judge --train dir:two --epochs 1 --base-channels 4 --out two.xdc
# shellcheck disable=SC2086
runs 0 train $sets $short --out small.xdm
# shellcheck disable=SC2086
full eval --model small.xdm $domains --judge1 one.xdc --judge2 two.xdc --threads 1
# shellcheck disable=SC2086
full eval --model small.xdm $domains --judge1 one.xdc --judge2 two.xdc --threads 1 --json
"$tool" info "$models/digits.xdm" >&- 2>log
[ $? -eq 1 ] || fail "a closed standard output is no failure"
{ sleep 0.3; "$tool" options 2>log; echo $? >code; } | :
[ "$(cat code)" -eq 1 ] || fail "a closed pipe ends with $(cat code): $(cat log)"
says 'standard output'
"$tool" pack "$models/digits.xdm" --out packed.xdm >&- 2>&- || fail "pack needs standard streams"
runs 0 pack packed.xdm --out again.xdm
runs 2 pack packed.xdm --out -
says "./-"
[ ! -e - ] || fail "a file '-' was made"
cmp -s packed.xdm again.xdm || fail "a packed model packs otherwise"

# A link stays one, and what it leads to is replaced, whoever writes the result.
mkdir far
echo old >far/old
ln -s far/old far_link
replaced() {
  [ -L far_link ] || fail "$1: the link was replaced"
  [ "$(cat far/old)" != old ] || fail "$1: what the link leads to is as it was"
  echo old >far/old
}
runs 0 pack "$models/digits.xdm" --out far_link
replaced pack
runs 0 export "$models/digits.xdm" --safetensors far_link
replaced export
runs 0 report "$models/digits.xdm" --out far_link
replaced report
runs 0 translate --model "$models/digits.xdm" "$models/three.png" --out far_link.png
mkdir pictures results
cp "$models/three.png" pictures
ln -s ../far/old results/three.png
runs 0 translate --model "$models/digits.xdm" pictures --out results
cmp -s far/old far_link.png || fail "a picture does not go where its link leads"
[ -L results/three.png ] || fail "a link among results was replaced"

# Or made, where it is not there yet, its folder being another one than the link's.
for made in pack.xdm export.st report.html; do ln -s far/$made $made; done
runs 0 pack "$models/digits.xdm" --out pack.xdm
runs 0 export "$models/digits.xdm" --safetensors export.st
runs 0 report "$models/digits.xdm" --out report.html
mkdir ahead.out
ln -s ../far/new.png ahead.out/three.png
runs 0 translate --model "$models/digits.xdm" pictures --out ahead.out
cmp -s far/new.png far_link.png || fail "a picture is not made where its link leads"
for made in pack.xdm export.st report.html ahead.out/three.png; do
  [ -L $made ] || fail "the link $made was replaced"
  [ -s $made ] || fail "what the link $made leads to was not made"
done
ln -s far/model.xdm far_model.xdm
# shellcheck disable=SC2086
runs 0 train $sets $short --out far_model.xdm
cmp -s far/model.xdm small.xdm || fail "a model is not made where its link leads"

# The log and the report: the model is kept, and the exit code tells.
# shellcheck disable=SC2086
runs 1 train $sets $short --log /dev/full --out small1.xdm
says '/dev/full'
# shellcheck disable=SC2086
runs 1 train $sets $short --report /dev/full --out small2.xdm
says '/dev/full'
for model in small1 small2; do cmp -s $model.xdm small.xdm || fail "$model.xdm is not the model"; done
# shellcheck disable=SC2086
runs 0 train $sets $short --report /dev/stdout --log log.csv --out small3.xdm
grep -q '"status": "XD_OK"' out || fail "the report does not reach standard output"
grep -q '^4,8,' log.csv || fail "the log has no step 8 of the mapping"

# A folder that goes while the training runs: the model is written elsewhere, and named.
mkdir spare
mkfifo pipe
rescues() {
  runs 0 "$@" --out whole.xdm
  mkdir gone
  TMPDIR=$work/spare "$tool" "$@" --threads 1 --out gone/model.xdm >out 2>pipe &
  process=$!
  {
    while read -r line && [ "${line#*: step}" = "$line" ]; do :; done
    rm -r gone
    cat
  } <pipe >log
  wait $process
  [ $? -eq 1 ] || fail "$*: a model that could not be written where it should is no failure"
  rescued=$(sed -n "s/^xdomain: the model was written to '\(.*\)' instead$/\1/p" log)
  cmp -s "$rescued" whole.xdm || fail "$*: the model is not rescued: $(cat log)"
}
long="--epochs 1 --min-steps 2 --mapping-steps 4000 --base-channels 4 --latent 4 --hidden1 8 --hidden-width 8 --set allow_collapse=1"
# shellcheck disable=SC2086
rescues train $sets $long
# shellcheck disable=SC2086
rescues map --condition labels --domain2 dir:two $long

[ "$failures" -eq 0 ] && echo "no output is lost"
exit "$((failures > 0))"
