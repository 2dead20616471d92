/* Transposed convolution layer: the adjoint of a conv2d of the same kernel, stride and padding. Several
 * output sizes belong to one input size, so the specification gives it.
 * values: {out_channels, kernel, stride, pad, activation, height, width}. */
#include "layer/convolution.h"

/* Beyond this side no tap could reach, so it is a mistake. */
static bool reachable(uint32_t out, uint32_t in, const xdi_convolution_state *conv) {
  return out >= 1 && out <= (uint64_t)in * conv->stride + conv->kernel;
}

/* A cell of the output is the sum of kernel^2 / stride^2 taps of each input channel. */
static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  xdi_convolution_state *conv = state;
  const uint32_t height = spec->values[5], width = spec->values[6];
  if (!xdi_convolution_configure(conv, spec, *in, why))
    return XD_ERROR_INVALID_ARGUMENT;
  if (!reachable(height, in->height, conv) || !reachable(width, in->width, conv) ||
      !xdi_values_unused(spec, 7)) {
    *why = "a conv_transpose2d layer's last two values are its output's height and width, 1 to "
           "in * stride + kernel, and the eighth is 0";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  const uint32_t taps = conv->kernel * conv->kernel, area = conv->stride * conv->stride;
  const uint32_t fan_in = taps * conv->in_channels / area;
  conv->fan_in = fan_in > 0 ? fan_in : 1;
  conv->fan_out = taps * conv->out_channels;
  *out = (xd_shape){.width = width, .height = height, .channels = conv->out_channels};
  return XD_OK;
}

static xd_status prepare(const void *state, xd_prepared **out, const xd_layer_io *io) {
  const xd_convolution call = xdi_convolution_call(state, io);
  *out = NULL;
  return io->table->conv_transpose2d_prepare ? io->table->conv_transpose2d_prepare(io->backend, out, &call)
                                             : XD_OK;
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  const xd_convolution call = xdi_convolution_call(state, io);
  return io->table->conv_transpose2d_forward(io->backend, &call);
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  return xdi_convolution_backward(state, io, io->table->conv_transpose2d_backward_weights,
                                  io->table->conv_transpose2d_backward_data);
}

const xd_layer_table xdi_conv_transpose2d_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('C', 'N', 'T', '2'),
    .name = "conv_transpose2d",
    .state_size = sizeof(xdi_convolution_state),
    .configure = configure,
    .parameter = xdi_convolution_parameter,
    .activation = xdi_convolution_activation,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
