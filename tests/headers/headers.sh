#!/bin/sh
# Each public header compiles alone, and twice in one source, without a warning (xdomain.hpp from C++17 on); and
# so does a program that uses every _INIT macro and XD_TAG, whose text becomes the program's own.
# usage: headers.sh INCLUDE_FOLDER COMPILER FLAG...     e.g. headers.sh include cc -x c -std=c99
set -u

folder=${1:?usage: headers.sh INCLUDE_FOLDER COMPILER FLAG...}
shift
. "$(dirname "$0")/../failures.sh"

compile() {
  "$@" -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only -I "$folder" "$work/source"
}

classes=''
case " $* " in *" -std=c++17 "* | *" -std=c++20 "*) classes=xdomain/xdomain.hpp ;; esac

count=0
for header in $classes $(cd "$folder" && find xdomain -name '*.h' | LC_ALL=C sort); do
  printf '#include "%s"\n#include "%s"\nint nothing_else(void);\n' "$header" "$header" >"$work/source"
  compile "$@" || fail "$header"
  count=$((count + 1))
done
[ "$count" -gt 0 ] || fail "no header below $folder"

# XD_THING_OPTIONS_INIT is of the type xd_thing_options.
macros=$(cat "$folder"/xdomain/*.h "$folder"/xdomain/*/*.h | sed -n 's/^#define \(XD_[A-Z0-9_]*\)_INIT.*/\1/p')
{
  echo '#include <xdomain/xdomain.h>'
  (cd "$folder" && find xdomain/sys xdomain/unstable -name '*.h') | sort | sed 's/.*/#include <&>/'
  echo 'uint32_t use(void);'
  echo 'uint32_t use(void) {'
  echo "  size_t sizes = XD_TAG('C', 'N', 'V', '2') == 0;"
  for macro in $macros; do
    type=$(echo "$macro" | tr '[:upper:]' '[:lower:]')
    echo "  const $type the_$type = ${macro}_INIT;"
    echo "  sizes += the_$type.struct_size;"
  done
  echo '  return sizes > 0 ? XD_VERSION_NUMBER : 0;'
  echo '}'
} >"$work/source"
compile "$@" || fail "the macros"

echo "$count headers and $(echo "$macros" | wc -l) macros, $failures failed"
exit "$((failures > 0))"
