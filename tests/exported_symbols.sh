#!/bin/sh
# What the shared library exports is what the public headers declare, no more and no less; it has the
# right SONAME and needs no library that nobody asked for.
# usage: exported_symbols.sh LIBRARY INCLUDE_FOLDER SONAME CC
set -u
LC_ALL=C
export LC_ALL

library=${1:?usage: exported_symbols.sh LIBRARY INCLUDE_FOLDER SONAME CC}
include=$2
soname=$3
cc=$4
. "$(dirname "$0")/failures.sh"

nm -D --defined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' | sort -u >"$work/exported"
[ -s "$work/exported" ] || fail "$library exports nothing"
if grep -v '^xd_' "$work/exported" >"$work/foreign"; then
  fail "exported, but not named xd_*: $(tr '\n' ' ' <"$work/foreign")"
fi

"$(dirname "$0")/prototypes.sh" "$include" "$cc" | sed 's/ *(.*//; s/.*[ *]//' | sort -u >"$work/declared"
[ -s "$work/declared" ] || fail "no XD_API declarations below $include"

missing=$(comm -13 "$work/exported" "$work/declared" | tr '\n' ' ')
[ -z "$missing" ] || fail "declared, but not exported: $missing"
unknown=$(comm -23 "$work/exported" "$work/declared" | tr '\n' ' ')
[ -z "$unknown" ] || fail "exported, but in no header: $unknown"

readelf -d "$library" >"$work/dynamic"
grep -q "SONAME.*\[$soname\]" "$work/dynamic" || fail "the SONAME is not $soname"
needed=$(sed -n 's/.*NEEDED.*\[\(.*\)\].*/\1/p' "$work/dynamic")
for name in $needed; do
  case $name in
    libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | ld-linux* | libz.so.*) ;;
    *) fail "$name is needed" ;;
  esac
done

echo "$(wc -l <"$work/exported") symbols exported; needs $(echo "$needed" | tr '\n' ' ')"
exit "$((failures > 0))"
