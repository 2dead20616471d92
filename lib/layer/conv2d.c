/* Convolution layer: each side of the output is ceil(in / stride); the kernel may reach over the picture's
 * edges, where it meets zeros, so odd sizes need no padding of their own.
 * values: {out_channels, kernel, stride, pad, activation}. */
#include "layer/convolution.h"

/* A cell of the input is read by kernel^2 / stride^2 places of each output channel. */
static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  xdi_convolution_state *conv = state;
  if (!xdi_convolution_configure(conv, spec, *in, why))
    return XD_ERROR_INVALID_ARGUMENT;
  if (!xdi_values_unused(spec, 5)) {
    *why = "a conv2d layer has five values, the others are 0";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  const uint32_t stride = conv->stride, taps = conv->kernel * conv->kernel;
  conv->fan_in = taps * conv->in_channels;
  conv->fan_out = taps * conv->out_channels / (stride * stride);
  *out = (xd_shape){.width = in->width / stride + (in->width % stride != 0),
                    .height = in->height / stride + (in->height % stride != 0),
                    .channels = conv->out_channels};
  return XD_OK;
}

static xd_status prepare(const void *state, xd_prepared **out, const xd_layer_io *io) {
  const xd_convolution call = xdi_convolution_call(state, io);
  *out = NULL;
  return io->table->conv2d_prepare ? io->table->conv2d_prepare(io->backend, out, &call) : XD_OK;
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  const xd_convolution call = xdi_convolution_call(state, io);
  return io->table->conv2d_forward(io->backend, &call);
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  return xdi_convolution_backward(state, io, io->table->conv2d_backward_weights,
                                  io->table->conv2d_backward_data);
}

const xd_layer_table xdi_conv2d_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('C', 'N', 'V', '2'),
    .name = "conv2d",
    .state_size = sizeof(xdi_convolution_state),
    .configure = configure,
    .parameter = xdi_convolution_parameter,
    .activation = xdi_convolution_activation,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
