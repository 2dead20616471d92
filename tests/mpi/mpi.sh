#!/bin/sh
# xdomain-mpi by two processes on this machine: the same bytes each time, nearly those of one process, an end with
# a reason when a process is killed, and what is left resumed by another number of them. 77 without Open MPI.
# usage: mpi.sh XDOMAIN_MPI MAKE_PICTURES
set -u

program=${1:?usage: mpi.sh XDOMAIN_MPI MAKE_PICTURES}
maker=$2

command -v mpirun >/dev/null || { echo "mpi: there is no mpirun"; exit 77; }
[ -x "$program" ] || { echo "mpi: xdomain-mpi was not built"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "mpi: $*" >&2; cat "$work"/*.txt >&2; exit 1; }

"$maker" "$work/pictures" 12 1 >"$work/maker.txt" || fail "no pictures"

# A container's only user is root, and its processors may be fewer than the processes.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
train() { # RANKS MODEL [OPTION]...
  ranks=$1 model=$2
  shift 2
  mpirun -n "$ranks" "$program" train --domain1 "dir:$work/pictures/shapes/train;size=16x16" \
    --domain2 "dir:$work/pictures/glyphs/train;size=16x16" --pairs 0:0,1:1 --out "$work/$model" \
    --set "epochs=2 min_steps=0 vae.batch=12 base_channels=4 latent_dim=4 hidden1=16 mapping.steps=$steps \
mapping.batch=16 hidden_width=32 hidden_layers=2 allow_collapse=1 sharpen=0" "$@" >"$work/$model.txt" 2>&1
}

steps=10
train 2 two.xdm || fail "two ranks"
train 2 again.xdm || fail "two ranks again"
train 1 one.xdm || fail "one rank"
cmp "$work/two.xdm" "$work/again.xdm" || fail "two ranks gave other bytes the second time"
train 2 overlapping.xdm --overlap || fail "two ranks with --overlap"
grep -q '^2 ranks: ' "$work/two.xdm.txt" || fail "nothing is said of the sums"
train 2 two.xdm && fail "a model was overwritten"
grep -q 'it is there already' "$work/two.xdm.txt" || fail "no reason why the model is not overwritten"

# A rank that is killed ends the other, with a word on it; the checkpoint is of the first stage at least.
steps=100000
train 2 killed.xdm --checkpoint "$work/state" &
started=$!
for _ in $(seq 300); do
  grep -q '^codes: step 2' "$work/killed.xdm.txt" 2>/dev/null && break
  sleep 0.1
done
victim=$(pgrep -n -f "$work/killed.xdm") || fail "no process to kill"
kill -9 "$victim"
wait "$started" && fail "a killed rank counts as success"
grep -q -i 'signal 9' "$work/killed.xdm.txt" || fail "no reason why the ranks ended"
[ -f "$work/state" ] || fail "no checkpoint is left"

# The number of steps is what the training is, so it is stopped again, by a signal, and is still sound.
train 1 resumed.xdm --checkpoint "$work/state" --resume &
started=$!
for _ in $(seq 300); do
  grep -q '^mapping1: step' "$work/resumed.xdm.txt" 2>/dev/null && break
  sleep 0.1
done
kill -TERM "$(pgrep -n -f "$work/resumed.xdm")"
wait "$started"
grep -q 'stopped; --resume goes on' "$work/resumed.xdm.txt" || fail "one rank did not go on from two ranks' checkpoint"
grep -q '^vae1: ' "$work/resumed.xdm.txt" && fail "what two ranks had finished was trained again"
echo "mpi: fine"
