#!/bin/sh
# Each public header compiles alone, and twice in one source, without a warning.
# usage: headers.sh INCLUDE_FOLDER COMPILER FLAG...     e.g. headers.sh include cc -x c -std=c99
set -u

folder=${1:?usage: headers.sh INCLUDE_FOLDER COMPILER FLAG...}
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

count=0
failures=0
for header in $(cd "$folder" && find xdomain -name '*.h' | LC_ALL=C sort); do
  printf '#include "%s"\n#include "%s"\nint nothing_else(void);\n' "$header" "$header" >"$work/source"
  if ! "$@" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$folder" "$work/source"; then
    echo "FAILED: $header"
    failures=$((failures + 1))
  fi
  count=$((count + 1))
done

echo "$count headers, $failures failed"
[ "$count" -gt 0 ] && [ "$failures" -eq 0 ]
