#!/bin/sh
# The paper to the letter (preset paper) on MNIST 0-4 to 5-9 and back.
# usage: examples/experiments/paper.sh
. "$(dirname "$0")/common.sh"

prepare
for seed in $seeds; do
  fit paper "$seed" train --preset paper --domain1 "$train;classes=0-4" --domain2 "$train;classes=5-9" --pairs $pairs
  score_digits paper "$seed"
done
sheet paper 1to2 paper "$test;classes=0-4"
