#!/bin/sh
# Tests the Rust crates against a finished build, offline, as they need no other crates: the tests, the documentation's
# examples (among them those that must not compile), clippy without warnings, and rustfmt. 77 without a cargo that is
# new enough.
# usage: rust.sh SOURCE_FOLDER LIBRARY TOOL TARGET_FOLDER
set -eu

source=${1:?usage: rust.sh SOURCE_FOLDER LIBRARY TOOL TARGET_FOLDER}
XDOMAIN_LIB_DIR=$(dirname "$2")
XDOMAIN_TOOL=$3
CARGO_TARGET_DIR=$4
XDOMAIN_INCLUDE_DIR=$source/include
XDOMAIN_MODELS=$source/examples/models
LD_LIBRARY_PATH=$XDOMAIN_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export XDOMAIN_LIB_DIR XDOMAIN_TOOL CARGO_TARGET_DIR XDOMAIN_INCLUDE_DIR XDOMAIN_MODELS LD_LIBRARY_PATH

if ! version=$(cargo --version 2>/dev/null); then
  echo "rust: no cargo here"
  exit 77
fi
minor=$(echo "$version" | sed -n 's/^cargo 1\.\([0-9]*\).*/\1/p')
if [ "${minor:-0}" -lt 70 ]; then
  echo "rust: $version; 1.70 or newer is needed"
  exit 77
fi
cd "$source/examples/rust"

echo "== the tests"
cargo test --quiet --offline --locked
echo "== an installed library, by pkg-config"
if command -v cmake >/dev/null && command -v pkg-config >/dev/null; then
  prefix=$(mktemp -d)
  trap 'rm -rf "$prefix"' EXIT
  for component in runtime development; do
    cmake --install "$XDOMAIN_LIB_DIR" --prefix "$prefix" --component $component >"$prefix/log" || { cat "$prefix/log"; exit 1; }
  done
  pc=$(find "$prefix" -name xdomain.pc)
  env -u XDOMAIN_INCLUDE_DIR -u XDOMAIN_LIB_DIR PKG_CONFIG_PATH="${pc%/*}" LD_LIBRARY_PATH="${pc%/*/*}" \
    cargo test --quiet --offline --locked --test library lists_the_options
else
  echo "not checked: no cmake or pkg-config here"
fi
if cargo clippy --version >/dev/null 2>&1; then
  echo "== clippy"
  cargo clippy --quiet --offline --locked --all-targets -- -D warnings
fi
if cargo fmt --version >/dev/null 2>&1; then
  echo "== rustfmt"
  cargo fmt --all --check
fi
echo "== the documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --offline --locked --no-deps
