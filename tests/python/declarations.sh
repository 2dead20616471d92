#!/bin/sh
# The headers are what the packages for other languages can read: Python's declarations are written from them, and the
# library has what they name. 77 without Python.
# usage: declarations.sh SOURCE_FOLDER LIBRARY
set -eu

source=${1:?usage: declarations.sh SOURCE_FOLDER LIBRARY}
library=${2:?usage: declarations.sh SOURCE_FOLDER LIBRARY}
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
  echo "declarations: no Python from 3.9 on"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -B "$source/examples/python/build_backend/declarations.py" "$source/include" "$work/declared.py"
cd "$work"
python3 -B - "$library" <<'END'
import ctypes, sys
import declared

library = ctypes.CDLL(sys.argv[1])
declared.declare(library)
assert library.xd_version_string().decode() == declared.XD_VERSION_STRING
print(sum(name.startswith("XD_") for name in vars(declared)), "constants")
END
