/* What conv2d, conv_transpose2d and upsample_conv2d share. Weights are
 * [kernel][kernel][in_channels][out_channels], in and out as the layer sees them going forward; kernels are
 * square, stride and padding the same both ways. */
#include "layer/convolution.h"

#include "base/memory.h"

bool xdi_convolution_configure(xdi_convolution_state *state, const xd_layer_spec *spec, xd_shape in,
                               const char **why) {
  const uint32_t out_channels = spec->values[0], kernel = spec->values[1], stride = spec->values[2];
  const uint32_t pad = spec->values[3], activation = spec->values[4];
  size_t weights;
  *why = NULL;
  if (kernel < 1 || kernel > XDI_KERNEL_MAX || stride < 1 || stride > XDI_KERNEL_MAX)
    *why = "a convolution's kernel and stride are 1 to 64";
  else if (pad >= kernel)
    *why = "a convolution's padding is smaller than its kernel";
  else if (!xdi_activation_known(activation))
    *why = "a convolution's fifth value is an activation";
  else if (out_channels < 1 || !xdi_multiply((size_t)kernel * kernel, in.channels, &weights) ||
           !xdi_multiply(weights, out_channels, &weights) || weights > XDI_FLOAT_LIMIT)
    *why = "a convolution needs 1 to 2^28 weights";
  if (*why)
    return false;
  *state = (xdi_convolution_state){.in_channels = in.channels,
                                   .out_channels = out_channels,
                                   .kernel = kernel,
                                   .stride = stride,
                                   .pad = pad,
                                   .activation = activation};
  return true;
}

int xdi_convolution_parameter(const void *state, uint32_t index, xd_layer_parameter *out) {
  const xdi_convolution_state *conv = state;
  if (index == 0)
    *out = (xd_layer_parameter){.name = "weights",
                                .shape = {conv->kernel, conv->kernel, conv->in_channels, conv->out_channels},
                                .rank = 4,
                                .fan_in = conv->fan_in,
                                .fan_out = conv->fan_out};
  else if (index == 1)
    *out = (xd_layer_parameter){.name = "bias", .shape = {conv->out_channels, 1, 1, 1}, .rank = 1};
  return index < 2;
}

xd_activation xdi_convolution_activation(const void *state) {
  return ((const xdi_convolution_state *)state)->activation;
}

xd_convolution xdi_convolution_call(const xdi_convolution_state *state, const xd_layer_io *io) {
  const size_t taps = (size_t)state->kernel * state->kernel;
  const size_t bias = xdi_device_room(taps * state->in_channels * state->out_channels);
  return (xd_convolution){.batch = io->batch,
                          .in_height = io->in.height,
                          .in_width = io->in.width,
                          .in_channels = io->in.channels,
                          .out_height = io->out.height,
                          .out_width = io->out.width,
                          .out_channels = io->out.channels,
                          .kernel_height = state->kernel,
                          .kernel_width = state->kernel,
                          .stride = state->stride,
                          .pad = state->pad,
                          .activation = state->activation,
                          .x_activation = io->x_activation,
                          .x = io->x,
                          .weights = io->parameters,
                          .bias = xdi_slice_after(io->parameters, bias),
                          .y = io->y,
                          .dy = io->dy,
                          .dx = io->dx,
                          .dweights = io->gradients,
                          .dbias = xdi_slice_after(io->gradients, bias),
                          .prepared = io->prepared};
}

xd_status xdi_convolution_backward(const void *state, const xd_layer_io *io, xdi_convolution_kernel weights,
                                   xdi_convolution_kernel data) {
  const xd_convolution call = xdi_convolution_call(state, io);
  xd_status status = XD_OK;
  if (io->gradients.buffer)
    status = weights(io->backend, &call);
  if (status == XD_OK && io->dx.buffer)
    status = data(io->backend, &call);
  return status;
}
