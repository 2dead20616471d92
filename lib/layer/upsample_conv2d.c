/* Upsampling and convolution in one layer: 3 x 3 taps, pad 1, on the picture of twice the size whose cells are each
 * four times those of the input. It computes what UPS2 and CNV2 do one after the other, but for the last row and
 * column of odd pictures, which see the whole upsampled picture, in less than half the products.
 * values: {out_channels, activation, height, width}. */
#include "layer/convolution.h"

static bool doubles(uint32_t in, uint32_t out) {
  return out > 0 && (out == 2 * (uint64_t)in || out == 2 * (uint64_t)in - 1);
}

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  xdi_convolution_state *conv = state;
  const uint32_t height = spec->values[2], width = spec->values[3];
  const xd_layer_spec same = {spec->tag, {spec->values[0], 3, 1, 1, spec->values[1]}};
  if (!xdi_convolution_configure(conv, &same, *in, why))
    return XD_ERROR_INVALID_ARGUMENT;
  if (!xdi_values_unused(spec, 4)) {
    *why = "an upsample_conv2d layer has four values, the others are 0";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  if (!doubles(in->height, height) || !doubles(in->width, width)) {
    *why = "an upsample_conv2d layer's height and width are twice its input's, or one less";
    return XD_ERROR_SHAPE_MISMATCH;
  }
  conv->fan_in = 9 * conv->in_channels;
  conv->fan_out = 9 * conv->out_channels;
  *out = (xd_shape){.width = width, .height = height, .channels = conv->out_channels};
  return XD_OK;
}

static xd_status prepare(const void *state, xd_prepared **out, const xd_layer_io *io) {
  const xd_convolution call = xdi_convolution_call(state, io);
  *out = NULL;
  return io->table->upsample_conv2d_prepare ? io->table->upsample_conv2d_prepare(io->backend, out, &call)
                                            : XD_OK;
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  const xd_convolution call = xdi_convolution_call(state, io);
  return io->table->upsample_conv2d_forward(io->backend, &call);
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  return xdi_convolution_backward(state, io, io->table->upsample_conv2d_backward_weights,
                                  io->table->upsample_conv2d_backward_data);
}

const xd_layer_table xdi_upsample_conv2d_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('U', 'P', 'C', '3'),
    .name = "upsample_conv2d",
    .state_size = sizeof(xdi_convolution_state),
    .configure = configure,
    .parameter = xdi_convolution_parameter,
    .activation = xdi_convolution_activation,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
