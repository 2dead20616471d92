#!/bin/sh
# The same seed gives the same file, byte for byte: twice, and at one and two threads, on every backend;
# another seed gives another file.
# usage: test_same_bytes.sh XDOMAIN_TOOL
set -u
. "$(dirname "$0")/mnist.sh"

# learn OUT OPTION...: a training that is much too short, but goes through every stage.
learn() {
  out=$work/$1.xdm
  shift
  "$tool" train --domain1 "$train;classes=0-4;first=600" --domain2 "$train;classes=5-9;first=600" \
    --pairs "$pairs" --out "$out" --no-valid --epochs 1 --min-steps 0 --steps 30 "$@" >"$work/log" 2>&1 || {
    cat "$work/log"
    fail "xdomain train $*"
  }
}

same() { cmp -s "$work/$1.xdm" "$work/$2.xdm" || fail "$1 and $2 differ"; }

for backend in native openblas reference; do
  learn "$backend" --backend $backend --threads 1 --seed 3
  learn "$backend-2-threads" --backend $backend --threads 2 --seed 3
  same "$backend" "$backend-2-threads"
done
learn again --backend native --threads 2 --seed 3
same native again
learn other --backend native --threads 2 --seed 4
if cmp -s "$work/native.xdm" "$work/other.xdm"; then fail "seeds 3 and 4 give the same file"; fi

[ "$failures" -eq 0 ] && echo "same seed, same bytes"
exit "$((failures > 0))"
