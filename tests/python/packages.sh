#!/bin/sh
# Fetches what the Python package's test takes into FOLDER, for tests/python/python.sh, which never fetches: numpy, and
# pytest, Pillow and mypy. Where FOLDER is full it works offline. 1 where they cannot be had.
# usage: packages.sh FOLDER
set -u

folder=${1:?usage: packages.sh FOLDER}
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
  echo "no Python from 3.9 on, or no pip for it" >&2
  exit 1
fi
version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ -f "$folder/complete-$version" ] && exit 0
mkdir -p "$folder"
python3 -m pip download --quiet --only-binary :all: --dest "$folder" numpy pytest pillow mypy >&2 || exit 1
: >"$folder/complete-$version"
