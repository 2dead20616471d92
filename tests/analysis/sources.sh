#!/bin/sh
# Prints the sources that the checkers are to read: lib/ and examples/ without what is made of other programs' macros
# and headers, or is compiled for other processors and systems.
# usage: tests/analysis/sources.sh
cd "$(dirname "$0")/../.." || exit 1
find lib examples -name '*.c' | LC_ALL=C sort |
  grep -v -E 'kernels_(neon|avx512)|_windows\.c|/(onednn|opencl|gegl|vips|mpi|web)/|example_layer'
