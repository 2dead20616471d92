#!/bin/sh
# MNIST 0-4 to 5-9 from 500, 1000 and 2000 pictures, half of them in each domain. Strict: VAEs and mapping see
# only those. Lenient: the VAEs saw all (those of digits.sh, which has to run before).
# usage: examples/experiments/digits_small.sh
. "$(dirname "$0")/common.sh"

prepare
small="--preset mnist --spectral-norm 1 --generated-mismatch 2 --lambda-reg 0.12 --final-lambda 1 --steps 8000"
small="$small --noise-scale 1.05 --codes-per-picture 32 --map-augment 1"
for count in 500 1000 2000; do
  for seed in $seeds; do
    few="subset=$((count / 2));seed=$seed"
    # shellcheck disable=SC2086 # several words
    fit "digits-$count-strict" "$seed" train $small --augment 1 --min-steps 3000 --one-way --pairs $pairs \
      --domain1 "$train;classes=0-4;$few" --domain2 "$train;classes=5-9;$few"
    # shellcheck disable=SC2086
    fit "digits-$count-lenient" "$seed" map $small --model "$results/digits/$seed.xdm" --one-way --pairs $pairs \
      --domain1 "$train;classes=0-4;$few" --domain2 "$train;classes=5-9;$few"
    for kind in strict lenient; do
      score_digits "digits-$count-$kind" "$seed"
    done
  done
done
