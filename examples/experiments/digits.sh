#!/bin/sh
# MNIST 0-4 to 5-9 and back, all training pictures: the paper's first experiment.
# usage: examples/experiments/digits.sh
. "$(dirname "$0")/common.sh"

prepare
for seed in $seeds; do
  fit digits "$seed" train --preset mnist --domain1 "$train;classes=0-4" --domain2 "$train;classes=5-9" --pairs $pairs
  score_digits digits "$seed"
done
sheet digits 1to2 digits "$test;classes=0-4"
sheet digits 2to1 digits-back "$test;classes=5-9"
