#!/bin/sh
# Kernels take xd_slice by value: each compiler that is here hands slices to the kernels of each other, whole, as C
# and as C++, and with -fshort-enums on one side.
# usage: slices.sh INCLUDE_FOLDER COMPILER...
set -u

folder=${1:?usage: slices.sh INCLUDE_FOLDER COMPILER...}
shift
. "$(dirname "$0")/../failures.sh"

cat >"$work/head" <<'END'
#include <xdomain/sys/backend.h>
XD_BEGIN_DECLS
void fill(xd_backend_table *table);
XD_END_DECLS
static xd_buffer buffers[2];
END
cat "$work/head" - >"$work/kernels.c" <<'END'
static int is_number(xd_slice slice, size_t number) {
  return slice.buffer && slice.buffer->count == number && slice.offset == SIZE_MAX - number;
}
static xd_status copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                              uint32_t from_stride, uint32_t rows, uint32_t columns) {
  return !backend && is_number(to, 1) && to_stride == 3 && is_number(from, 2) && from_stride == 4 && rows == 5 &&
                 columns == 6 ? XD_OK : XD_ERROR_INTERNAL;
}
static xd_status scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y, size_t count) {
  return !backend && alpha == 0.5f && is_number(x, 1) && beta == 0.25f && is_number(y, 2) && count == 7 ? XD_OK
                                                                                            : XD_ERROR_INTERNAL;
}
static xd_status buffer_read(xd_backend *backend, float *to, xd_slice from, size_t count) {
  return !backend && !to && is_number(from, 2) && count == 8 ? XD_OK : XD_ERROR_INTERNAL;
}
void fill(xd_backend_table *table) {
  (void)buffers;
  table->copy_columns = copy_columns;
  table->scale_add = scale_add;
  table->buffer_read = buffer_read;
}
END
cat "$work/head" - >"$work/caller.c" <<'END'
int main(void) {
  xd_backend_table table;
  xd_slice one, two;
  buffers[0].count = 1;
  buffers[1].count = 2;
  one.buffer = &buffers[0];
  one.offset = SIZE_MAX - 1;
  two.buffer = &buffers[1];
  two.offset = SIZE_MAX - 2;
  fill(&table);
  return table.copy_columns(0, one, 3, two, 4, 5, 6) || table.scale_add(0, 0.5f, one, 0.25f, two, 7) ||
         table.buffer_read(0, 0, two, 8);
}
END

number=0
for compiler in "$@"; do
  number=$((number + 1))
  case $compiler in *++*) language=c++ ;; *) language=c ;; esac
  for flags in -O0 "-O2 -fshort-enums"; do
    for part in kernels caller; do
      # shellcheck disable=SC2086 # flags are words
      "$compiler" -x "$language" $flags -c -I "$folder" "$work/$part.c" -o "$work/$part$number${flags%% *}.o" ||
        fail "$compiler: $part"
    done
  done
done
[ "$number" -gt 0 ] || fail "no compiler"

count=0
for kernels in "$work"/kernels*.o; do
  for caller in "$work"/caller*.o; do
    "$1" "$kernels" "$caller" -o "$work/program" && "$work/program" || fail "${caller##*/} calling ${kernels##*/}"
    count=$((count + 1))
  done
done
echo "$count pairs, $failures failed"
exit "$((failures > 0))"
