#!/bin/sh
# Runs one fuzz target for some seconds, from its seeds and whatever earlier runs found, and keeps what is new.
# What it finds lies in FOLDER/findings. Prints how many inputs were tried.
# usage: target.sh PROGRAM FOLDER SECONDS    FOLDER holds seeds/ (make_seeds)
set -u

program=${1:?usage: target.sh PROGRAM FOLDER SECONDS}
folder=${2:?usage: target.sh PROGRAM FOLDER SECONDS}
seconds=${3:?usage: target.sh PROGRAM FOLDER SECONDS}
name=${program##*/fuzz_}
here=$(cd "$(dirname "$0")" && pwd)
dictionary=""
if [ -f "$here/$name.dict" ]; then dictionary="-dict=$here/$name.dict"; fi
mkdir -p "$folder/corpus/$name" "$folder/findings" || exit 1
folder=$(cd "$folder" && pwd) # targets may change theirs

log=$folder/$name.log
# shellcheck disable=SC2086 # no word or one
ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
  "$program" "$folder/corpus/$name" "$folder/seeds/$name" $dictionary -max_total_time="$seconds" -timeout=30 \
  -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 -artifact_prefix="$folder/findings/$name-" >"$log" 2>&1
status=$?
if [ "$status" -ne 0 ]; then
  grep -vE '^#[0-9]+\s' "$log" | tail -60
  exit "$status"
fi
sed -n 's/^stat::number_of_executed_units: */executions: /p' "$log"
