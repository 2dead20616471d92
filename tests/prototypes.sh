#!/bin/sh
# Prints the prototype of every function that the public headers declare, one a line, without XD_API and the
# semicolon, in the order of their names; "promised" leaves out what is outside the promise (docs/abi.md).
# usage: prototypes.sh INCLUDE_FOLDER CC [all|promised]
set -u
LC_ALL=C
export LC_ALL

include=${1:?usage: prototypes.sh INCLUDE_FOLDER CC [all|promised]}
cc=${2:?usage: prototypes.sh INCLUDE_FOLDER CC [all|promised]}
part=${3-all}

# Directives and comments away; brackets of structs and blocks end what stands before them.
for header in $(find "$include" -name '*.h' ! -name export.h | sort); do
  case $part:$header in promised:*/sys/* | promised:*/unstable/*) continue ;; esac
  sed -e ':join' -e '/\\$/{N; s/\\\n//; b join' -e '}' "$header" | grep -v '^#' | "$cc" -x c -E -P -
done | tr '\n' ' ' | tr ';{}' '\n\n\n' |
  sed -n 's/.*XD_API \(.*[ *]xd_[a-z0-9_]* *(.*)\) *$/\1/p' | tr -s ' ' | awk '
    { name = $0; sub(/ *\(.*/, "", name); sub(/.*[ *]/, "", name); print name "\t" $0 }' | sort -u | cut -f2-
