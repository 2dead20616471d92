#!/bin/sh
# MNIST to Fashion-MNIST, digit k to class k, and back from the same file.
# usage: examples/experiments/fashion.sh
. "$(dirname "$0")/common.sh"

prepare_fashion
for seed in $seeds; do
  fit fashion "$seed" train --preset fashion --domain1 "$train" --domain2 "$clothes" --pairs $ten_pairs
  score fashion "$seed" "$test" "$clothes_test" mnist:fashion mnist-second:fashion-second
done
sheet fashion 1to2 fashion "$test"
sheet fashion 2to1 fashion-back "$clothes_test"
