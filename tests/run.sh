#!/bin/sh
# Installs what is missing, builds, and runs every test:
#   release   unit tests, the law, the package, the tool      (build/release)
#   training  short trainings on real pictures                (build/release)
#   asan      unit tests and faults under both sanitizers     (build/asan)
#   tsan      the tests with threads under ThreadSanitizer    (build/tsan)
#   valgrind  a subset of the unit tests under Valgrind       (build/release)
#   fuzz      each fuzz target for some seconds               (build/fuzz; skipped without Clang's libFuzzer)
#   aarch64   what depends on the processor, NEON under qemu  (build/aarch64; skipped where it cannot be had)
#   s390x     files and numbers on a big-endian processor     (build/s390x; likewise)
#   musl      the library with another C library              (build/musl; likewise)
#   windows   the library by mingw-w64, under wine            (build/windows; likewise)
# What tests write goes below TMPDIR or, where that is not set, to memory (/dev/shm) if there is room: they write and
# flush many thousands of small files, and wait for a disk longer than they compute.
# Where everything is installed it works offline. XDOMAIN_DATA names the folder of further real
# pictures (svhn/); tests that lack their data are skipped and say so.
# usage: tests/run.sh [--quick]    --quick: the release stage's unit tests alone
set -u

cd "$(dirname "$0")/.." || exit 1
. examples/packages.sh

quick=no
case ${1:-} in
  "") ;;
  --quick) quick=yes ;;
  *) sed -n '2,/^# usage/s/^# \{0,1\}//p' "$0"; [ "$1" = --help ]; exit $? ;;
esac

jobs=$(nproc 2>/dev/null || echo 2)
started=$(date +%s)
logs=$PWD/build/logs
summary=""
closing_good=""
closing_bad=""
failed=0

# Debian's package is that of Debian's Clang; where another is on the path, it is of no use and no harm.
has_fuzzer() {
  echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }' |
    clang -x c -fsanitize=fuzzer,address -o /dev/null - 2>/dev/null
}

prepare() {
  need_build_packages
  need_package check has_module check
  need_package libmatio-dev has_module matio
  need_package clang-format-14 has_command clang-format-14
  [ "$quick" = yes ] || need_package valgrind has_command valgrind
  if [ "$quick" = no ]; then
    need_package python3-venv python3 -c 'import ensurepip'
    need_package python3-pip python3 -m pip --version
    need_package abigail-tools has_command abidw
    need_package man-db has_command man
    need_package doxygen has_command doxygen
    need_package zsh has_command zsh
    need_package lintian has_command lintian
    need_package gegl has_command gegl
    need_package libgegl-dev has_module gegl-0.4
    need_package libvips-dev has_module vips
    need_package libvips-tools has_command vips
  fi
  install_packages || exit 1
  if [ "$quick" = no ]; then
    need_package clang has_command clang
    need_package libclang-rt-14-dev has_fuzzer
    install_packages || echo "Clang cannot be had: what needs it is skipped."
  fi
  generator="Unix Makefiles"
  if command -v ninja >/dev/null 2>&1; then generator=Ninja; fi
  mkdir -p "$logs"
}

# A folder in memory of 2 GiB or more from which programs can be run, as TMPDIR.
write_to_memory() {
  free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
  [ "${free:-0}" -ge 2097152 ] && scratch=$(mktemp -d /dev/shm/xdomain.XXXXXX) || return 0
  trap 'rm -rf "$scratch"' EXIT
  printf '#!/bin/sh\n' >"$scratch/runs"
  chmod +x "$scratch/runs"
  if "$scratch/runs" 2>/dev/null; then
    TMPDIR=$scratch
    export TMPDIR
  fi
}

# build FOLDER TARGET OPTION...
build() {
  folder=$1
  target=$2
  shift 2
  if [ ! -f "$folder/CMakeCache.txt" ]; then set -- -G "$generator" "$@"; fi
  cmake -S . -B "$folder" -DXDOMAIN_BUILD_TESTS=ON "$@" >"$logs/configure.log" 2>&1 ||
    { cat "$logs/configure.log"; return 1; }
  cmake --build "$folder" --target "$target" --parallel "$jobs" >"$logs/build.log" 2>&1 ||
    { cat "$logs/build.log"; return 1; }
  grep -A 6 'warning:' "$logs/build.log" || true
}

# tests FOLDER JOBS OPTION...: ctest, its output shown and kept.
tests() {
  folder=$1
  parallel=$2
  shift 2
  rm -f "$logs/status"
  {
    (cd "$folder" && ctest --parallel "$parallel" --output-on-failure --no-tests=error "$@")
    echo $? >"$logs/status"
  } 2>&1 |
    tee "$logs/ctest.log"
  # A ctest that was killed leaves no status, or no closing line.
  grep -q 'tests passed' "$logs/ctest.log" && return "$(cat "$logs/status" 2>/dev/null || echo 1)"
}

# stage NAME MINUTES FUNCTION: runs it and keeps a line for the summary.
stage() {
  echo
  echo "==== $1"
  begun=$(date +%s)
  rm -f "$logs/ctest.log"
  "$3"
  case $? in
    0) result=passed ;;
    77) result=skipped ;;
    *) result=FAILED ;;
  esac
  seconds=$(($(date +%s) - begun))
  line=$(grep 'tests passed' "$logs/ctest.log" 2>/dev/null)
  note=""
  if [ "$seconds" -gt $(($2 * 60)) ]; then note="  (over its budget of $2 min)"; fi
  summary="$summary$(printf '%-9s %-7s %5d s%s' "$1" "$result" "$seconds" "$note")
"
  if [ "$result" != FAILED ]; then
    closing_good="$(printf '%-9s ' "$1:")${line:-skipped}
$closing_good"
  else
    closing_bad="$closing_bad$(printf '%-9s ' "$1:")${line:-did not get through its tests}
"
    failed=1
  fi
}

release() {
  build build/release all -DCMAKE_BUILD_TYPE=Release -DXDOMAIN_BUILD_EXAMPLES=ON -DXDOMAIN_WERROR=ON || return 1
  if [ "$quick" = yes ]; then
    tests build/release "$jobs" -L 'unit|law'
  else
    tests build/release "$jobs" -LE 'training|valgrind'
  fi
}

training() { tests build/release 1 -L training; }

# Unit tests alone: the tool and the examples are not built. OpenCL's drivers are left out, which leak what the
# process keeps, and under ThreadSanitizer the onednn plug-in too: OpenMP's runtime is not instrumented, and every
# barrier of it would be reported.
asan() {
  build build/asan all -DCMAKE_BUILD_TYPE=RelWithDebInfo -DXDOMAIN_SANITIZE=address,undefined \
    -DXDOMAIN_BUILD_EXAMPLES=OFF -DXDOMAIN_WITH_OPENCL=OFF && tests build/asan "$jobs" -L 'unit|faults'
}

tsan() {
  build build/tsan thread_programs -DCMAKE_BUILD_TYPE=RelWithDebInfo -DXDOMAIN_SANITIZE=thread \
    -DXDOMAIN_BUILD_EXAMPLES=OFF -DXDOMAIN_WITH_PLUGINS=OFF &&
    tests build/tsan "$jobs" -L thread
}

memcheck() { tests build/release "$jobs" -L valgrind; }

fuzz() { tests/fuzz/run.sh --build && tests build/fuzz "$jobs" -L fuzz; }

# script COMMAND...: one of its own, 77 where a compiler or an emulator cannot be had.
script() {
  rm -f "$logs/status"
  { "$@"; echo $? >"$logs/status"; } 2>&1 | tee "$logs/ctest.log"
  return "$(cat "$logs/status" 2>/dev/null || echo 1)"
}

aarch64() { script tests/portable/processor.sh aarch64; }
s390x() { script tests/portable/processor.sh s390x; }
musl() { script tests/portable/musl.sh; }
windows() { script tests/portable/windows.sh; }

prepare
[ -n "${TMPDIR:-}" ] || write_to_memory
if [ "$quick" = yes ]; then
  stage release 8 release
else
  # The tests never fetch: what they need is fetched here.
  XDOMAIN_MNIST=$(examples/data.sh mnist) || echo "MNIST cannot be had: what needs it is skipped."
  export XDOMAIN_MNIST
  XDOMAIN_PYTHON_PACKAGES=$PWD/build/python-packages
  export XDOMAIN_PYTHON_PACKAGES
  tests/python/packages.sh "$XDOMAIN_PYTHON_PACKAGES" || echo "Python's packages cannot be had: its test is skipped."
  stage release 8 release
  stage training 8 training
  stage asan 9 asan
  stage tsan 5 tsan
  stage valgrind 6 memcheck
  stage fuzz 8 fuzz
  stage aarch64 4 aarch64
  stage s390x 4 s390x
  stage musl 3 musl
  stage windows 6 windows
fi

echo
echo "==== summary: $(($(date +%s) - started)) s"
printf '%s\n' "$summary"
# What failed stands last; otherwise the release stage does.
printf '%s%s' "$closing_good" "$closing_bad"
exit "$failed"
