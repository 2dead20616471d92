#!/bin/sh
# Writes build/analysis/compile_commands.json for the checkers; nothing is compiled. Without the plug-ins, which are made of
# other programs' macros.
cd "$(dirname "$0")/../.." || exit 1
cmake -S . -B build/analysis -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DCMAKE_BUILD_TYPE=Release \
  -DXDOMAIN_BUILD_TESTS=OFF -DXDOMAIN_BUILD_EXAMPLES=ON -DXDOMAIN_WITH_PLUGINS=OFF \
  -DXDOMAIN_BUILD_GEGL=OFF -DXDOMAIN_BUILD_VIPS=OFF >build/analysis.log 2>&1 ||
  { cat build/analysis.log; exit 1; }
