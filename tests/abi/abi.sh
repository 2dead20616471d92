#!/bin/sh
# What changed in the binary interface since the baseline: prints it, and from version 1.0 on fails, until the
# baseline is written anew. Skipped without libabigail, and on other processors than the baseline's.
# What is compared is a library of stubs, one for each function that the headers declare: its types are those
# that a program sees, and opaque ones stay opaque. That the library exports just these functions is another
# test's affair (exported_symbols), and that it defines them so the compiler's.
# usage: abi.sh ROOT CC [--update]      --update writes the baseline anew
set -u

root=${1:?usage: abi.sh ROOT CC [--update]}
cc=${2:?usage: abi.sh ROOT CC [--update]}
update=${3-}
baseline=$root/tests/abi/libxdomain.abi
. "$root/tests/failures.sh"

if ! command -v abidiff >/dev/null 2>&1 || ! command -v abidw >/dev/null 2>&1; then
  echo "abi: abidiff and abidw (libabigail) are not here"
  exit 77
fi
if [ "$(uname -m)" != x86_64 ]; then
  echo "abi: the baseline is that of x86_64"
  exit 77
fi

{
  echo '#include <xdomain/xdomain.h>'
  echo '#include <xdomain/sys/layer.h>'
  "$root/tests/prototypes.sh" "$root/include" "$cc" | sed 's/$/ { __builtin_trap(); }/'
} >"$work/stubs.c"
version=$(sed -n 's/^#define XD_VERSION_STRING "\(.*\)\..*"/\1/p' "$root/include/xdomain/version.h")
(cd "$work" && "$cc" -std=c11 -g -gno-record-gcc-switches -shared -fPIC -fvisibility=hidden -I "$root/include" \
  "-fdebug-prefix-map=$root/=" "-fdebug-prefix-map=$work=." "-Wl,-soname,libxdomain.so.$version" stubs.c \
  -o libxdomain.so) || exit 1

if [ "$update" = --update ]; then
  abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --out-file "$baseline" \
    "$work/libxdomain.so"
  exit
fi

abidiff --no-show-locs --harmless "$baseline" "$work/libxdomain.so"
changed=$?
if [ $((changed & 3)) -ne 0 ]; then
  fail "abidiff"
elif [ "$changed" -eq 0 ]; then
  echo "abi: as in the baseline"
else
  echo "abi: changed (see above); when that is meant: abi.sh ROOT CC --update"
  case $version in
    0.*) ;;
    *) fail "version $version must keep its interface" ;;
  esac
fi
exit "$((failures > 0))"
