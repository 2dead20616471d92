/* Reshape layer: the same cells in the same order under another shape; nothing is run.
 * values: {height, width, channels}. */
#include "layer/builtin.h"
#include "tensor/shape.h"

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  const xd_shape shape = {.width = spec->values[1], .height = spec->values[0], .channels = spec->values[2]};
  size_t before, after;
  (void)state;
  if (!xdi_values_unused(spec, 3)) {
    *why = "a reshape layer's values are height, width and channels, the others 0";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  if (!xdi_shape_count(*in, 1, &before) || !xdi_shape_count(shape, 1, &after) || before != after) {
    *why = "a reshape layer's shape must have as many cells as its input";
    return XD_ERROR_SHAPE_MISMATCH;
  }
  *out = shape;
  return XD_OK;
}

const xd_layer_table xdi_reshape_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('R', 'S', 'H', 'P'),
    .name = "reshape",
    .configure = configure,
};
