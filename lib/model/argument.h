/* Checks of callers' arguments, with messages that name them. */
#ifndef XDI_MODEL_ARGUMENT_H
#define XDI_MODEL_ARGUMENT_H

#include "base/context.h"

/* XD_OK, or XD_ERROR_INVALID_ARGUMENT: "<name> is NULL". */
xd_status xdi_require(xd_context *context, const void *pointer, const char *name);

/* What a call that creates `owner` must be given: XD_ERROR_INVALID_ARGUMENT names what is NULL. */
xd_status xdi_check_creation(xd_context *context, const void *out, const char *owner);

#endif
