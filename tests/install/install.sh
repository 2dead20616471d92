#!/bin/sh
# Installs into a prefix, moves the prefix elsewhere, and builds and runs a C and a C++ program outside
# the tree against it: through pkg-config, shared and static, and through find_package.
# usage: install.sh SOURCE_FOLDER BUILD_FOLDER LIBDIR CMAKE CC CXX
set -eu

source=${1:?usage: install.sh SOURCE_FOLDER BUILD_FOLDER LIBDIR CMAKE CC CXX}
build=$2
libdir=$3
cmake=$4
cc=$5
cxx=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "== $*"; }

say "install"
"$cmake" --install "$build" --prefix "$work/first" >"$work/install.log" || { cat "$work/install.log"; exit 1; }

say "components"
files() { (cd "$1" && find . ! -type d | sort); }
for component in runtime development onednn opencl tool gegl gimp vips; do
  "$cmake" --install "$build" --prefix "$work/parts" --component $component >"$work/install.log"
  if [ $component = runtime ] && files "$work/parts" | grep -v '/libxdomain\.so\.[0-9.]*$'; then
    echo "FAILED: the files above are no part of the runtime"
    exit 1
  fi
done
files "$work/first" >"$work/all"
files "$work/parts" | diff "$work/all" - || { echo "FAILED: the components are not the whole"; exit 1; }

mkdir "$work/second"
mv "$work/first" "$work/second/moved"
prefix=$work/second/moved
if grep -rIl -e "$work/first" -e "$build" -e "$source" "$prefix"; then
  echo "FAILED: the files above name the prefix or the build"
  exit 1
fi
cp -r "$source/tests/install" "$work/outside"
cd "$work/outside"

say "pkg-config"
PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
export PKG_CONFIG_PATH
cflags=$(pkg-config --cflags xdomain)
libs=$(pkg-config --libs xdomain)
private=$(pkg-config --static --libs xdomain)
archive=$prefix/$libdir/libxdomain.a
# -lxdomain itself would find the shared library: the archive stands in for it.
static=$(echo " $private " | sed "s# -lxdomain # $archive #")
# shellcheck disable=SC2086 # flags are words
{
  "$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror $cflags program.c -o c_shared $libs
  "$cxx" -std=c++11 -Wall -Wextra -Wpedantic -Werror $cflags program.cpp -o cpp_shared $libs
  "$cc" -std=c99 $cflags program.c -o c_static $static
  "$cxx" -std=c++11 $cflags program.cpp -o cpp_static $static
}
for program in c_shared cpp_shared; do LD_LIBRARY_PATH=$prefix/$libdir ./$program; done
for program in c_static cpp_static; do ./$program; done
pkg-config --modversion xdomain

say "find_package"
"$cmake" -S . -B user -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" \
  >"$work/user.log" || { cat "$work/user.log"; exit 1; }
"$cmake" --build user >"$work/user.log" || { cat "$work/user.log"; exit 1; }
for program in c_shared c_static cpp_shared cpp_static; do user/$program; done
case $(grep xdomain_DIR user/CMakeCache.txt) in
  *"$prefix"*) ;;
  *) echo "FAILED: another xdomain was found"; exit 1 ;;
esac

for version in 0.3 1.1 2.0; do
  if "$cmake" -S . -B other -DCMAKE_PREFIX_PATH="$prefix" -DXDOMAIN_WANTED=$version >"$work/user.log" 2>&1; then
    echo "FAILED: found as version $version"
    exit 1
  fi
  grep -q 'compatible with requested version' "$work/user.log" || { cat "$work/user.log"; exit 1; }
done

say "the tool"
if [ -x "$prefix/bin/xdomain" ]; then
  "$prefix/bin/xdomain" --help >/dev/null
  "$prefix/bin/xdomain" --version
else
  echo "not installed"
  exit 1
fi

say "plug-ins"
for plugin in $(find "$prefix" -name 'xdomain-*.so'); do
  # One that calls nothing of the library, as opencl, is not linked with it.
  if ! readelf -d "$plugin" | grep -q 'NEEDED.*libxdomain'; then
    ! nm -D --undefined-only "$plugin" | grep ' xd_' || { echo "FAILED: $plugin wants these of none"; exit 1; }
    echo "${plugin##*/} in ${plugin%/*}, by itself"
    continue
  fi
  found=$(ldd "$plugin" | sed -n 's/.*libxdomain[^ ]* => \([^ ]*\).*/\1/p')
  case $found in
    "$prefix"/*) echo "${plugin##*/} in ${plugin%/*}" ;;
    *) echo "FAILED: $plugin finds ${found:-no libxdomain}"; exit 1 ;;
  esac
done
