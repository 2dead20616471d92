#!/bin/sh
# The host of 1.0 (1.0/host.c), compiled against the declarations of 1.0 alone and linked with a library of stubs that
# has their symbol versions, runs on today's library; and, with "grown", on one whose structs have all grown, as a
# later version's may.
# usage: old_host.sh ROOT CC LIBRARY | old_host.sh ROOT CC grown CMAKE LAUNCHER
set -u

root=${1:?usage: old_host.sh ROOT CC LIBRARY}
cc=$2
library=$3
. "$root/tests/failures.sh"

mkdir "$work/then"
{
  echo '#include "interface.h"'
  "$root/tests/prototypes.sh" "$root/tests/abi/1.0" "$cc" | sed 's/$/ { __builtin_trap(); }/'
} >"$work/stubs.c"
echo 'XDOMAIN_1.0 { global: xd_*; local: *; };' >"$work/then.map"
"$cc" -std=c11 -w -shared -fPIC -I "$root/tests/abi/1.0" -Wl,-soname,libxdomain.so.1 \
  "-Wl,--version-script=$work/then.map" "$work/stubs.c" -o "$work/then/libxdomain.so" || exit 1
"$cc" -std=c11 -Wall -Wextra -g "$root/tests/abi/1.0/host.c" -o "$work/host" -L "$work/then" -lxdomain || exit 1
nm -D --undefined-only "$work/host" | grep ' xd_' | grep -v '@XDOMAIN_1\.0$' && fail "bound to other versions than 1.0"

if [ "$library" = grown ]; then
  grown=$work/grown
  mkdir "$grown"
  (cd "$root" && cp -r CMakeLists.txt include lib packaging pkgconfig "$grown")
  for header in "$grown"/include/xdomain/*.h "$grown"/include/xdomain/*/*.h; do
    awk '/^typedef struct / { sized = 0 } /^  size_t struct_size;/ { sized = 1 }
      /^} xd_/ && sized { print "  size_t later[3];" } { print }' "$header" >"$work/header"
    cmp -s "$header" "$work/header" || cp "$work/header" "$header"
  done
  grep -q later "$grown/include/xdomain/image.h" || fail "nothing has grown"
  # Where there is a compiler's cache, it knows the sources by their names below the copy.
  CCACHE_BASEDIR=$grown CCACHE_NOHASHDIR=1
  export CCACHE_BASEDIR CCACHE_NOHASHDIR
  { "$4" -S "$grown" -B "$grown/build" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_C_COMPILER_LAUNCHER="$5" -DCMAKE_C_FLAGS=-Wno-missing-field-initializers -DXDOMAIN_BUILD_TESTS=OFF \
    -DXDOMAIN_BUILD_EXAMPLES=OFF -DXDOMAIN_WITH_OPENBLAS=OFF -DXDOMAIN_WITH_NATIVE=OFF -DXDOMAIN_WITH_PLUGINS=OFF &&
    "$4" --build "$grown/build" --target xdomain --parallel 2; } >"$work/log" 2>&1 ||
    { tail -20 "$work/log"; fail "the grown library cannot be built"; }
  library=$grown/build/libxdomain.so
fi

LD_LIBRARY_PATH=$(dirname "$library") "$work/host" || fail "the host of 1.0 on $library"
exit "$((failures > 0))"
