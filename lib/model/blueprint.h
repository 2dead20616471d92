/* The making of handles: a network of layers with initial weights, checked and wrapped. */
#ifndef XDI_MODEL_BLUEPRINT_H
#define XDI_MODEL_BLUEPRINT_H

#include "model/architecture.h"
#include "model/part.h"

typedef struct xdi_blueprint {
  xd_shape input;
  xdi_layer_list layers;
  uint64_t seed;
  float initial_gain;
  void (*start)(xd_network *network); /* changes the initial weights; may be NULL */
} xdi_blueprint;

/* A handle around a network made so, with one owner. What the network is refused for comes from
 * xdi_network_create or the check. */
xd_status xdi_part_build(xdi_part **out, xd_context *context, const xdi_blueprint *blueprint,
                         xdi_part_check check);

/* The same from a caller's layers. */
xd_status xdi_part_build_layers(xdi_part **out, xd_context *context, const xd_network_layers *layers,
                                xdi_part_check check);

#endif
