#!/bin/sh
# docs/abi.md has every promised function with its use, and every header outside the promise; the latter say so in
# their first lines, and no promised header includes one.
# usage: documented.sh ROOT CC
set -u
LC_ALL=C
export LC_ALL

root=${1:?usage: documented.sh ROOT CC}
cc=$2
. "$root/tests/failures.sh"

# The names in the table's first column; what is named elsewhere is no use.
sed -n 's/^| \(`xd_.*`\) | ..*/\1/p' "$root/docs/abi.md" | tr ',' '\n' | sed 's/^ *`\(.*\)` *$/\1/' | sort >"$work/named"
uniq -d "$work/named" >"$work/twice"
[ -s "$work/twice" ] && fail "twice in the table: $(tr '\n' ' ' <"$work/twice")"
sed -n 's/@XDOMAIN_[1-9].*//p' "$root/tests/abi/symbols.txt" | sort >"$work/promised"
[ -s "$work/promised" ] || fail "no promised symbols"
diff "$work/promised" "$work/named" || fail "promised, but without a use in docs/abi.md (<), or the other way round (>)"

include=$root/include
for header in $(cd "$include/xdomain" && find sys unstable -name '*.h' | sort); do
  grep -q "\`$header\`" "$root/docs/abi.md" || fail "docs/abi.md does not tell of $header"
  sed -n '1,/\*\//p' "$include/xdomain/$header" | grep -q -e 'Outside the promise (docs/abi.md)' ||
    fail "$header does not begin by saying that it is outside the promise"
done
for header in $(cd "$include" && find xdomain -maxdepth 1 -name '*.h' | sort); do
  echo "#include <$header>" | "$cc" -x c -M -I "$include" - >"$work/read"
  if grep -q -e /xdomain/sys/ -e /xdomain/unstable/ "$work/read"; then fail "$header includes what is not promised"; fi
done

echo "$(wc -l <"$work/promised") promised functions, $failures failed"
exit "$((failures > 0))"
