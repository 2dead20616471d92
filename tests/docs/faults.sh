#!/bin/sh
# What blocks.py is to find, it finds: pages with one fault each fail, and the one without passes.
# usage: faults.sh SOURCE_FOLDER BUILD_FOLDER LIBDIR CC CXX
set -u

source=${1:?usage: faults.sh SOURCE_FOLDER BUILD_FOLDER LIBDIR CC CXX}
shift
. "$source/tests/failures.sh"

mkdir -p "$work/tree/docs"
ln -s "$source/examples" "$source/tests" "$source/include" "$source/lib" "$work/tree"
printf '# Good\n\n```sh\ntest -s digits.xdm\n```\n\n[here](#good)\n' >"$work/tree/README.md"

# page NAME INFO LINE: a page whose one block says INFO and LINE.
page() { printf '```%s\n%s\n```\n' "$2" "$3" >"$work/tree/docs/$1.md"; }
page no_language '' 'true'
page other_language 'bash' 'true'
page no_reason 'sh no-run:' 'false'
page unknown_word 'sh quickly' 'true'
page unused_file 'c file=unused.c' 'int unused;'
page failing_sh 'sh' 'true; false; true'
page not_compiling 'c' 'int main(void) { return nothing; }'
page warning 'c' 'int main(void) { int unused; return 0; }'
page failing_program 'cpp' 'int main() { return 3; }'
page not_configuring 'cmake frame=user.cmake' 'find_package(xdomain 2.0 REQUIRED)'
printf 'Look:\n\n    true\n' >"$work/tree/docs/indented.md"
printf '```sh\ntrue\n' >"$work/tree/docs/open.md"
printf '[there](nowhere.md)\n' >"$work/tree/docs/link.md"
printf '[there](../README.md#bad)\n' >"$work/tree/docs/anchor.md"

"$source/tests/docs/blocks.py" native "$work/tree" "$@" >"$work/log" 2>&1
[ $? -eq 1 ] || fail "not exit code 1"
for faulty in "$work/tree/docs"/*.md; do
  name=$(basename "$faulty")
  [ "$(grep -c "^FAILED: $name:" "$work/log")" -eq 1 ] || fail "nothing was found in $name"
done
grep -qx 'README.md: 1 of 1 blocks run' "$work/log" || fail "the page without a fault did not run"
[ "$failures" -eq 0 ] || cat "$work/log"
exit "$((failures > 0))"
