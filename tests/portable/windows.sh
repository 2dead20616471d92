#!/bin/sh
# Compiles the library for Windows with mingw-w64, the static library and the DLL, and runs the program of what must
# hold everywhere with both under wine, where that is installed or can be; OpenBLAS, zlib and the plug-ins are
# left out. Returns 77 and says why where the compiler or wine cannot be had.
# usage: tests/portable/windows.sh [BUILD-FOLDER]    [build/windows]
set -u

cd "$(dirname "$0")/../.." || exit 1
. examples/packages.sh
. tests/portable/common.sh

name=windows
folder=${1:-build/windows}
compiler=x86_64-w64-mingw32-gcc-posix
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)

find_wine() {
  command -v wine64 || command -v wine || { [ -x /usr/lib/wine/wine64 ] && echo /usr/lib/wine/wine64; }
}

need_build_packages
need_package gcc-mingw-w64-x86-64-posix has_command $compiler
install_packages >"$folder/install.log" 2>&1 || skip "$(tail -n 1 "$folder/install.log")"
link_headers || skip "the headers of stb and xxHash are not in /usr/include"

logged configure configure -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_SYSTEM_PROCESSOR=x86_64 -DCMAKE_C_COMPILER=$compiler
logged build build xdomain_static xdomain
build_portable $compiler -static
logged portable_dll $compiler -std=c11 -O1 -Wall -Wextra -Iinclude tests/portable/portable.c \
  -o "$folder/portable_dll" "$folder/libxdomain.dll.a"

need_package wine64 find_wine
install_packages >"$folder/install.log" 2>&1 || skip "it compiles, but there is no wine to run it with"
wine=$(find_wine)
export WINEPREFIX="$folder/wine" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" LC_ALL=C.UTF-8
run_portable "$wine" "$folder/portable.exe" && run_portable "$wine" "$folder/portable_dll.exe"
