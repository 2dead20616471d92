#!/bin/sh
# No struct, signature or table holds a C enum, whose size the host's flags choose: every struct has the same
# size with and without -fshort-enums, and no enum has a name that a declaration could use.
# usage: layout.sh INCLUDE_FOLDER CC
set -u
LC_ALL=C
export LC_ALL

folder=${1:?usage: layout.sh INCLUDE_FOLDER CC}
cc=${2:?usage: layout.sh INCLUDE_FOLDER CC}
. "$(dirname "$0")/../failures.sh"

if grep -rnE 'enum +[a-z_]' "$folder" --include='*.h'; then
  fail "enums with names"
fi

structs=$(cat "$folder"/xdomain/*.h "$folder"/xdomain/*/*.h | sed -n 's/^} \(xd_[a-z0-9_]*\);$/\1/p')
{
  echo '#include <xdomain/xdomain.h>'
  (cd "$folder" && find xdomain/sys xdomain/unstable -name '*.h') | sort | sed 's/.*/#include <&>/'
  for type in $structs; do
    echo "char size_of_$type[sizeof($type)];"
  done
} >"$work/sizes.c"
for flags in -fno-short-enums -fshort-enums; do
  "$cc" -std=c11 $flags -fno-common -c -I "$folder" "$work/sizes.c" -o "$work/sizes$flags.o" || fail "$flags"
  nm -S "$work/sizes$flags.o" | awk '{ print $4, $2 }' | sort >"$work/sizes$flags"
done
[ -s "$work/sizes-fshort-enums" ] || fail "no structs below $folder"
diff "$work/sizes-fno-short-enums" "$work/sizes-fshort-enums" || fail "sizes differ by -fshort-enums"

echo "$(wc -l <"$work/sizes-fshort-enums") structs, $failures failed"
exit "$((failures > 0))"
