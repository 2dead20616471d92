#!/bin/sh
# What of lib/ the unit tests and fault sweeps run, by gcovr: lines and branches of each room, held to the gates
# below. Builds build/coverage, at -Og, since kernels take an hour at -O0, and without inlining, xxHash's too, which
# would count a branch once for each caller. The full report is build/coverage/coverage.txt. 77 where gcovr is
# missing, or older than 6: kernels' variants have functions of one name at several lines (pip install gcovr).
# usage: tests/coverage.sh [--report]    --report: gates alone, from the last run's counts
set -u

cd "$(dirname "$0")/.." || exit 1
if ! command -v gcovr >/dev/null 2>&1; then
  echo "coverage: gcovr is not here"
  exit 77
fi
if ! gcovr --help | grep -q merge-mode-functions; then
  echo "coverage: $(gcovr --version | head -n 1) is too old, it takes 6 or newer"
  exit 77
fi
folder=build/coverage
generator="Unix Makefiles"
if command -v ninja >/dev/null 2>&1; then generator=Ninja; fi
if [ "${1:-}" != --report ]; then
  mkdir -p "$folder"
  cmake -S . -B "$folder" -G "$generator" -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_FLAGS="-Og -fno-inline --coverage -fprofile-update=atomic -DXXH_NO_INLINE_HINTS" \
    -DXDOMAIN_BUILD_EXAMPLES=OFF -DXDOMAIN_WITH_PLUGINS=OFF -DXDOMAIN_TEST_SECONDS=3600 >"$folder/log" 2>&1 &&
    cmake --build "$folder" --parallel "$(nproc)" >>"$folder/log" 2>&1 || { tail -30 "$folder/log"; exit 1; }
  find "$folder" -name '*.gcda' -delete
  (cd "$folder" && ctest -j "$(nproc)" -L 'unit|faults' --output-on-failure) >"$folder/ctest.log" 2>&1 ||
    { tail -30 "$folder/ctest.log"; exit 1; }
  # Every fault where a run takes a moment; of trainings, those of the short forms.
  for scenario in folder pictures options save load judge translate views encode; do
    for kind in allocations kernels; do
      "$folder/tests/faults" "$kind" --all --only "$scenario" >"$folder/faults.log" 2>&1 ||
        { cat "$folder/faults.log"; exit 1; }
    done
  done
fi
# The tests link the static library. Third-party code and oneDNN's plug-in are left out.
gcovr --root . --object-directory "$folder" --filter 'lib/' --exclude-throw-branches --gcov-ignore-parse-errors=all \
  --merge-mode-functions=separate -j "$(nproc)" --json-summary "$folder/coverage.json" --txt "$folder/coverage.txt" \
  "$folder/CMakeFiles/xdomain_static_objects.dir" >"$folder/gcovr.log" 2>&1 ||
  { tail -20 "$folder/gcovr.log"; exit 1; }
python3 tests/coverage_gates.py "$folder/coverage.json"
