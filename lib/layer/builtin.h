/* The built-in layers, and the checks of specifications that their files share. */
#ifndef XDI_LAYER_BUILTIN_H
#define XDI_LAYER_BUILTIN_H

#include <stdbool.h>

#include "layer/network.h"
#include "tensor/device.h"

extern const xd_layer_table xdi_dense_layer;
extern const xd_layer_table xdi_conv2d_layer;
extern const xd_layer_table xdi_conv_transpose2d_layer;
extern const xd_layer_table xdi_reshape_layer;
extern const xd_layer_table xdi_activation_layer;
extern const xd_layer_table xdi_dropout_layer;
extern const xd_layer_table xdi_linear_skip_layer;
extern const xd_layer_table xdi_window_normalise_layer;
extern const xd_layer_table xdi_group_norm_layer;
extern const xd_layer_table xdi_upsample_layer;
extern const xd_layer_table xdi_residual_add_layer;
extern const xd_layer_table xdi_upsample_conv2d_layer;

/* Whether a number names an activation. */
bool xdi_activation_known(uint32_t value);

/* Whether values[first..7] are 0, as a specification's unused ones must be. */
bool xdi_values_unused(const xd_layer_spec *spec, uint32_t first);

#endif
