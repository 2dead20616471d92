/* Checks of callers' arguments. */
#include "model/argument.h"

#include "layer/network.h"

xd_status xdi_check_limits(xd_context *context, const char *owner, const xdi_limits *limits, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (limits[i].value < limits[i].low || limits[i].value > limits[i].high)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s's %s is %u, but must be %u to %u", owner,
                      limits[i].field, limits[i].value, limits[i].low, limits[i].high);
  return XD_OK;
}

xd_status xdi_check_channels(xd_context *context, const char *owner, uint32_t channels) {
  if (channels == 1 || channels == 3)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s's channels is %u, but must be 1 or 3", owner,
                  channels);
}

xd_status xdi_require(xd_context *context, const void *pointer, const char *name) {
  return pointer ? XD_OK : xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
}

xd_status xdi_check_layer_list(xd_context *context, const char *owner, const void *layers, uint32_t count) {
  if (!layers && count > 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s's layers are NULL, but its layer_count is %u",
                    owner, count);
  const xdi_limits limits = {"layer_count", count, 1, XDI_LAYER_LIMIT};
  return layers ? xdi_check_limits(context, owner, &limits, 1) : XD_OK;
}
