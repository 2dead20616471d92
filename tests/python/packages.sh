#!/bin/sh
# Fetches what the tests in Python take into FOLDER, for tests/python/python.sh, which never fetches: numpy, and pytest,
# Pillow, mypy and tqdm; and for tests/image_tools/vips.sh, which does without it where it cannot be had, pyvips, of which there
# are sources alone; and for tests/exchange/exchange.sh, likewise, ONNX Runtime and safetensors. Where FOLDER is full it works offline.
# 1 where the first cannot be had.
# usage: packages.sh FOLDER
set -u

folder=${1:?usage: packages.sh FOLDER}
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
  echo "no Python from 3.9 on, or no pip for it" >&2
  exit 1
fi
version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
mkdir -p "$folder"
if [ ! -f "$folder/pyvips-$version" ] && pkg-config --exists vips 2>/dev/null &&
  python3 -m pip wheel --quiet --wheel-dir "$folder" pyvips >&2; then
  : >"$folder/pyvips-$version"
fi
download() { python3 -m pip download --quiet --only-binary :all: --dest "$folder" "$@" >&2; }
if [ ! -f "$folder/exchange-$version" ] && download onnxruntime safetensors; then
  : >"$folder/exchange-$version"
fi
[ -f "$folder/all-$version" ] && exit 0
download numpy pytest pillow mypy tqdm || exit 1
: >"$folder/all-$version"
