#!/bin/sh
# Every struct of the public headers that begins with its size stands in the list that the probes of older and
# newer callers are made from, and has no padding at its end, where a later field would meet what older
# programs leave to chance.
# usage: sized_structs.sh ROOT CC
set -u

root=${1:?usage: sized_structs.sh ROOT CC}
cc=${2:?usage: sized_structs.sh ROOT CC}
list=$root/tests/unit/sized_structs.h
. "$root/tests/failures.sh"

cat "$root"/include/xdomain/*.h "$root"/include/xdomain/*/*.h | awk '
  /^typedef struct .*\{$/ { sized = 0; last = "" }
  /^  size_t struct_size;/ { sized = 1 }
  /^  [^ *\/].*;$/ { last = $0 }
  /^} xd_/ { if (sized) { name = $2; sub(/;/, "", name); field = last; sub(/(\[[0-9]+\])?;$/, "", field)
      if (field ~ /\)\(|\(\*/) { sub(/^[^(]*\(\*/, "", field); sub(/\).*/, "", field) } else sub(/.*[ *]/, "", field)
      print name, field }; sized = 0 }' >"$work/structs"
[ -s "$work/structs" ] || fail "no sized structs in the headers"

while read -r name field; do
  grep -q "ROW($name, " "$list" || grep -q "^#define UNPROBED_STRUCTS.*\"$name\"" "$list" ||
    fail "$name is not in tests/unit/sized_structs.h"
done <"$work/structs"

{
  (cd "$root/include" && find xdomain -name '*.h') | sort | sed 's/.*/#include <&>/'
  while read -r name field; do
    echo "_Static_assert(sizeof($name) == offsetof($name, $field) + sizeof((($name *)0)->$field), \"$name has padding at its end\");"
  done <"$work/structs"
} >"$work/padding.c"
"$cc" -std=c11 -fsyntax-only -I "$root/include" "$work/padding.c" || fail "padding"

echo "$(wc -l <"$work/structs") sized structs, $failures failed"
exit "$((failures > 0))"
