#!/bin/sh
# Runs exchange.py by a Python that has ONNX Runtime and safetensors: the one on the path, or one of XDOMAIN_PYTHON_PACKAGES
# (what tests/python/packages.sh fetched; build/python-packages). 77 where there is none.
# usage: exchange.sh SOURCE_FOLDER TOOL LIBRARY
set -eu

source=${1:?usage: exchange.sh SOURCE_FOLDER TOOL LIBRARY}
tool=$2
library=$3
packages=${XDOMAIN_PYTHON_PACKAGES:-$source/build/python-packages}

if ! python3 -c 'import numpy, onnxruntime, safetensors' 2>/dev/null; then
  version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || version=none
  if [ ! -f "$packages/exchange-$version" ]; then
    echo "exchange: no Python with onnxruntime and safetensors here, nor in $packages (tests/python/packages.sh fetches them)"
    exit 77
  fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  python3 -m pip install --quiet --disable-pip-version-check --no-index --find-links "$packages" --no-compile \
    --target "$work" onnxruntime safetensors
  export PYTHONPATH="$work"
fi
python3 -B "$source/tests/exchange/exchange.py" "$tool" "$library" "$source/examples"
