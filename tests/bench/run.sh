#!/bin/sh
# Builds Release, installs and prepares the peers, and measures libxdomain against them, pairwise.
# Peers: PyTorch (Debian's python3-torch), ONNX Runtime (the npm package onnxruntime-node, kept in the
# cache), oneDNN (libdnnl-dev). A peer that cannot be had is left out, and its rows with it.
# usage: tests/bench/run.sh [--quick] [--json FILE] [--plots FOLDER] [--only STAGE,STAGE] [--seconds S] [--pairs N]
#   --quick   under 5 minutes: short measurements, without the whole schedule
#   --plots   writes SVG plots there (not with --quick)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/examples/packages.sh"

case " $* " in *" --help "* | *" -h "*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

cache=${XDOMAIN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/xdomain}
build=$root/build/bench
onnx_package=onnxruntime-node@1.30.0
jobs=$(nproc 2>/dev/null || echo 2)

say() { echo "bench: $*" >&2; }

python_with_torch() {
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import torch' >/dev/null 2>&1; then
      echo "$python"
      return 0
    fi
  done
  return 1
}

# The packages that only peers need may be missing: then they are left out.
install_peers() {
  need_package python3 has_command python3
  need_package python3-torch python_with_torch
  need_package libdnnl-dev has_header dnnl.h
  need_package nodejs has_command node
  need_package npm has_command npm
  install_packages || say "goes on without them"
}

# Prints the folder that holds onnxruntime-node; its own install scripts, which fetch more, do not run.
onnx_folder() {
  folder=$cache/$onnx_package
  if [ ! -d "$folder/node_modules/onnxruntime-node" ]; then
    command -v npm >/dev/null 2>&1 || return 1
    mkdir -p "$folder"
    say "fetching $onnx_package"
    npm install --ignore-scripts --no-audit --no-fund --no-save --prefix "$folder" "$onnx_package" >"$folder/npm.log" 2>&1 ||
      { tail -n 3 "$folder/npm.log" >&2; return 1; }
  fi
  echo "$folder/node_modules"
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

python=$(python_with_torch) || { python=""; say "PyTorch is not here"; }
nodes=$(onnx_folder) || { nodes=""; say "onnxruntime-node is not here"; }
data=$("$root/examples/data.sh" mnist) || data=""

driver=$(command -v python3) || { say "python3 is needed"; exit 1; }
exec "$driver" "$here/run.py" --build "$build" --work "$build/bench/work" --python "$python" --node-path "$nodes" \
  --data "$data" "$@"
