/* The version that this library was built as; the numbers are those of xdomain/version.h. */
#include "xdomain/version.h"

uint32_t xd_version_number(void) {
  return XD_VERSION_NUMBER;
}

const char *xd_version_string(void) {
  return XD_VERSION_STRING;
}
