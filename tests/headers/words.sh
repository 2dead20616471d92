#!/bin/sh
# Every public function has words of its own: a comment right above it.
# usage: words.sh INCLUDE_FOLDER
set -u

folder=${1:?usage: words.sh INCLUDE_FOLDER}
find "$folder" -name '*.h' | LC_ALL=C sort | xargs awk '
  /^XD_API/ { count++; if (before !~ /\*\/ *$/) { printf "%s:%d: no words: %s\n", FILENAME, FNR, $0; missing++ } }
  { before = $0 }
  END { printf "%d functions, %d without words\n", count, missing; exit missing > 0 || count == 0 }'
