#!/bin/sh
# Another pairing on the frozen VAEs of digits.sh (which has to run before): 0:9, 1:8, 2:7, 3:6, 4:5. Half of
# the preset's steps: in less than a minute on two processors.
# usage: examples/experiments/pairing.sh
. "$(dirname "$0")/common.sh"

prepare
for seed in $seeds; do
  fit pairing "$seed" map --preset mnist --steps 8000 --one-way --model "$results/digits/$seed.xdm" \
    --pairs 0:9,1:8,2:7,3:6,4:5 --domain1 "$train;classes=0-4" --domain2 "$train;classes=5-9"
  score_digits pairing "$seed"
done
