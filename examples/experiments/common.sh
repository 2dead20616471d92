# shellcheck shell=sh
# Sourced by the experiments: builds the tool, finds the data, trains judges and models, keeps what was measured.
# What is there already is not made again, so an interrupted experiment goes on where it stopped: remove a row's
# folder when its preset has changed.
#
#   SEEDS        seeds of each row ["1 2 3 4 5"]
#   RESULTS      folder for models, judges and measurements [build/experiments]
#   THREADS      [one for each processor, at most 8]
#   XDOMAIN_DATA folder with svhn/, for the rows that need it (see examples/data.sh)
set -eu

cd "$(dirname "$0")/../.."
. examples/build.sh

seeds=${SEEDS:-1 2 3 4 5}
results=${RESULTS:-build/experiments}
threads=${THREADS:-$threads}
# shellcheck disable=SC2034 # the experiments read them
pairs=0:5,1:6,2:7,3:8,4:9 ten_pairs=0:0,1:1,2:2,3:3,4:4,5:5,6:6,7:7,8:8,9:9

# Spec of a set's training or test pictures: idx_spec FOLDER train|t10k [ENDING]
idx_spec() { echo "idx:$1/$2-images-idx3-ubyte${3:-},$1/$2-labels-idx1-ubyte${3:-}"; }

# Trains a judge and prints its accuracy on test pictures: judge NAME TRAIN TEST OPTION...
judge() {
  judge_file=$results/$1-judge.xdc judge_name=$1 judge_train=$2 judge_test=$3
  shift 3
  [ ! -f "$judge_file" ] || return 0
  say "Judge $judge_name"
  "$tool" judge --train "$judge_train" --test "$judge_test" --out "$judge_file.part" --threads "$threads" "$@" \
    >"$results/$judge_name-judge.txt" 2>"$results/$judge_name-judge.log"
  cat "$results/$judge_name-judge.txt"
  mv "$judge_file.part" "$judge_file"
}

# What every experiment needs: the tool, MNIST as the specs $train and $test, and two judges of its digits, that of
# the results and one of another build that confirms it.
prepare() {
  install_build_packages
  build_release "$results/build.log"
  mnist=$(examples/data.sh mnist)
  train=$(idx_spec "$mnist" train)
  test=$(idx_spec "$mnist" t10k)
  judge mnist "$train" "$test"
  judge mnist-second "$train" "$test" --seed 2 --base-channels 24 --features 64 --shift 1 --blur 1
}

# The same and Fashion-MNIST as the specs $clothes and $clothes_test, with two judges of clothes: one that is robust
# to blur, and one that is not.
prepare_fashion() {
  prepare
  fashion=$(examples/data.sh fashion)
  clothes=$(idx_spec "$fashion" train .gz)
  clothes_test=$(idx_spec "$fashion" t10k .gz)
  judge fashion "$clothes" "$clothes_test" --epochs 6 --base-channels 24 --features 256 --flip --shift 1 --blur 1
  judge fashion-second "$clothes" "$clothes_test" --epochs 10 --base-channels 24 --features 256 --flip --shift 1 --seed 2
}

# Trains a row's model and keeps the seconds it took: fit ROW SEED train|map OPTION...
fit() {
  fit_row=$1 fit_seed=$2 fit_base=$results/$1/$2
  shift 2
  mkdir -p "$results/$fit_row"
  [ ! -f "$fit_base.xdm" ] || return 0
  say "$fit_row, seed $fit_seed"
  fit_begun=$(date +%s)
  if ! "$tool" "$@" --no-valid --seed "$fit_seed" --threads "$threads" --out "$fit_base.part" 2>"$fit_base.log"; then
    tail -n 3 "$fit_base.log" >&2
    exit 1
  fi
  echo $(($(date +%s) - fit_begun)) >"$fit_base.seconds"
  mv "$fit_base.part" "$fit_base.xdm"
}

# Scores it under pairs of judges: score ROW SEED TEST1 TEST2 JUDGE1:JUDGE2...
score() {
  score_base=$results/$1/$2 score_1=$3 score_2=$4
  shift 4
  "$tool" info "$score_base.xdm" --json >"$score_base.info.json"
  for score_pair in "$@"; do
    score_out=$score_base.${score_pair#*:}.json
    if [ -f "$score_out" ] && [ -z "$(find "$score_base.xdm" -newer "$score_out")" ]; then continue; fi
    "$tool" eval --model "$score_base.xdm" --domain1 "$score_1" --domain2 "$score_2" --threads "$threads" --json \
      --judge1 "$results/${score_pair%:*}-judge.xdc" --judge2 "$results/${score_pair#*:}-judge.xdc" >"$score_out.part"
    mv "$score_out.part" "$score_out"
    cat "$score_out"
  done
}

# The same for a row of MNIST 0-4 to 5-9: score_digits ROW SEED
score_digits() {
  score "$1" "$2" "$test;classes=0-4" "$test;classes=5-9" mnist:mnist mnist-second:mnist-second
}

# Contact sheet of the first seed's model: sheet ROW DIRECTION NAME PICTURES
sheet() {
  "$tool" translate --model "$results/$1/${seeds%% *}.xdm" --direction "$2" --sheet --columns 12 --scale 1 \
    --threads "$threads" --out "$results/$3.png" "$4"
}
