#!/bin/sh
# A plug-in around the static library, all of it, shows its host one symbol: its own.
# usage: static_use.sh ARCHIVE INCLUDE_FOLDER CC [LIBRARY...]
set -u
LC_ALL=C
export LC_ALL

archive=${1:?usage: static_use.sh ARCHIVE INCLUDE_FOLDER CC [LIBRARY...]}
include=$2
cc=$3
shift 3
. "$(dirname "$0")/failures.sh"

cat >"$work/plugin.c" <<'EOF'
#include <xdomain/xdomain.h>

__attribute__((visibility("default"))) int plugin_threads(void) {
  xd_context *context = NULL;
  if (xd_context_create(&context, NULL) != XD_OK)
    return -1;
  const int threads = (int)xd_context_threads(context);
  xd_context_destroy(context);
  return threads;
}
EOF
if "$cc" -std=c11 -DXD_STATIC -fPIC -fvisibility=hidden -shared -I "$include" "$work/plugin.c" \
  -Wl,--whole-archive "$archive" -Wl,--no-whole-archive "$@" -o "$work/plugin.so"; then
  nm -D --defined-only "$work/plugin.so" | awk '{ print $NF }' | sort >"$work/shown"
  [ "$(cat "$work/shown")" = plugin_threads ] || fail "the plug-in shows $(tr '\n' ' ' <"$work/shown")"
else
  fail "the plug-in cannot be built"
fi

exit "$((failures > 0))"
