/* From layers to a handle. */
#include "model/blueprint.h"

#include <string.h>

#include "base/sized.h"

#define GAIN_MAX 10.0f

void xd_network_layers_init(xd_network_layers *layers, size_t struct_size) {
  const xd_network_layers defaults = XD_NETWORK_LAYERS_INIT;
  xdi_sized_write(layers, struct_size, &defaults, sizeof defaults);
}

xd_status xdi_part_build(xdi_part **out, xd_context *context, const xdi_blueprint *blueprint,
                         xdi_part_check check) {
  xd_network *network;
  *out = NULL;
  xd_status status =
      xdi_network_create(&network, context, blueprint->input, blueprint->layers.at, blueprint->layers.count);
  if (status != XD_OK)
    return status;
  xdi_network_initialise(network, blueprint->seed, blueprint->initial_gain);
  if (blueprint->start)
    blueprint->start(network);
  status = xdi_part_wrap(out, context, network, check);
  xdi_network_release(network);
  return status;
}

/* ---- A caller's layers ---- */

static xd_status check_layers(xd_context *context, const xd_network_layers *given) {
  if (!given->layers)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_network_layers.layers is NULL");
  if (given->layer_count == 0 || given->layer_count > XDI_LAYER_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_network_layers.layer_count is %u, but must be 1 to %d", given->layer_count,
                    XDI_LAYER_LIMIT);
  if (!(given->initial_gain >= 0.0f && given->initial_gain <= GAIN_MAX))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_network_layers.initial_gain is %g, but must be 0 to %g", (double)given->initial_gain,
                    (double)GAIN_MAX);
  return XD_OK;
}

xd_status xdi_part_build_layers(xdi_part **out, xd_context *context, const xd_network_layers *layers,
                                xdi_part_check check) {
  xd_network_layers given = XD_NETWORK_LAYERS_INIT;
  *out = NULL;
  xd_status status = xdi_sized_read(context, &given, layers, XDI_SIZED(xd_network_layers, reserved));
  if (status == XD_OK)
    status = xdi_check_reserved(context, "xd_network_layers.reserved", given.reserved);
  if (status == XD_OK)
    status = check_layers(context, &given);
  if (status != XD_OK)
    return status;
  xdi_blueprint blueprint = {.input = given.input, .seed = given.seed, .initial_gain = given.initial_gain};
  for (uint32_t i = 0; i < given.layer_count; i++)
    xdi_layer_list_add(&blueprint.layers, given.layers[i]);
  return xdi_part_build(out, context, &blueprint, check);
}
