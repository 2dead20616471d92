#!/bin/sh
# Builds the Python package's wheel around a finished build, installs it into a fresh environment from
# XDOMAIN_PYTHON_PACKAGES (what tests/python/packages.sh fetched; build/python-packages) and runs the package's tests
# against files that the C tool makes, and mypy. 77 where Python or the packages cannot be had.
# usage: python.sh SOURCE_FOLDER BUILD_FOLDER TOOL CC
set -eu

source=${1:?usage: python.sh SOURCE_FOLDER BUILD_FOLDER TOOL CC}
build=$2
tool=$3
cc=$4
packages=${XDOMAIN_PYTHON_PACKAGES:-$source/build/python-packages}

if ! python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
  echo "python: no Python from 3.9 on with venv and pip here"
  exit 77
fi
version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ ! -f "$packages/all-$version" ]; then
  echo "python: no packages for Python $version in $packages (tests/python/packages.sh fetches them)"
  exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/environment"
python=$work/environment/bin/python
pip() { "$python" -m pip "$@" --quiet --disable-pip-version-check --no-index --find-links "$packages"; }

echo "== the wheel"
XDOMAIN_BUILD=$build pip wheel --no-deps --wheel-dir "$work/wheels" "$source/examples/python"
set -- "$work"/wheels/*
[ $# -eq 1 ] || { echo "FAILED: not one wheel but $*"; exit 1; }
echo "${1##*/}"
"$python" - "$1" <<'END'
import sys, zipfile
names = zipfile.ZipFile(sys.argv[1]).namelist()
for wanted in ("libxdomain.so.", "_native/bin/xdomain", "_abi.py", "py.typed", "dist-info/RECORD"):
    assert any(wanted in name for name in names), f"the wheel has no {wanted}"
metadata = zipfile.ZipFile(sys.argv[1]).read(next(n for n in names if n.endswith("METADATA"))).decode()
needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra" not in line]
assert len(needed) == 1 and "numpy" in needed[0], needed
END
pip install "$1"
(cd "$work" && "$python" -c 'import xdomain' && "$python" -m xdomain --version) # with numpy alone

echo "== the tests"
pip install pytest pillow mypy tqdm
cd "$work"
XDOMAIN_MODELS=$source/examples/models XDOMAIN_INCLUDE=$source/include XDOMAIN_TOOL=$tool CC=$cc \
  "$python" -B -m pytest -q -p no:cacheprovider "$source/examples/python/tests"

echo "== the types"
"$python" -m mypy --strict --cache-dir "$work/types" -p xdomain
"$python" -m mypy --strict --cache-dir "$work/types" "$source/examples/python/tests/typed_use.py"
awk '/^```/ { on = $0 == "```python"; next } on' "$source/examples/python/README.md" >"$work/readme.py"
"$python" -m mypy --strict --cache-dir "$work/types" "$work/readme.py"
