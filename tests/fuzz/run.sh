#!/bin/sh
# Builds the fuzz targets into build/fuzz and runs each for some minutes, one a processor at a time. What
# earlier runs found is the start of the next (build/fuzz/tests/fuzz/corpus); inputs that break something
# lie in build/fuzz/tests/fuzz/findings. Needs Clang; 77 where it is missing.
# usage: tests/fuzz/run.sh [--minutes N | --build] [NAME...]    names: calls checkpoint idx judge mat model options
#   picture spec weights; --build: builds only, after which `ctest -L fuzz` in build/fuzz runs each for 5 seconds
set -u

cd "$(dirname "$0")/../.." || exit 1
minutes=1
build_only=no
names=""
while [ $# -gt 0 ]; do
  case $1 in
    --minutes)
      minutes=${2:?--minutes takes a number}
      shift 2
      ;;
    --build)
      build_only=yes
      shift
      ;;
    -*)
      sed -n '2,/^set -u/s/^# \{0,1\}//p' "$0" | sed '/^set -u/d'
      [ "$1" = --help ]
      exit $?
      ;;
    *)
      names="$names $1"
      shift
      ;;
  esac
done

clang=""
for name in clang clang-14 clang-15 clang-16 clang-17 clang-18 clang-19; do
  if [ -z "$clang" ] && command -v "$name" >/dev/null 2>&1 &&
    echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }' |
    "$name" -x c -fsanitize=fuzzer,address -o /dev/null - 2>/dev/null; then
    clang=$name
  fi
done
if [ -z "$clang" ]; then
  echo "fuzz: no Clang with libFuzzer is here"
  exit 77
fi

folder=build/fuzz
mkdir -p build/logs
generator="Unix Makefiles"
if command -v ninja >/dev/null 2>&1; then generator=Ninja; fi
if [ ! -f "$folder/CMakeCache.txt" ]; then set -- -G "$generator" -DCMAKE_C_COMPILER="$clang"; fi
cmake -S . -B "$folder" "$@" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="-O1 -gline-tables-only" -DXDOMAIN_FUZZ=ON \
  -DXDOMAIN_SANITIZE=address,undefined -DXDOMAIN_BUILD_TESTS=ON -DXDOMAIN_BUILD_EXAMPLES=OFF \
  -DXDOMAIN_WITH_PLUGINS=OFF >build/logs/fuzz.log 2>&1 &&
  cmake --build "$folder" --target fuzz_targets --parallel "$(nproc)" >>build/logs/fuzz.log 2>&1 || { tail -40 build/logs/fuzz.log; exit 1; }

if [ "$build_only" = yes ]; then exit 0; fi

here=$folder/tests/fuzz
"$here/make_seeds" "$here/seeds" || exit 1
if [ -z "$names" ]; then
  names=$(cd "$here" && for program in fuzz_*; do [ -x "$program" ] && [ -f "$program" ] && echo "${program#fuzz_}"; done)
fi

# one NAME: runs it; says how many inputs it tried, or shows the finding and leaves a mark.
one() {
  seconds=$(awk -v minutes="$minutes" 'BEGIN { printf "%d", minutes * 60 }')
  if said=$(tests/fuzz/target.sh "$here/fuzz_$1" "$here" "$seconds" 2>&1); then
    printf '%-8s %s\n' "$1" "$said"
  else
    printf '%-8s FOUND SOMETHING\n%s\n' "$1" "$said"
    : >"$here/failed"
  fi
}

rm -f "$here/failed"
at_once=$(nproc)
running=0
for name in $names; do
  one "$name" &
  running=$((running + 1))
  if [ "$running" -ge "$at_once" ]; then
    wait
    running=0
  fi
done
wait
[ ! -f "$here/failed" ]
