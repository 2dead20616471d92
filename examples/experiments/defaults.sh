#!/bin/sh
# Two sets of pictures and default options: the rows of "The defaults" in docs/results.md, with the time and the
# memory that each training took; draws the pictures that are not there yet.
# usage: [SEEDS="1 2 3"] examples/experiments/defaults.sh [ROW...]    letters32 letters32-style letters64 letters128
#        emoji digits fashion svhn [all but svhn, which needs XDOMAIN_DATA]
SEEDS=${SEEDS:-1 2 3}
. "$(dirname "$0")/common.sh"

# measure ROW SEED SPEC1 SPEC2 OPTION...: the row's model, and what it cost.
measure() {
  measure_base=$results/$1/$2 measure_seed=$2 measure_1=$3 measure_2=$4
  shift 4
  mkdir -p "${measure_base%/*}"
  [ ! -f "$measure_base.xdm" ] || return 0
  say "$measure_base"
  if ! examples/experiments/cost.py "$measure_base.cost.json" "$tool" train --domain1 "$measure_1" \
    --domain2 "$measure_2" --seed "$measure_seed" --threads "$threads" --report "$measure_base.train.json" \
    --out "$measure_base.part.xdm" "$@" 2>"$measure_base.log"; then
    tail -n 3 "$measure_base.log" >&2
    exit 1
  fi
  mv "$measure_base.part.xdm" "$measure_base.xdm"
}

# row NAME TRAIN1 TRAIN2 TEST1 TEST2 JUDGE1:JUDGE2 OPTION...: trains and scores all seeds; sheets of the first.
row() {
  row_name=$1 row_train1=$2 row_train2=$3 row_test1=$4 row_test2=$5 row_judges=$6
  shift 6
  for seed in $seeds; do
    measure "$row_name" "$seed" "$row_train1" "$row_train2" "$@"
    score "$row_name" "$seed" "$row_test1" "$row_test2" "$row_judges"
  done
  sheet "$row_name" 1to2 "$row_name" "$row_test1"
  case " $* " in *" --one-way "*) return ;; esac
  sheet "$row_name" 2to1 "$row_name-back" "$row_test2"
}

# folders NAME PICTURES DOMAIN1 DOMAIN2 OPTION...: a row whose sets are folders that are drawn.
folders() {
  folders_name=$1 folders_at=$2 one=$3 two=$4
  shift 4
  pictures_name=$(basename "$folders_at")
  for domain in "$one" "$two"; do
    judge "$pictures_name-$domain" "dir:$folders_at/$domain/train" "dir:$folders_at/$domain/test" \
      --epochs 10 --set augment=0.5
  done
  row "$folders_name" "dir:$folders_at/$one/train" "dir:$folders_at/$two/train" "dir:$folders_at/$one/test" \
    "dir:$folders_at/$two/test" "$pictures_name-$one:$pictures_name-$two" "$@"
}

# nearest_kinds SEED: for emoji seen in training and for new ones, whether the nearest real picture is the right kind.
nearest_kinds() {
  kinds=$results/emoji-pictures
  [ ! -f "$results/emoji/$1.nearest.txt" ] || return 0
  for part in test new; do
    for way in 1to2:google:twitter 2to1:twitter:google; do
      from=${way#*:} to=${way##*:}
      from=${from%:*}
      echo "$from to $to, the kinds of '$part'"
      build/release/bin/nearest "$results/emoji/$1.xdm" "${way%%:*}" "$results/emoji-pictures-$to-judge.xdc" \
        "dir:$kinds/$from/$part" "dir:$kinds/$to/test" "dir:$kinds/$to/new"
    done
  done >"$results/emoji/$1.nearest.part"
  mv "$results/emoji/$1.nearest.part" "$results/emoji/$1.nearest.txt"
  cat "$results/emoji/$1.nearest.txt"
}

# letters SIDE NAME OPTION...
letters() {
  letters_at=$results/letters$1 letters_name=$2
  [ -d "$letters_at" ] || examples/letters.sh --draw "$1" "$letters_at"
  shift 2
  folders "$letters_name" "$letters_at" printed handwriting "$@"
}

run() {
  case $1 in
    letters32-style) letters 32 "$1" --style 1 ;;
    letters32 | letters64 | letters128) letters "${1#letters}" "$1" ;;
    emoji)
      [ -d "$results/emoji-pictures" ] || examples/emoji.sh --draw "$results/emoji-pictures"
      folders emoji "$results/emoji-pictures" google twitter
      for seed in $seeds; do nearest_kinds "$seed"; done
      sheet emoji 1to2 emoji-new "$results/emoji-pictures/google/new"
      sheet emoji 2to1 emoji-new-back "$results/emoji-pictures/twitter/new"
      ;;
    digits)
      prepare
      row defaults-digits "$train;classes=0-4" "$train;classes=5-9" "$test;classes=0-4" "$test;classes=5-9" \
        mnist:mnist --pairs $pairs
      ;;
    fashion)
      prepare_fashion
      row defaults-fashion "$train" "$clothes" "$test" "$clothes_test" mnist:fashion --pairs $ten_pairs
      ;;
    svhn)
      prepare
      svhn=$(examples/data.sh svhn)
      photos="idx:$svhn/svhn-train-images-idx4-ubyte.gz,$svhn/svhn-train-labels-idx1-ubyte.gz"
      grey="idx:$svhn/svhn-grey-extra-images-idx3-ubyte.gz,$svhn/svhn-grey-extra-labels-idx1-ubyte.gz;channels=3"
      photos_test="idx:$svhn/svhn-test-images-idx4-ubyte.gz,$svhn/svhn-test-labels-idx1-ubyte.gz;classes=1-4"
      row defaults-svhn "$photos|$grey" "$train;classes=6-9" "$photos_test" "$test;classes=6-9" mnist:mnist \
        --one-way --pairs 1:6,2:7,3:8,4:9
      ;;
    *)
      echo "defaults.sh: '$1' is no row" >&2
      exit 2
      ;;
  esac
}

install_build_packages
build_release "$results/build.log"
if [ $# -eq 0 ]; then set -- letters32 letters32-style letters64 letters128 emoji digits fashion; fi
for name in "$@"; do run "$name"; done
examples/experiments/defaults.py "$results" >"$results/defaults.md"
cat "$results/defaults.md"
