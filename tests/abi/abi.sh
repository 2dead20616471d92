#!/bin/sh
# The binary interface of the promise (docs/abi.md) beside the baseline: fails on whatever is not an addition, which are
# functions, fields at the end of a struct and constants. Skipped without libabigail, and on other processors than the
# baseline's.
# What is compared is a library of stubs, one for each function that the headers promise: its types are those
# that a program sees, and opaque ones stay opaque. Constants, which no signature names, it has as enums and by a
# function each. That the library exports just these functions is another test's affair (exported_symbols), and that it
# defines them so the compiler's.
# usage: abi.sh ROOT CC [--update]      --update writes the baseline anew
set -u

root=${1:?usage: abi.sh ROOT CC [--update]}
cc=${2:?usage: abi.sh ROOT CC [--update]}
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

# The headers again, in which the constants of each list have a name: those of xd_fit are the enum xd_fit_constants.
cp -r "$root/include" "$work/include"
promised=$(cd "$work" && find include/xdomain -maxdepth 1 -name '*.h' | LC_ALL=C sort)
(cd "$work" && for header in $promised; do
  awk '/^typedef u?int32_t xd_[a-z_]*;/ { name = $3; sub(/;/, "", name) }
    /^enum \{/ { sub(/enum/, "enum " name "_constants"); print "enum " name "_constants;" >>"constants" }
    { print }' "$header" >named && mv named "$header"
done
  # Macros that are whole numbers, versions left out.
  for header in $promised; do
    sed -n '/XD_VERSION/!s/^#define \(XD_[A-Z0-9_]*\) \(0x\)\{0,1\}[0-9A-Fa-f]*u\{0,1\}$/  number_\1 = \1,/p' "$header"
  done >numbers)
{
  echo '#include <xdomain/xdomain.h>'
  printf 'enum xd_number_constants {\n%s\n};\n' "$(cat "$work/numbers")"
  "$root/tests/prototypes.sh" "$root/include" "$cc" promised | sed 's/$/ { __builtin_trap(); }/'
  echo 'enum xd_number_constants;' | cat "$work/constants" - |
    sed 's/^enum \(.*\);/XD_API void \1(const enum \1 *a) { (void)a; }/'
} >"$work/stubs.c"
(cd "$work" && "$cc" -std=gnu11 -g -gno-record-gcc-switches -shared -fPIC -fvisibility=hidden -I include \
  "-fdebug-prefix-map=$work=." -Wl,-soname,libxdomain.so.1 "-Wl,--version-script=$root/lib/xdomain.map" stubs.c \
  -o libxdomain.so) || exit 1

if [ "${3-}" = --update ]; then
  abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --out-file "$baseline" \
    "$work/libxdomain.so"
  exit
fi

# Lines of the report that lead to another one, or are an addition, pass; whatever else it says is a change. A struct
# that begins with its size may have fields beyond the old end.
sized=$(cat "$work"/include/xdomain/*.h | awk '
  /^typedef struct xd_.*\{$/ { name = $3 } /^  size_t struct_size;/ { print name }' | tr '\n' ' ')
abidiff --no-show-locs --no-added-syms --harmless "$baseline" "$work/libxdomain.so" >"$work/report"
status=$?
cat "$work/report"
if [ $((status & 3)) -ne 0 ]; then
  fail "abidiff"
elif ! awk -v sized=" $sized" '
  { sub(/^ +/, "") }
  /type .struct / {
    name = $0
    sub(/.*type .struct /, "", name)
    sub(/\x27.*/, "", name)
    growth = index(sized, " " name " ")
  }
  /^type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ { size = $5; if ($7 >= size && growth) next }
  /, at offset [0-9]+ \(in bits\)$/ {
    offset = $0
    sub(/.*at offset /, "", offset)
    if (offset + 0 >= size && growth) next
  }
  /^$|^(Functions|Variables) changes summary: 0 Removed/ { next }
  /(changed|changes?):$|^in .*type .*:$/ { next }
  /changed, as reported earlier$|^type size hasn.t changed$|^[0-9]+ (data member|enumerator) insertions?:$/ { next }
  /^\x27xd_[a-z_]*::[A-Za-z_0-9]*\x27 value \x27-?[0-9]*\x27$/ { next }
  { print "no addition: " $0; changes++ }
  END { exit changes > 0 }' "$work/report"; then
  fail "the interface changed; where nobody relies on it yet: abi.sh ROOT CC --update"
else
  echo "abi: as in the baseline, or more"
fi
exit "$((failures > 0))"
