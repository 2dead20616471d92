#!/bin/sh
# abi.sh lets additions pass and nothing else: it is run on copies of the headers with one change each.
# usage: abi_test.sh ROOT CC
set -u

root=${1:?usage: abi_test.sh ROOT CC}
cc=${2:?usage: abi_test.sh ROOT CC}
. "$root/tests/failures.sh"

mkdir -p "$work/whole/tests/abi" "$work/whole/lib"
cp -r "$root/include" "$work/whole"
cp "$root/lib/xdomain.map" "$work/whole/lib"
cp "$root"/tests/*.sh "$work/whole/tests"
cp "$root/tests/abi/abi.sh" "$root/tests/abi/libxdomain.abi" "$work/whole/tests/abi"

# edited FILE SED_SCRIPT: abi.sh's answer to a copy where the script changed a file of the headers or of lib.
edited() {
  rm -rf "$work/copy"
  cp -r "$work/whole" "$work/copy"
  sed -i -e "$2" "$work/copy/$1"
  if cmp -s "$work/whole/$1" "$work/copy/$1"; then
    echo "nothing was edited in $1" >"$work/answer"
    return 99
  fi
  "$work/copy/tests/abi/abi.sh" "$work/copy" "$cc" >"$work/answer" 2>&1
}
passes() { # WHAT FILE SED_SCRIPT
  edited "$2" "$3" || { cat "$work/answer"; fail "$1 is refused"; }
}
# The answer must name what was changed, and call it no addition.
refused() { # WHAT NAMED FILE SED_SCRIPT
  edited "$3" "$4"
  status=$?
  if [ "$status" -ne 1 ] || ! grep -q '^no addition:' "$work/answer" || ! grep -q -e "$2" "$work/answer"; then
    cat "$work/answer"
    fail "$1: answered with $status, $2 is not named"
  fi
}
header=include/xdomain

edited $header/stream.h '1s/:/: /'
status=$?
if [ "$status" -eq 77 ]; then
  cat "$work/answer"
  exit 77
fi
[ "$status" -eq 0 ] || { cat "$work/answer"; fail "the same interface is refused"; }

refused "a function that is gone" xd_blob_clear $header/stream.h '/^XD_API void xd_blob_clear/d'
refused "a function with another name" xd_blob_clear $header/stream.h 's/xd_blob_clear(xd_blob/xd_blob_empty(xd_blob/'
refused "a function that left the promise" xd_blob_clear lib/xdomain.map \
  's/^    xd_layer_builtin;/&\n    xd_blob_clear;/'
refused "one parameter more" xd_blob_size $header/stream.h \
  's/xd_blob_size(const xd_blob \*blob)/xd_blob_size(const xd_blob *blob, int a)/'
refused "a parameter of another type" xd_version_number $header/version.h \
  's/uint32_t xd_version_number/uint64_t xd_version_number/'
refused "a field of another type" checkpoint_seconds $header/run.h \
  's/double checkpoint_seconds/float checkpoint_seconds/'
refused "a field of another name" \
  'checkpoint_steps' $header/run.h 's/uint32_t checkpoint_steps/uint32_t every_steps/'
refused "fields in another order" xd_save_options $header/model.h \
  's/uint32_t half;/uint32_t swapped;/; s/uint32_t inference_only;/uint32_t half;/; s/swapped/inference_only/'
refused "a field in the middle" xd_source $header/stream.h 's/^  const void \*data;/&\n  size_t offset;/'
refused "a field that is gone" inference_only $header/model.h \
  '/uint32_t inference_only;/d; s/{ sizeof(xd_save_options), 0, 0, 0, 0 }/{ sizeof(xd_save_options), 0, 0, 0 }/'
refused "a callback of another type" xd_log_callback $header/context.h \
  's/typedef void (\*xd_log_callback)(void \*user/typedef void (*xd_log_callback)(const char *user/'
refused "a constant of another value" XD_FIT_PAD $header/image.h 's/XD_FIT_PAD = 2/XD_FIT_PAD = 7/'
refused "a constant that is gone" XD_FIT_CROP $header/image.h '/XD_FIT_CROP = 3/d'
refused "a status of another value" XD_ERROR_IO $header/status.h 's/XD_ERROR_IO = -4/XD_ERROR_IO = -40/'
refused "a macro of another value" XD_CLASS_LIMIT $header/shape.h 's/XD_CLASS_LIMIT 256/XD_CLASS_LIMIT 255/'

passes "a new function" $header/stream.h \
  's/^XD_API void xd_blob_clear.*/&\nXD_API void xd_blob_added(xd_blob *blob);/'
passes "a field at the end" $header/translator.h 's/^} xd_translator_options;/  uint32_t added, reserved2;\n&/'
refused "a field in what never grows" xd_shape $header/shape.h 's/^} xd_shape;/  uint32_t depth;\n&/'
refused "a field in the padding" added $header/stream.h \
  's/^} xd_sink;/  uint32_t reserved2;\n&/;s/^  int (\*write)/  uint32_t added;\n&/'

passes "a field at the end of what others point to" $header/run.h 's/^} xd_run;/  void *added;\n&/'
passes "a field at the end of what callbacks hear" $header/progress.h 's/^} xd_progress;/  void *added;\n&/'
passes "a new constant" $header/image.h 's/XD_FIT_CROP = 3/&,\n  XD_FIT_ADDED = 4/'
passes "a new list of constants" $header/stream.h \
  's/^typedef struct xd_blob xd_blob;/&\ntypedef uint32_t xd_added;\nenum {\n  XD_ADDED = 1\n};/
  s/^#include <stddef.h>/&\n#include <stdint.h>/'

exit "$((failures > 0))"
