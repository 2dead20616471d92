#!/bin/sh
# What the Rust crate declares of the headers is Rust. 77 without rustc.
# usage: declarations.sh SOURCE_FOLDER
set -eu

crate=${1:?usage: declarations.sh SOURCE_FOLDER}/examples/rust/xdomain-sys
command -v rustc >/dev/null 2>&1 || { echo "declarations: no rustc here"; exit 77; }
OUT_DIR=$(mktemp -d)
trap 'rm -rf "$OUT_DIR"' EXIT
export OUT_DIR
rustc --edition 2021 -o "$OUT_DIR/build" "$crate/build.rs"
XDOMAIN_INCLUDE_DIR=$1/include XDOMAIN_LIB_DIR=$OUT_DIR "$OUT_DIR/build" >/dev/null
rustc --edition 2021 --crate-type lib --emit metadata -D warnings --out-dir "$OUT_DIR" "$crate/src/lib.rs"
grep -c 'pub fn' "$OUT_DIR/declarations.rs"
