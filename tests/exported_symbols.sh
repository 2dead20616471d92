#!/bin/sh
# What the shared library exports is what the public headers declare and tests/abi/symbols.txt lists, no more and no
# less, under the node of the promise or, for headers of sys/ and unstable/, under that which is outside it. It has the
# right SONAME and needs no library that nobody asked for. The archive defines the same, and besides only names that
# begin with xdi_, all of them hidden.
# usage: exported_symbols.sh LIBRARY ARCHIVE ROOT SONAME CC [--update]      --update writes the list anew
set -u
LC_ALL=C
export LC_ALL

library=${1:?usage: exported_symbols.sh LIBRARY ARCHIVE ROOT SONAME CC [--update]}
archive=$2
root=$3
soname=$4
cc=$5
list=$root/tests/abi/symbols.txt
. "$root/tests/failures.sh"

# name@node; the nodes themselves are absolute symbols.
nm -D --defined-only "$library" | awk '$2 != "A" { print $NF }' | sed 's/@@*/@/' | sort >"$work/exported"
[ -s "$work/exported" ] || fail "$library exports nothing"
if [ "${6-}" = --update ]; then
  # Only before 1.0.0 does what is promised change; later, a minor version adds under its own node, and a patch nothing.
  version=$(sed -n 's/^#define XD_VERSION_STRING "\(.*\)"/\1/p' "$root/include/xdomain/version.h")
  case $version in
    1.0.0-*) may_add=any ;;
    1.0.* | 1.*.[1-9]*) may_add=nothing ;;
    *) may_add=${version%.*} ;;
  esac
  if [ $may_add != any ] && diff "$list" "$work/exported" | grep '^[<>]' |
    grep -v -e '@XDOMAIN_UNSTABLE$' -e "^> .*@XDOMAIN_$may_add\$"; then
    fail "version $version must not take away (<) or add (>) these"
    exit 1
  fi
  cp "$work/exported" "$list"
  exit
fi
diff "$list" "$work/exported" || fail "tests/abi/symbols.txt does not list the above (<), or does alone (>)"
if grep -v '^xd_[a-z0-9_]*@XDOMAIN_\(1\.[0-9]*\|UNSTABLE\)$' "$work/exported" >"$work/foreign"; then
  fail "exported, but not named xd_*, or without a node: $(tr '\n' ' ' <"$work/foreign")"
fi

names() { "$root/tests/prototypes.sh" "$root/include" "$cc" "$1" | sed 's/ *(.*//; s/.*[ *]//' | sort -u; }
names all >"$work/declared"
names promised >"$work/promised"
[ -s "$work/promised" ] || fail "no XD_API declarations below $root/include"
sed 's/@.*//' "$work/exported" | sort >"$work/names"
diff "$work/declared" "$work/names" || fail "declared, but not exported (<), or exported, but in no header (>)"
grep -v '@XDOMAIN_UNSTABLE$' "$work/exported" | sed 's/@.*//' | sort >"$work/numbered"
diff "$work/promised" "$work/numbered" || fail "promised, but exported as unstable (<), or the other way round (>)"

readelf -d "$library" >"$work/dynamic"
grep -q "SONAME.*\[$soname\]" "$work/dynamic" || fail "the SONAME is not $soname"
needed=$(sed -n 's/.*NEEDED.*\[\(.*\)\].*/\1/p' "$work/dynamic")
for name in $needed; do
  case $name in
    libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | ld-linux* | libz.so.*) ;;
    *) fail "$name is needed" ;;
  esac
done

readelf -sW "$archive" | awk '($5 == "GLOBAL" || $5 == "WEAK") && $7 != "UND" { print $8, $6 }' >"$work/archived"
if grep -v '^xdi*_[a-zA-Z0-9_]* HIDDEN$' "$work/archived"; then
  fail "in the archive, but not named xd_* or xdi_*, or not hidden"
fi
sed -n 's/^\(xd_[a-z0-9_]*\) .*/\1/p' "$work/archived" | sort >"$work/names"
diff "$work/declared" "$work/names" || fail "declared, but not in the archive (<), or there, but in no header (>)"

echo "$(wc -l <"$work/exported") symbols exported, $(wc -l <"$work/numbered") of them promised"
echo "needs $(echo "$needed" | tr '\n' ' ')"
exit "$((failures > 0))"
