#!/bin/sh
# GCC's -fanalyzer over lib/ and examples/, one file at a time. What is suppressed stands in gcc_analyzer.txt, each
# line (FILE WARNING) below its reason. 77 where the compiler has no analyzer.
# usage: tests/analysis/gcc_analyzer.sh [FILE...]
set -u

cd "$(dirname "$0")/../.." || exit 1
if ! echo 'int x;' | gcc -fanalyzer -x c -c -o /dev/null - 2>/dev/null; then
  echo "gcc_analyzer: no gcc with -fanalyzer is here"
  exit 77
fi
mkdir -p build
found=build/gcc_analyzer.found
: >"$found"
if [ $# -eq 0 ]; then
  # The kernels are loops over vectors without pointers of their own, and take the analyzer minutes.
  # shellcheck disable=SC2046 # paths without blanks
  set -- $(tests/analysis/sources.sh | grep -v -E '/kernels/|image/stb\.c')
fi
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 gcc -std=c11 -D_XOPEN_SOURCE=700 -O1 -fanalyzer -c -o /dev/null \
  -I include -I lib -I examples -DXD_BUILDING -DXDI_WITH_NATIVE -DXDI_WITH_OPENBLAS -DXDI_WITH_ZLIB 2>&1 |
  grep -E 'warning: .*\[-Wanalyzer|error:' >"$found"
LC_ALL=C sort -u "$found" | tests/analysis/filter.sh tests/analysis/gcc_analyzer.txt
status=$?
if [ "$status" -eq 0 ]; then echo "gcc_analyzer: no findings"; fi
exit "$status"
