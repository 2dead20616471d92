#!/bin/sh
# Makes the page: the amalgamation and page.c compiled by Emscripten (Debian: emscripten), beside page/ and the models.
# OUT can then be served by any file server. AMALGAMATION is the folder of xdomain.c and xdomain.h; without it they are
# made first, in build/amalgamation. FLAGS for the compiler may stand in EMCC_CFLAGS.
# usage: examples/web/build.sh [OUT [AMALGAMATION]]    [build/web]
set -eu

case ${1:-} in
  -*) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; [ "$1" = --help ]; exit $? ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$root/build/web}
amalgamation=${2:-}

command -v emcc >/dev/null || { echo "build.sh: no emcc here (Debian: emscripten)" >&2; exit 1; }
if [ -z "$amalgamation" ]; then
  cmake -S "$root" -B "$root/build/one-source" -DXDOMAIN_BUILD_TESTS=OFF -DXDOMAIN_WITH_OPENBLAS=OFF >&2
  cmake --build "$root/build/one-source" --target amalgamation >&2
  amalgamation=$root/build/one-source/amalgamation
fi

mkdir -p "$out/models"
# stb counts on overflow that wraps (docs/packaging.md). No file system: models come from memory.
emcc -O3 -msimd128 -fwrapv -I "$amalgamation" "$here/page.c" "$amalgamation/xdomain.c" -o "$out/xdomain.js" --no-entry \
  -sENVIRONMENT=web -sFILESYSTEM=0 -sALLOW_MEMORY_GROWTH=1 -sMODULARIZE=1 -sEXPORT_ES6=1 \
  -sEXPORTED_FUNCTIONS=_malloc,_free -sEXPORTED_RUNTIME_METHODS=UTF8ToString
cp "$here"/page/* "$out"
cp "$root"/examples/models/* "$out/models"
