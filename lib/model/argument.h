/* Checks of callers' arguments, with messages that name them. */
#ifndef XDI_MODEL_ARGUMENT_H
#define XDI_MODEL_ARGUMENT_H

#include "base/context.h"

/* A field of an option struct and the values it may have. */
typedef struct xdi_limits {
  const char *field;
  uint32_t value, low, high;
} xdi_limits;

/* XD_OK, or XD_ERROR_INVALID_ARGUMENT for the first value that is out of its limits: "<owner>'s <field> is
 * <value>, but must be <low> to <high>". */
xd_status xdi_check_limits(xd_context *context, const char *owner, const xdi_limits *limits, size_t count);

/* The same for a picture's channels, which are 1 or 3. */
xd_status xdi_check_channels(xd_context *context, const char *owner, uint32_t channels);

/* XD_OK, or XD_ERROR_INVALID_ARGUMENT: "<name> is NULL". */
xd_status xdi_require(xd_context *context, const void *pointer, const char *name);

/* A list of layers that replaces other options: both or neither of list and count, at most the limit. */
xd_status xdi_check_layer_list(xd_context *context, const char *owner, const void *layers, uint32_t count);

#endif
