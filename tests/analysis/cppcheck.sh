#!/bin/sh
# cppcheck over lib/ and examples/. What is suppressed stands in cppcheck.txt, each line below its reason.
# 77 where cppcheck is missing.
# usage: tests/analysis/cppcheck.sh
set -u

cd "$(dirname "$0")/../.." || exit 1
if ! command -v cppcheck >/dev/null 2>&1; then
  echo "cppcheck: it is not here"
  exit 77
fi
mkdir -p build
grep -v '^#' tests/analysis/cppcheck.txt >build/cppcheck.txt
cppcheck --enable=warning,performance,portability --std=c11 --language=c --library=gtk -j "$(nproc)" --quiet --inline-suppr \
  --error-exitcode=1 --suppressions-list=build/cppcheck.txt --template='{file}:{line}: {severity}: {id}: {message}' \
  -I include -I lib -DXD_BUILDING -DXDI_WITH_NATIVE -DXDI_WITH_OPENBLAS -DXDI_WITH_ZLIB -D__x86_64__ -D__linux__ \
  -i lib/backend/onednn -i lib/backend/opencl lib examples
status=$?
if [ "$status" -eq 0 ]; then echo "cppcheck: no findings"; fi
exit "$status"
