#!/bin/sh
# Makes the reference of the C interface from the public headers by Doxygen, whose warnings are errors: every function,
# struct, field, value and macro has words. A copy in which one of each lost them must be found out. 77 without Doxygen.
# usage: doxygen.sh SOURCE_FOLDER OUTPUT_FOLDER    the pages: OUTPUT_FOLDER/html/index.html
set -u

source=${1:?usage: doxygen.sh SOURCE_FOLDER OUTPUT_FOLDER}
output=${2:?usage: doxygen.sh SOURCE_FOLDER OUTPUT_FOLDER}
. "$(dirname "$0")/failures.sh"

if ! doxygen --version >/dev/null 2>&1 || ! python3 --version >/dev/null 2>&1; then
  echo "doxygen: no Doxygen, or no Python, here"
  exit 77
fi
mkdir -p "$output"

# reference FOLDER OUTPUT: the pages of the headers in FOLDER/include.
reference() {
  (cd "$1" && { cat docs/doxygen/Doxyfile; echo "OUTPUT_DIRECTORY = $2"; } | doxygen -)
}

reference "$source" "$output" || fail "warnings, above"
for page in context_8h structxd__train__input structxd__backend__table; do
  [ -s "$output/html/$page.html" ] || fail "no page $page"
done

mkdir -p "$work/docs" "$work/include/xdomain"
cp -r "$source/docs/doxygen" "$work/docs"
cp "$source/include/xdomain/values.h" "$work/include/xdomain"
cat >>"$work/include/xdomain/values.h" <<'END_OF_HEADER'

XD_API void xd_without_words(void);
/* A struct. */
typedef struct xd_with_words {
  /* sizeof(xd_with_words) */
  size_t struct_size;
  int field_without_words;
} xd_with_words;

#define XD_MACRO_WITHOUT_WORDS 1
END_OF_HEADER
if reference "$work" "$work/output" >"$work/log" 2>&1; then fail "a copy without words passed"; fi
for name in xd_without_words field_without_words XD_MACRO_WITHOUT_WORDS; do
  grep -q "$name.* is not documented" "$work/log" || fail "nothing was said of $name"
done
[ "$(grep -c 'is not documented' "$work/log")" -eq 3 ] || { cat "$work/log"; fail "not three complaints"; }

exit "$((failures > 0))"
