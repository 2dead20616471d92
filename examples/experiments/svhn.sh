#!/bin/sh
# SVHN 1-4 to MNIST 6-9, from the RGB digits of SVHN's official training set that XDOMAIN_DATA holds; then with
# its grey extra pictures; then from 500, 1000 and 2000 pictures, half of them in each domain. SVHN's VAE sees all
# ten digits, without labels, but in the small sets; the mapping is of 1-4 alone.
# usage: XDOMAIN_DATA=FOLDER examples/experiments/svhn.sh
. "$(dirname "$0")/common.sh"

prepare
svhn=$(examples/data.sh svhn)
photos="idx:$svhn/svhn-train-images-idx4-ubyte.gz,$svhn/svhn-train-labels-idx1-ubyte.gz"
photos_test="idx:$svhn/svhn-test-images-idx4-ubyte.gz,$svhn/svhn-test-labels-idx1-ubyte.gz;classes=1-4"
grey="idx:$svhn/svhn-grey-extra-images-idx3-ubyte.gz,$svhn/svhn-grey-extra-labels-idx1-ubyte.gz;channels=3"
svhn_pairs=1:6,2:7,3:8,4:9

# one ROW SEED PHOTOS DIGITS OPTION...
one() {
  one_row=$1 one_seed=$2 one_photos=$3 one_digits=$4
  shift 4
  fit "$one_row" "$one_seed" train --preset svhn --one-way --domain1 "$one_photos" --domain2 "$one_digits" \
    --pairs $svhn_pairs "$@"
  score "$one_row" "$one_seed" "$photos_test" "$test;classes=6-9" mnist:mnist mnist-second:mnist-second
}

for seed in $seeds; do one svhn "$seed" "$photos" "$train;classes=6-9"; done
sheet svhn 1to2 svhn "$photos_test"
for seed in $seeds; do one svhn-extra "$seed" "$photos|$grey" "$train;classes=6-9" --epochs1 20; done
for count in 500 1000 2000; do
  for seed in $seeds; do
    few="subset=$((count / 2));seed=$seed"
    one "svhn-$count" "$seed" "$photos;classes=1-4;$few" "$train;classes=6-9;$few" --steps 3000
  done
done
