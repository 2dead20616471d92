#!/bin/sh
# Library, examples and unit tests as gcc and clang build them at -O0, -O1, -O2 and -O3, without a warning, one
# build folder after the other (build/compilers). A compiler that is missing is passed over and named.
# usage: tests/analysis/compilers.sh [COMPILER LEVEL]...    such as: gcc 0 clang-14 3
set -u

cd "$(dirname "$0")/../.." || exit 1
if [ $# -eq 0 ]; then set -- gcc 0 gcc 1 gcc 2 gcc 3 clang-14 0 clang-14 1 clang-14 2 clang-14 3; fi
generator="Unix Makefiles"
if command -v ninja >/dev/null 2>&1; then generator=Ninja; fi
folder=build/compilers
failed=0

# one COMPILER LEVEL
one() {
  rm -rf "$folder"
  mkdir -p "$folder"
  cmake -S . -B "$folder" -G "$generator" -DCMAKE_C_COMPILER="$1" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="-O$2" \
    -DXDOMAIN_WERROR=ON -DXDOMAIN_BUILD_EXAMPLES=ON -DXDOMAIN_WITH_PLUGINS=OFF -DXDOMAIN_TEST_SECONDS=3600 \
    >"$folder/log" 2>&1 &&
    cmake --build "$folder" --parallel "$(nproc)" >>"$folder/log" 2>&1 &&
    (cd "$folder" && ctest -j "$(nproc)" -L unit --output-on-failure) >>"$folder/log" 2>&1
}

while [ $# -ge 2 ]; do
  if ! command -v "$1" >/dev/null 2>&1; then
    echo "$1 -O$2: the compiler is not here"
  elif one "$1" "$2"; then
    echo "$1 -O$2: $(grep 'tests passed' "$folder/log")"
  else
    echo "$1 -O$2: FAILED"
    grep -E -A 6 'error:|Failed|\*\*\*' "$folder/log" | head -40
    failed=1
  fi
  shift 2
done
exit "$failed"
