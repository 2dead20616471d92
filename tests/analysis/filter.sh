#!/bin/sh
# Of a checker's findings on standard input, FILE:LINE:COLUMN: words [CHECK], prints those that LIST does not excuse.
# LIST has lines "FILE CHECK", or "FOLDER/ CHECK" for all files of a folder, each below its reason. 1 if any is printed.
# usage: filter.sh LIST
awk -v list="${1:?usage: filter.sh LIST}" '
  BEGIN { while ((getline line < list) > 0) if (line !~ /^#/) excused[line] = 1 }
  {
    file = $0; sub(/:.*/, "", file)
    folder = file; sub(/[^\/]*$/, "", folder)
    check = $0; sub(/^.*\[/, "", check); sub(/[,\]].*$/, "", check)
    if ((file " " check) in excused || (folder " " check) in excused) next
    print; found = 1
  }
  END { exit found }
'
