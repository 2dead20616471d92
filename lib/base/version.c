/* The version that this library was built as, and what it was built with; the numbers are those of
 * xdomain/version.h. */
#include "xdomain/version.h"

#include <stddef.h>
#include <string.h>

uint32_t xd_version_number(void) {
  return XD_VERSION_NUMBER;
}

const char *xd_version_string(void) {
  return XD_VERSION_STRING;
}

int xd_has_feature(const char *name) {
  static const char *const features[] = {
#ifdef XDI_WITH_NATIVE
      "native",
#endif
#ifdef XDI_WITH_OPENBLAS
      "openblas",
#endif
#ifdef XDI_WITH_ZLIB
      "gzip",
#endif
      "threads",
      "shared-pool",
      "destroy-any-order",
      "fork",
      "streams",
      "picture-decoder",
      "options",
      "progress",
      "checkpoints",
      "network-layers",
      "network-price",
      "class-names",
      "translator-steps",
      "conditions",
      "unlabelled",
      "dataset-fit"};
  for (size_t i = 0; name && i < sizeof features / sizeof *features; i++)
    if (strcmp(features[i], name) == 0)
      return 1;
  return 0;
}
