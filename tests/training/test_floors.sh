#!/bin/sh
# A short seeded training on real MNIST, 0-4 to 5-9 and back: accuracy and diversity on test digits must
# exceed a floor under a judge that is itself good enough. A mapping that collapsed to one picture a class
# has the accuracy, but not the diversity.
# usage: test_floors.sh XDOMAIN_TOOL
set -u
. "$(dirname "$0")/mnist.sh"

"$tool" judge --train "$train" --out "$work/judge.xdc" --epochs 2 || exit 1
"$tool" train --domain1 "$train;classes=0-4" --domain2 "$train;classes=5-9" --pairs "$pairs" \
  --out "$work/digits.xdm" --no-valid --seed 1 --epochs 4 --min-steps 0 --steps 3000 || exit 1
"$tool" eval --model "$work/digits.xdm" --domain1 "$test;classes=0-4" --domain2 "$test;classes=5-9" \
  --judge "$work/judge.xdc" --json >"$work/scores.json" || exit 1
cat "$work/scores.json"
echo

# at_least NAME FLOOR: every direction's figure of that name.
at_least() {
  values=$(tr ',{' '\n\n' <"$work/scores.json" | sed -n "s/.*\"$1\": *\\(-\\{0,1\\}[0-9.e+-]*\\).*/\\1/p")
  count=$(echo "$values" | wc -w)
  [ "$count" -eq 2 ] || fail "$1 is reported $count times, not for 2 directions"
  for value in $values; do
    awk -v value="$value" -v floor="$2" 'BEGIN { exit !(value >= floor) }' || fail "$1 is $value, below $2"
  done
}

at_least judge_acc 0.98
at_least acc 0.92
at_least div 0.70
at_least ediv 0.55

exit "$((failures > 0))"
