/* Upsampling layer: pictures of twice the size, each cell four times. A convolution behind it treats all of them
 * alike, so that it leaves no pattern of dots as a transposed one may. A side may end one cell earlier, since
 * conv2d of stride 2 makes the same of both. values: {height, width}. */
#include "layer/builtin.h"

static bool doubles(uint32_t in, uint32_t out) {
  return out > 0 && (out == 2 * (uint64_t)in || out == 2 * (uint64_t)in - 1);
}

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  const uint32_t height = spec->values[0], width = spec->values[1];
  (void)state;
  if (!xdi_values_unused(spec, 2)) {
    *why = "an upsample layer's values are its output's height and width, the others 0";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  if (!doubles(in->height, height) || !doubles(in->width, width)) {
    *why = "an upsample layer's height and width are twice its input's, or one less";
    return XD_ERROR_SHAPE_MISMATCH;
  }
  *out = (xd_shape){.width = width, .height = height, .channels = in->channels};
  return XD_OK;
}

static xd_upsample make_call(const xd_layer_io *io) {
  return (xd_upsample){.batch = io->batch,
                       .in_width = io->in.width,
                       .in_height = io->in.height,
                       .out_width = io->out.width,
                       .out_height = io->out.height,
                       .channels = io->in.channels,
                       .x_activation = io->x_activation,
                       .x = io->x,
                       .y = io->y,
                       .dy = io->dy,
                       .dx = io->dx};
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  const xd_upsample call = make_call(io);
  (void)state;
  return io->table->upsample_forward(io->backend, &call);
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  const xd_upsample call = make_call(io);
  (void)state;
  return io->dx.buffer ? io->table->upsample_backward(io->backend, &call) : XD_OK;
}

const xd_layer_table xdi_upsample_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('U', 'P', 'S', '2'),
    .name = "upsample",
    .configure = configure,
    .forward = forward,
    .backward = backward,
};
