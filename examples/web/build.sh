#!/bin/sh
# Makes the page: the amalgamation and page.c compiled by Emscripten (Debian: emscripten) to xdomain.js and xdomain.wasm,
# beside page/ and the models. Any file server can then serve OUT. AMALGAMATION is the folder of xdomain.c and xdomain.h;
# without it they are made first.
# usage: examples/web/build.sh [OUT [AMALGAMATION]]    [build/web]
set -eu

case ${1:-} in
  --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;;
  -*) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$root/build/web}
amalgamation=${2:-}

command -v emcc >/dev/null || { echo "build.sh: there is no emcc here (Debian: emscripten)" >&2; exit 1; }
if [ -z "$amalgamation" ]; then
  amalgamation=$root/build/one-source/amalgamation
  cmake -S "$root" -B "$root/build/one-source" -DXDOMAIN_BUILD_TESTS=OFF -DXDOMAIN_WITH_OPENBLAS=OFF >&2
  cmake --build "$root/build/one-source" --target amalgamation >&2
fi

mkdir -p "$out/models"
cp "$here"/page/* "$out"
cp "$root"/examples/models/* "$out/models"

# It takes a minute: not again where nothing changed. xdomain.js is written last.
changed=$(find "$0" "$here/page.c" "$amalgamation/xdomain.c" -newer "$out/xdomain.js" 2>&1) || true
[ -n "$changed" ] || exit 0

# Debian's Emscripten counts on Debian's Node to find its modules; another Node has to be told.
export NODE_PATH="${NODE_PATH:-/usr/share/nodejs}"
# stb counts on overflow that wraps (docs/packaging.md). No file system: models come from memory.
emcc -O3 -msimd128 -fwrapv -Wall -Wextra -I "$amalgamation" "$here/page.c" "$amalgamation/xdomain.c" -o "$out/xdomain.js" \
  --no-entry -sENVIRONMENT=web -sFILESYSTEM=0 -sALLOW_MEMORY_GROWTH=1 -sMODULARIZE=1 -sEXPORT_ES6=1 \
  -sEXPORTED_FUNCTIONS=_malloc,_free -sEXPORTED_RUNTIME_METHODS=UTF8ToString
