#!/bin/sh
# Compiles the library for another processor and runs under qemu what depends on it: results alone, an emulator's
# speed says nothing. On aarch64 that is the NEON kernels above all; s390x is big-endian, and reads and writes the
# same files. OpenBLAS, zlib and the plug-ins are left out. Returns 77 and says why where a compiler, qemu or
# Check for the processor cannot be had.
# usage: tests/portable/processor.sh aarch64|s390x [BUILD-FOLDER]    [build/PROCESSOR]
set -u

cd "$(dirname "$0")/../.." || exit 1
. examples/packages.sh
. tests/portable/common.sh

name=${1:?usage: processor.sh aarch64|s390x [BUILD-FOLDER]}
folder=${2:-build/$name}
triple=$name-linux-gnu
case $name in
  aarch64)
    debian=arm64
    tests="shape random memory runner context half int8 file backend_registry backend_conformance golden_kernels
native_math native_gemm layers layer_gradients reference_gradients host_layer network executor optimiser
model_file int8_file"
    ;;
  s390x)
    debian=s390x
    tests="random half int8 digest file golden_kernels layers network int8_file dataset_idx dataset_mat image_files"
    ;;
  *)
    echo "processor.sh knows aarch64 and s390x" >&2
    exit 2
    ;;
esac
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
root=$folder/root

# apt-get for the processor with lists and cache of its own: this machine's packages stay as they are.
foreign_apt() {
  apt-get -q -o APT::Architecture=$debian -o APT::Architectures=$debian -o APT::Sandbox::User=root \
    -o Dir::State="$folder/apt" -o Dir::State::status="$folder/apt/status" -o Dir::Cache="$folder/apt" "$@"
}

# Check for the processor is unpacked in the build folder, once.
fetch_check() {
  [ ! -f "$root/usr/lib/$triple/pkgconfig/check.pc" ] || return 0
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$root" &&
    : >"$folder/apt/status" &&
    foreign_apt update &&
    (cd "$folder/apt/archives" && foreign_apt download check libsubunit-dev) || return 1
  for package in check libsubunit-dev; do
    dpkg -x "$folder/apt/archives/$package"_*_$debian.deb "$root" || return 1
  done
}

need_build_packages
need_package gcc-$name-linux-gnu has_command $triple-gcc
need_package libc6-dev-$debian-cross test -f /usr/$triple/include/stdio.h
need_package qemu-user has_command qemu-$name
install_packages >"$folder/install.log" 2>&1 || skip "$(tail -n 1 "$folder/install.log")"
fetch_check >"$folder/fetch.log" 2>&1 || skip "Check for $debian cannot be fetched"
link_headers || skip "the headers of stb and xxHash are not in /usr/include"

targets=""
for test in $tests; do targets="$targets test_$test"; done
# shellcheck disable=SC2086 # on one line
pattern=$(echo $tests | tr ' ' '|')

export PKG_CONFIG_LIBDIR="$root/usr/lib/$triple/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
logged configure configure -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$name -DCMAKE_C_COMPILER=$triple-gcc \
  "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-$name;-L;/usr/$triple" -DXDOMAIN_BUILD_TESTS=ON
# shellcheck disable=SC2086 # one word a target
logged build build xdomain_static $targets
build_portable $triple-gcc
run_portable qemu-$name -L /usr/$triple "$folder/portable" || exit 1
export XDOMAIN_TESTS_NATIVE_ALONE=1
cd "$folder" && ctest --parallel "$(nproc 2>/dev/null || echo 2)" --output-on-failure --no-tests=error \
  -R "^($pattern)\$"
