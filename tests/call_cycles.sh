#!/bin/sh
# No call cycle between files: of the objects given, whoever uses a symbol of another file must not be used by
# that one in turn, however long the way round. A cycle is printed file by file.
# usage: call_cycles.sh NM OBJECT...
set -u

nm=${1:?usage: call_cycles.sh NM OBJECT...}
shift
[ $# -gt 1 ] || { echo "call_cycles: no objects" >&2; exit 2; }

uses=$("$nm" -g -A "$@" | awk '
  { file = $0; sub(/\.o:.*/, "", file); sub(/.*\.dir\//, "", file); name = $NF; kind = $(NF - 1) }
  kind == "U" { wanted[file, name] = 1; next }
  { home[name] = file }
  END {
    for (pair in wanted) {
      split(pair, part, SUBSEP)
      if (part[2] in home && home[part[2]] != part[1]) print part[1], home[part[2]]
    }
  }' | LC_ALL=C sort -u)
[ -n "$uses" ] || { echo "call_cycles: the objects share no symbol" >&2; exit 2; }

if loops=$(printf '%s\n' "$uses" | tsort 2>&1 >/dev/null); then
  exit 0
fi
echo "call_cycles: files of the library call each other in a ring:"
printf '%s\n' "$loops" | sed 's/^tsort: */  /; s/-: input contains a loop:/ring/'
exit 1
