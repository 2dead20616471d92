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
. examples/packages.sh

seeds=${SEEDS:-1 2 3 4 5}
results=${RESULTS:-build/experiments}
threads=${THREADS:-$(nproc 2>/dev/null || echo 2)}
if [ "$threads" -gt 8 ]; then threads=8; fi
tool=build/release/bin/xdomain
# shellcheck disable=SC2034 # most experiments read it
pairs=0:5,1:6,2:7,3:8,4:9

say() { printf '\n== %s\n' "$*"; }

build_tool() {
  need_build_packages
  install_packages
  mkdir -p "$results"
  if ! { cmake -S . -B build/release -DCMAKE_BUILD_TYPE=Release && cmake --build build/release --parallel "$threads"; } \
    >"$results/build.log" 2>&1; then
    cat "$results/build.log" >&2
    exit 1
  fi
}

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

# Digits: the judge of the results, and one of another build that confirms it.
digit_judges() {
  judge mnist "$train" "$test"
  judge mnist-second "$train" "$test" --seed 2 --base-channels 24 --features 64 --shift 1 --blur 1
}

# MNIST's folder and the specs of its pictures, in $mnist, $train and $test.
find_mnist() {
  mnist=$(examples/data.sh mnist)
  train=$(idx_spec "$mnist" train)
  test=$(idx_spec "$mnist" t10k)
}

# Trains a row's model and keeps the seconds it took: fit ROW SEED train|map OPTION...
fit() {
  fit_row=$1 fit_seed=$2 fit_base=$results/$1/$2
  shift 2
  mkdir -p "$results/$fit_row"
  [ ! -f "$fit_base.xdm" ] || return 0
  say "$fit_row, seed $fit_seed"
  fit_begun=$(date +%s)
  if ! "$tool" "$@" --seed "$fit_seed" --threads "$threads" --out "$fit_base.part" 2>"$fit_base.log"; then
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
    if [ -f "$score_out" ] && [ ! "$score_base.xdm" -nt "$score_out" ]; then continue; fi
    "$tool" eval --model "$score_base.xdm" --domain1 "$score_1" --domain2 "$score_2" --threads "$threads" --json \
      --judge1 "$results/${score_pair%:*}-judge.xdc" --judge2 "$results/${score_pair#*:}-judge.xdc" >"$score_out.part"
    mv "$score_out.part" "$score_out"
    cat "$score_out"
  done
}

# Contact sheet of the first seed's model: sheet ROW DIRECTION NAME PICTURES
sheet() {
  "$tool" translate --model "$results/$1/${seeds%% *}.xdm" --direction "$2" --sheet --columns 12 --scale 1 \
    --threads "$threads" --out "$results/$3.png" "$4"
}
