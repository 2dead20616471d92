#!/bin/sh
# xdomain-mpi by two processes on this machine: the files of one process where a batch has the same parts, an end with
# a reason when a process is killed or cannot go on, and what is left resumed by another number of them. 77 without
# Open MPI.
# usage: mpi.sh XDOMAIN_MPI MAKE_PICTURES
set -u

program=${1:?usage: mpi.sh XDOMAIN_MPI MAKE_PICTURES}
maker=$2

command -v mpirun >/dev/null || { echo "mpi: there is no mpirun"; exit 77; }
[ -x "$program" ] || { echo "mpi: xdomain-mpi was not built"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "mpi: $*" >&2; cat "$work"/*.txt >&2; exit 1; }

"$maker" "$work/pictures" 12 4 >"$work/maker.txt" || fail "no pictures"

# A container's only user is root, and its processors may be fewer than the processes.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
overlap=
train() { # RANKS NAME [OPTION]...: NAME.xdm, and NAME.txt with what is said
  ranks=$1 name=$2
  shift 2
  # shellcheck disable=SC2086 # no word, or one
  mpirun -n "$ranks" "$program" $overlap train --domain1 "dir:$work/pictures/shapes/train;size=16x16" \
    --domain2 "dir:$work/pictures/glyphs/train;size=16x16" --pairs 0:0,1:1 --out "$work/$name.xdm" --threads 1 \
    --set "epochs=2 min_steps=0 vae.batch=12 base_channels=4 latent_dim=4 hidden1=16 mapping.steps=$steps \
mapping.batch=16 hidden_width=32 hidden_layers=2 allow_collapse=1" "$@" >"$work/$name.txt" 2>&1
}
same() { cmp "$work/$1" "$work/$2" || fail "$3"; }

# Two processes and one: model, log, report and previews.
steps=10
"$program" judge --train "dir:$work/pictures/glyphs/train;size=16x16" --out "$work/judge.xdm" --threads 1 \
  --set "epochs=2 base_channels=4 feature_dim=8" >"$work/judge.txt" 2>&1 || fail "no judge"
for ranks in 1 2; do
  train $ranks whole$ranks --set "vae.parts=2 mapping.parts=2" --one-way --judge2 "$work/judge.xdm" \
    --log "$work/$ranks.csv" --report "$work/$ranks.json" \
    --validation1 "dir:$work/pictures/shapes/test;size=16x16" \
    --validation2 "dir:$work/pictures/glyphs/test;size=16x16" || fail "$ranks processes"
  sed 's/"seconds": [0-9.]*//' "$work/$ranks.json" >"$work/$ranks.report"
done
same whole1.xdm whole2.xdm "two processes gave another model than one with the same parts"
same 1.csv 2.csv "two processes gave another log"
same 1.report 2.report "two processes gave another report"
same whole1.preview.png whole2.preview.png "two processes gave another preview"
[ -s "$work/2.csv" ] && grep -q '"acc"' "$work/2.json" || fail "nothing was logged or measured"
[ "$(grep -c '^wrote ' "$work/whole2.txt")" = 1 ] || fail "others than the first process told something"
grep -q '^2 ranks: ' "$work/whole2.txt" || fail "nothing is said of the sums"
[ -e "$work/whole2.xdm.checkpoint" ] && fail "the checkpoint of a finished training is left"

overlap=--overlap
train 2 overlapping --no-valid || fail "two processes with --overlap"
overlap=
train 2 lost --no-valid --domain1 "$work/nothing" && fail "a missing set counts as success"
grep -q 'rank 1 of 2: .*nothing' "$work/lost.txt" || fail "the second process does not say what it lacks"
mpirun -n 2 "$program" info "$work/whole1.xdm" >"$work/info.txt" 2>&1 && fail "a command of one process was shared"

# A process that is killed ends the other, with a word on it; the checkpoint is of the first stage at least.
steps=100000
await() { # NAME: its mapping
  for _ in $(seq 600); do
    grep -q '^mapping 1 to 2: step' "$work/$1.txt" 2>/dev/null && return
    sleep 0.1
  done
  fail "no mapping was begun"
}
train 2 killed --no-valid --no-preview --checkpoint "$work/state" &
started=$!
await killed
victim=$(pgrep -n -f "$program train.*$work/killed.xdm") || fail "no process to kill"
kill -9 "$victim"
wait "$started" && fail "a killed process counts as success"
grep -q -i 'signal 9' "$work/killed.txt" || fail "no reason why the processes ended"
[ -f "$work/state" ] || fail "no checkpoint is left"

# The number of steps is what the training is, so it is stopped again, by a signal, and is still sound.
train 1 resumed --no-valid --no-preview --checkpoint "$work/state" --resume &
started=$!
await resumed
kill -TERM "$(pgrep -n -f "$program train.*$work/resumed.xdm")"
wait "$started" && fail "a stopped training counts as success"
grep -q 'to go on: mpirun -n 1 xdomain-mpi train' "$work/resumed.txt" ||
  fail "one process did not go on from the checkpoint of two"
grep -q '^VAE of domain 1: step' "$work/resumed.txt" && fail "what two processes had finished was trained again"
echo "mpi: fine"
