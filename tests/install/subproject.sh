#!/bin/sh
# Builds the library as part of another project, by add_subdirectory and by FetchContent, and runs that project's
# programs.
# usage: subproject.sh SOURCE_FOLDER CMAKE CC CXX
set -eu

source=${1:?usage: subproject.sh SOURCE_FOLDER CMAKE CC CXX}
cmake=$2
cc=$3
cxx=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$source/tests/install" "$work/outside"
cd "$work/outside"
# Unoptimised: what is tested is the build, and it should be short.
"$cmake" -S . -B user -DXDOMAIN_SOURCE="$source" -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" >"$work/user.log" || { cat "$work/user.log"; exit 1; }
"$cmake" --build user --parallel 2 >"$work/user.log" 2>&1 || { cat "$work/user.log"; exit 1; }
for program in c_shared c_static cpp_shared cpp_static; do user/$program; done
"$cmake" -S . -B user -DXDOMAIN_FETCH=ON >"$work/user.log" || { cat "$work/user.log"; exit 1; }
"$cmake" --build user --parallel 2 >"$work/user.log" 2>&1 || { cat "$work/user.log"; exit 1; }
for program in c_shared c_static cpp_shared cpp_static; do user/$program; done
if [ -e user/xdomain/tests ] || [ -e user/xdomain/examples ]; then
  echo "FAILED: a subproject built its tests or examples"
  exit 1
fi
