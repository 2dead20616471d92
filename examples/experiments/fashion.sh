#!/bin/sh
# MNIST to Fashion-MNIST, digit k to class k, and back from the same file. Two judges of clothes: one that is
# robust to blur, and one that is not.
# usage: examples/experiments/fashion.sh
. "$(dirname "$0")/common.sh"

prepare
fashion=$(examples/data.sh fashion)
clothes=$(idx_spec "$fashion" train .gz)
clothes_test=$(idx_spec "$fashion" t10k .gz)
judge fashion "$clothes" "$clothes_test" --epochs 6 --base-channels 24 --features 256 --flip --shift 1 --blur 1
judge fashion-second "$clothes" "$clothes_test" --epochs 10 --base-channels 24 --features 256 --flip --shift 1 --seed 2
for seed in $seeds; do
  fit fashion "$seed" train --preset fashion --domain1 "$train" --domain2 "$clothes" --pairs $ten_pairs
  score fashion "$seed" "$test" "$clothes_test" mnist:fashion mnist-second:fashion-second
done
sheet fashion 1to2 fashion "$test"
sheet fashion 2to1 fashion-back "$clothes_test"
