/* Checks of callers' arguments. */
#include "model/argument.h"

xd_status xdi_require(xd_context *context, const void *pointer, const char *name) {
  return pointer ? XD_OK : xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
}

xd_status xdi_check_creation(xd_context *context, const void *out, const char *owner) {
  if (!out)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the place for %s is NULL", owner);
  return xdi_require(context, context, "the context");
}
