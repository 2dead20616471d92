#!/bin/sh
# How trainings by xdomain-mpi scale on this machine, one thread a process: the table of docs/distributed.md. For a quiet
# machine of two cores or more; less than ten minutes.
#   strong   the same batch by two processes as by one
#   weak     as many rows by each of two processes as by one
#   apart    two trainings at once that share nothing but the machine: what two processes could reach at best
# Times are a step's, the best of the rounds. Shares are those of a whole training spent in sums, waiting included.
# usage: scaling.sh BIN_FOLDER MNIST_FOLDER [STEPS [ROUNDS]]    steps of each VAE (60), rounds of all (3)
#   examples/mpi/scaling.sh build/release/bin "$(examples/data.sh mnist)"
set -eu

bin=${1:?usage: scaling.sh BIN_FOLDER MNIST_FOLDER [STEPS [ROUNDS]]}
mnist=$2 steps=${3:-60} rounds=${4:-3}
mapping_steps=$((steps * 20))

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
set="idx:$mnist/train-images-idx3-ubyte,$mnist/train-labels-idx1-ubyte"

# RANKS NAME COMMAND OPTION...: what is said goes to NAME.txt
train() {
  ranks=$1 name=$2 command=$3
  shift 3
  mpirun --bind-to none -n "$ranks" "$bin/xdomain-mpi" "$command" --domain1 "$set;classes=0-4;subset=640" \
    --domain2 "$set;classes=5-9;subset=640" --pairs 0:5,1:6,2:7,3:8,4:9 --out "$work/$name.xdm" --no-valid \
    --no-preview --no-checkpoint --threads 1 --allow-collapse --set "vae.epochs=0 vae.min_steps=$steps \
vae.sharpen=0 mapping.steps=$mapping_steps mapping.codes_per_picture=1" "$@" 2>"$work/$name.txt" || {
    cat "$work/$name.txt" >&2
    exit 1
  }
}

# NAME KIND STEPS: appends milliseconds a step and the share of sums to KIND.NAME
note() {
  awk -v kind="$2" -v steps="$3" '
    /^trained in/ {
      gsub(/[(),]/, " ")
      for (i = 1; i <= NF; i++)
        if ((kind == "vae" && $i == "VAE") || (kind == "mapping" && $i == "to" && $(i - 1) ~ /^[12]$/))
          seconds += $(i + 2)
    }
    /^[0-9]+ ranks: / { share = $3 }
    END { printf "%.2f %s\n", 1000 * seconds / (2 * steps), share }' "$work/$1.txt" >>"$work/$2.$1"
}

# NAME: the best round
best() { sort -n "$work/$1" | head -n 1; }

for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  train 1 one train --vaes-only --set vae.batch=128
  train 2 strong train --vaes-only --set vae.batch=128
  train 2 weak train --vaes-only --set vae.batch=256
  train 1 apart train --vaes-only --set vae.batch=128 &
  apart=$!
  train 1 other train --vaes-only --set vae.batch=128
  wait "$apart"
  for name in one strong weak apart; do note $name vae "$steps"; done
  cp "$work/one.xdm" "$work/vaes.xdm"
  train 1 one map --model "$work/vaes.xdm" --set mapping.batch=128
  train 2 strong map --model "$work/vaes.xdm" --set mapping.batch=128
  train 2 weak map --model "$work/vaes.xdm" --set mapping.batch=256
  for name in one strong weak; do note $name mapping "$mapping_steps"; done
done
mpirun --bind-to none -n 2 "$bin/xdomain-mpi-sums" >"$work/sums"

row() { # KIND NAME PROCESSES BATCH: times as fast is by pictures or codes a second
  # shellcheck disable=SC2046 # two words each
  set -- "$@" $(best "$1.$2") $(best "$1.one")
  echo "$@" | awk '{ share = NF == 7 ? $6 : "-"
    printf "| %s, %s | %s | %s | %.1f ms | %.2f | %s |\n", $1, $2, $3, $4, $5, $4 / 128 * $NF / $5, share }'
}

echo "| a step of | processes | batch | time | times as fast | share in sums |"
echo "|---|---|---|---|---|---|"
row vae one 1 128
row vae strong 2 128
row vae weak 2 256
row vae apart 2 256
row mapping one 1 128
row mapping strong 2 128
row mapping weak 2 256
best vae.one | cat - "$work/sums" | tr '\n' ' ' | awk '
  function of(c, ranks, latency, bytes_a_second, two) {
    two = 2 * (ranks - 1)
    return c / ranks + 3 * two * latency + two / ranks * 13.4e6 / bytes_a_second
  }
  function say(what, c, bytes_a_second, t) {
    t = of(c, 64, 20e-6, bytes_a_second)
    printf "  %s: %.0f ms, %.1f times as fast as one, %.0f%% efficient\n", what, 1e3 * t, c / t, 100 * c / t / 64
  }
  {
    c = $1 / 1e3; one = $(NF - 1) / 1e6; all = $NF / 1e3
    printf "\nC = %.3f s for 128 pictures; a sum of one number by two processes here: %.1f us; of 13.4 MB: %.1f ms\n",
           c, 1e6 * one, 1e3 * all
    print "64 ranks on paper, 20 us a message:"
    say("batch 4096 at 10 Gbit/s", 32 * c, 1.25e9)
    say("batch 4096 at 1 Gbit/s", 32 * c, 0.125e9)
    say("batch 128 at 10 Gbit/s", c, 1.25e9)
    say("batch 128 at 1 Gbit/s", c, 0.125e9)
  }'
