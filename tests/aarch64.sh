#!/bin/sh
# Compiles the library for aarch64 and runs the tests of what depends on the processor there, the NEON
# kernels above all, under qemu: results alone, an emulator's speed says nothing. OpenBLAS, zlib and the
# onednn plug-in are left out. Returns 77 and says why where a compiler, qemu or Check for aarch64
# cannot be had.
# usage: tests/aarch64.sh [BUILD-FOLDER]    [build/aarch64]
set -u

cd "$(dirname "$0")/.." || exit 1
. examples/packages.sh

folder=${1:-build/aarch64}
triple=aarch64-linux-gnu
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
root=$folder/root

tests="shape random memory runner context half file backend_registry backend_conformance golden_kernels
native_math native_gemm layers layer_gradients reference_gradients host_layer network executor optimiser
model_file"

skip() {
  echo "aarch64 is skipped: $*"
  exit 77
}

# apt-get for arm64 with lists and cache of its own: this machine's packages stay as they are.
foreign_apt() {
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
    -o Dir::State="$folder/apt" -o Dir::State::status="$folder/apt/status" -o Dir::Cache="$folder/apt" "$@"
}

# Check for arm64 is unpacked in the build folder, once.
fetch_check() {
  [ ! -f "$root/usr/lib/$triple/pkgconfig/check.pc" ] || return 0
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$root" &&
    : >"$folder/apt/status" &&
    foreign_apt update &&
    (cd "$folder/apt/archives" && foreign_apt download check libsubunit-dev) || return 1
  for package in check libsubunit-dev; do
    dpkg -x "$folder/apt/archives/$package"_*_arm64.deb "$root" || return 1
  done
}

# The headers of stb and xxHash are alike for all processors.
link_headers() {
  mkdir -p "$folder/include"
  for header in stb xxhash.h; do
    [ -e "/usr/include/$header" ] || return 1
    ln -sfn "/usr/include/$header" "$folder/include/$header" || return 1
  done
}

configure() {
  generator="Unix Makefiles"
  if command -v ninja >/dev/null 2>&1; then generator=Ninja; fi
  if [ ! -f "$folder/CMakeCache.txt" ]; then set -- -G "$generator"; else set --; fi
  PKG_CONFIG_LIBDIR=$root/usr/lib/$triple/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
    cmake -S . -B "$folder" "$@" \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=$triple-gcc \
    "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/$triple" -DCMAKE_BUILD_TYPE=Release \
    -DXDOMAIN_STB_INCLUDE="$folder/include" -DXDOMAIN_XXHASH_INCLUDE="$folder/include" \
    -DXDOMAIN_WITH_OPENBLAS=OFF -DXDOMAIN_WITH_ONEDNN=OFF -DXDOMAIN_WITH_ZLIB=OFF \
    -DXDOMAIN_BUILD_EXAMPLES=OFF -DXDOMAIN_BUILD_TESTS=ON
}

build() {
  targets=""
  for name in $tests; do targets="$targets test_$name"; done
  # shellcheck disable=SC2086 # one word a target
  cmake --build "$folder" --parallel "$(nproc 2>/dev/null || echo 2)" --target $targets
}

need_build_packages
need_package gcc-aarch64-linux-gnu has_command $triple-gcc
need_package libc6-dev-arm64-cross test -f /usr/$triple/include/stdio.h
need_package qemu-user has_command qemu-aarch64
install_packages >"$folder/install.log" 2>&1 || skip "$(tail -n 1 "$folder/install.log")"
fetch_check >"$folder/fetch.log" 2>&1 || skip "Check for arm64 cannot be fetched"
link_headers || skip "the headers of stb and xxHash are not in /usr/include"

for step in configure build; do
  $step >"$folder/$step.log" 2>&1 || { cat "$folder/$step.log"; exit 1; }
done
grep -A 6 'warning:' "$folder/build.log" || true
# shellcheck disable=SC2086 # on one line
pattern=$(echo $tests | tr ' ' '|')
export XDOMAIN_TESTS_NATIVE_ALONE=1
cd "$folder" && ctest --parallel "$(nproc 2>/dev/null || echo 2)" --output-on-failure --no-tests=error \
  -R "^($pattern)\$"
