#!/bin/sh
# clang-tidy over lib/ and examples/, by the checks in .clang-tidy; what is excused stands in clang_tidy.txt, each line
# (FILE CHECK) below its reason. 77 where clang-tidy is missing.
# usage: tests/analysis/clang_tidy.sh
set -u

cd "$(dirname "$0")/../.." || exit 1
tidy=""
for name in clang-tidy-14 clang-tidy; do
  if [ -z "$tidy" ] && command -v "$name" >/dev/null 2>&1; then tidy=$name; fi
done
if [ -z "$tidy" ]; then
  echo "clang_tidy: clang-tidy is not here"
  exit 77
fi
tests/analysis/configure.sh || exit 1
root=$PWD
tests/analysis/sources.sh |
  xargs -P "$(nproc)" -n 8 "$tidy" -p build/analysis --quiet 2>/dev/null >build/analysis/tidy.txt
sed -n "s#^$root/##; /: warning: .*\[/p; /: error: .*\[/p" build/analysis/tidy.txt | LC_ALL=C sort -u |
  tests/analysis/filter.sh tests/analysis/clang_tidy.txt
status=$?
if [ "$status" -eq 0 ]; then echo "clang_tidy: no findings"; fi
exit "$status"
