#!/bin/sh
# Builds Release, prepares the peers, and measures libxdomain against them, in turn.
# Peers: PyTorch, JAX, ONNX Runtime and OpenVINO, from Python's packages in a venv of the bench's own (2 GB in
# $XDOMAIN_CACHE/peers; XDOMAIN_PEERS=FOLDER takes another), and oneDNN (libdnnl-dev). What cannot be had is left out.
# usage: tests/bench/run.sh [--quick] [--json FILE] [--plots FOLDER] [--only STAGE,STAGE] [--sets SET,SET]
#                           [--seconds S] [--pairs N]
#   --quick   short measurements, with the best instructions alone, without the whole schedule
#   --only    peak, vae, own, mapping, one, batch, cold, memory, folder, kernels, growth, allocations, schedule
#   --sets    avx512, avx2, portable: the instructions of ours and of the peers
#   --plots   writes SVG plots there (not with --quick)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/examples/packages.sh"

case " $* " in *" --help "* | *" -h "*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

cache=${XDOMAIN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/xdomain}
build=$root/build/bench
peers=${XDOMAIN_PEERS:-$cache/peers}
jobs=$(nproc 2>/dev/null || echo 2)

say() { echo "bench: $*" >&2; }

# The packages that only peers need may be missing: then they are left out.
install_peers() {
  need_package python3 has_command python3
  need_package python3-venv python3 -c "import ensurepip"
  need_package python3-dev sh -c 'cd "$(python3 -c "import sysconfig; print(sysconfig.get_path(\"include\"))")" && ls Python.h'
  need_package libdnnl-dev has_header dnnl.h
  install_packages || say "goes on without them"
}

fetch() {
  "$peers/bin/pip" install --quiet --disable-pip-version-check "$@" || { say "cannot be had: $*"; whole=no; }
}

# PyTorch's package asks for NVIDIA's, of gigabytes; stand_ins.py takes their place.
fetch_peers() {
  [ ! -f "$peers/whole" ] || return 0
  say "fetching the peers into $peers"
  whole=yes
  python3 -m venv "$peers" || return 1
  fetch numpy
  fetch 'onnxruntime>=1.31' onnx pillow
  fetch openvino
  fetch jax
  fetch filelock typing-extensions sympy networkx jinja2 fsspec 'setuptools>=77'
  fetch --no-deps 'torch>=2.13'
  "$peers/bin/python" -c 'import torch' 2>/dev/null || "$peers/bin/python" "$here/stand_ins.py" || whole=no
  if [ "$whole" = yes ]; then : >"$peers/whole"; fi
}

need_build_packages
need_package check has_module check # the tests' folder is configured whole
install_packages
install_peers

generator=""
if [ ! -f "$build/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then generator="-G Ninja"; fi
mkdir -p "$build"
# shellcheck disable=SC2086 # two words or none
if ! { cmake -S "$root" -B "$build" $generator -DCMAKE_BUILD_TYPE=Release -DXDOMAIN_BUILD_TESTS=ON &&
  cmake --build "$build" --parallel "$jobs" --target bench_programs; } >"$build/build.log" 2>&1; then
  cat "$build/build.log" >&2
  exit 1
fi

python=$peers/bin/python
fetch_peers || { python=""; say "no venv: goes on without the peers"; }
data=$("$root/examples/data.sh" mnist) || data=""

driver=$(command -v python3) || { say "python3 is needed"; exit 1; }
exec "$driver" "$here/run.py" --build "$build" --work "$cache/bench" --python "$python" --data "$data" "$@"
