#!/bin/sh
# docs/options.md is what docs/options.py makes of the table of options. 77 without Python.
# usage: options.sh SOURCE_FOLDER XDOMAIN_TOOL
set -u

cd "${1:?usage: options.sh SOURCE_FOLDER XDOMAIN_TOOL}" || exit 1
. tests/failures.sh

python3 --version >/dev/null 2>&1 || { echo "options: no Python here"; exit 77; }
python3 docs/options.py "$2" >"$work/options.md" || fail "docs/options.py"
diff docs/options.md "$work/options.md" || fail "make it anew: python3 docs/options.py XDOMAIN_TOOL >docs/options.md"
grep -q '^| .*learning_rate' "$work/options.md" || fail "no options in it"
exit "$((failures > 0))"
