#!/bin/sh
# The models of examples/models/ (digits.sh and fashion.sh have to run before): digits.xdm is seed 1 of the first,
# fashion.xdm a seed of the second with a smaller VAE of digits, so that it stays below 10 MB. None of SVHN, whose
# pictures are for non-commercial use only.
# usage: examples/experiments/models.sh
. "$(dirname "$0")/common.sh"

prepare_fashion
fit fashion-small 1 train --preset fashion --base-channels1 16 --max-channels1 32 \
  --domain1 "$train" --domain2 "$clothes" --pairs $ten_pairs
score fashion-small 1 "$test" "$clothes_test" mnist:fashion mnist-second:fashion-second
mkdir -p examples/models
"$tool" pack "$results/digits/1.xdm" --out examples/models/digits.xdm
"$tool" pack "$results/fashion-small/1.xdm" --out examples/models/fashion.xdm
