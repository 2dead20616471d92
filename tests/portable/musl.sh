#!/bin/sh
# Compiles the library with musl, the C library of Alpine and of static programs, and runs the program of what must
# hold everywhere, linked statically; OpenBLAS, zlib and the plug-ins are left out. Returns 77 and says why
# where musl's tools cannot be had.
# usage: tests/portable/musl.sh [BUILD-FOLDER]    [build/musl]
set -u

cd "$(dirname "$0")/../.." || exit 1
. examples/packages.sh
. tests/portable/common.sh

name=musl
folder=${1:-build/musl}
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)

need_build_packages
need_package musl-tools has_command musl-gcc
install_packages >"$folder/install.log" 2>&1 || skip "$(tail -n 1 "$folder/install.log")"
link_headers || skip "the headers of stb and xxHash are not in /usr/include"

# Threads have stacks of 128 KiB there.
logged configure configure -DCMAKE_C_COMPILER=musl-gcc -DCMAKE_C_FLAGS_RELEASE="-O1 -Wframe-larger-than=65536"
logged build build xdomain_static
build_portable musl-gcc -static
run_portable "$folder/portable"
