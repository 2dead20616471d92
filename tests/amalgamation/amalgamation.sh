#!/bin/sh
# The amalgamation, compiled as its users do: without a warning, beside nothing, it gives the bytes that HOST, the same
# program with the library, gives. With HOST from another compiler the backend `reference` alone is compared, as the
# others' bytes belong to a compiler too.
# usage: amalgamation.sh ROOT FOLDER HOST CC same|other
set -u

root=${1:?usage: amalgamation.sh ROOT FOLDER HOST CC same|other}
folder=$2
host=$3
cc=$4
compiler=$5
here=$(dirname "$0")
. "$here/../failures.sh"

# silent WHAT COMMAND...: succeeds without a word.
silent() {
  what=$1
  shift
  "$@" >"$work/words" 2>&1 || fail "$what: status $?"
  [ ! -s "$work/words" ] || { fail "$what has something to say:"; head -n 20 "$work/words"; }
}

backends="reference native native:avx512 native:avx2 native:neon native:portable"
[ "$compiler" = same ] || backends=reference

cp "$folder/xdomain.c" "$folder/xdomain.h" "$here/program.c" "$root/include/xdomain/xdomain.hpp" "$work" || exit 1
cd "$work" || exit 1
printf '#define XD_API static\n#include "xdomain.c"\nint main(void) { return xd_version_number() == 0; }\n' >within.c
printf '#include "xdomain.h"\n#include "xdomain.hpp"\nint main() { return xd_version_number() == 0; }\n' >header.cpp

silent "C11 with all warnings" "$cc" -std=c11 -Wall -Wextra -Wpedantic -fsyntax-only xdomain.c
if echo '#include <zlib.h>' | "$cc" -fsyntax-only -x c - 2>/dev/null; then
  silent "with zlib" "$cc" -std=c11 -Wall -Wextra -fsyntax-only -DXDOMAIN_WITH_ZLIB xdomain.c
fi
silent "within another source" "$cc" -Wall -Wextra -fsyntax-only within.c
if echo 'int main() {}' | "$cc" -x c++ -fsyntax-only - 2>/dev/null; then
  silent "xdomain.h as C++" "$cc" -x c++ -std=c++17 -Wall -Wextra -fsyntax-only header.cpp
fi
silent "cc -O2 program.c xdomain.c" "$cc" -O2 -rdynamic program.c xdomain.c -lm -lpthread -o program
[ "$failures" = 0 ] || exit 1

nm -D --defined-only program | awk '{ print $NF }' >shown
grep -q '^main$' shown || fail "-rdynamic shows nothing"
! grep '^xd' shown || fail "the program shows the library's names"

mkdir with_library with_source
# shellcheck disable=SC2086 # a list of names
for one in "$host with_library" "./program with_source"; do
  "${one% *}" "$root/examples/models/digits.xdm" "$root/examples/models/three.png" "${one#* }" $backends >"${one#* }.txt" ||
    fail "$one: status $?"
done
cat with_source.txt
cmp with_library.txt with_source.txt || fail "the two do not have the same backends"
[ -s with_source/4.xdm ] || fail "no model was trained"
diff -rq with_library with_source || fail "the amalgamation gives other bytes than the library"

exit "$((failures > 0))"
