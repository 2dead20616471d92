#!/bin/sh
# A short seeded training on real MNIST: accuracy and diversity of digits that are drawn from their labels exceed a floor.
# usage: test_labels.sh XDOMAIN_TOOL
set -u
. "$(dirname "$0")/mnist.sh"

"$tool" judge --train "$train;first=20000" --out "$work/judge.xdc" --epochs 2 || exit 1

# floor FILE NAME LEAST: a measure of an evaluation.
floor() {
  awk -v name="\"$2\":" -v least="$3" 'BEGIN { RS = "," } index($0, name) { found = 1; sub(".*" name, ""); value = $0 + 0 }
    END { exit !(found && value >= least) }' "$1" || fail "$2 is below $3: $(cat "$1")"
}

"$tool" map --condition labels --domain2 "$train;first=10000" --out "$work/drawn.xdm" --preset mnist --epochs 4 \
  --min-steps 0 --mapping-steps 2000 || exit 1
"$tool" eval --model "$work/drawn.xdm" --domain2 "$test;first=4000" --judge "$work/judge.xdc" --json >"$work/drawn" || exit 1
floor "$work/drawn" acc 0.95
floor "$work/drawn" div 0.75

[ "$failures" -eq 0 ] && echo "digits from labels"
exit "$((failures > 0))"
