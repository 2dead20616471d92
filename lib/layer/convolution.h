/* What conv2d, conv_transpose2d and upsample_conv2d share: their state, their parts and the backend's call. */
#ifndef XDI_LAYER_CONVOLUTION_H
#define XDI_LAYER_CONVOLUTION_H

#include "layer/builtin.h"

#define XDI_KERNEL_MAX 64 /* also of the stride */

typedef struct xdi_convolution_state {
  uint32_t in_channels, out_channels, kernel, stride, pad;
  uint32_t fan_in, fan_out;
  xd_activation activation;
} xdi_convolution_state;

/* Reads the values that these layers have; false, with *why, when one is out of range. */
bool xdi_convolution_configure(xdi_convolution_state *state, const xd_layer_spec *spec, xd_shape in,
                               const char **why);

/* Slots. */
int xdi_convolution_parameter(const void *state, uint32_t index, xd_layer_parameter *out);
xd_activation xdi_convolution_activation(const void *state);

/* All fields of a forward or backward call. */
xd_convolution xdi_convolution_call(const xdi_convolution_state *state, const xd_layer_io *io);

/* The backward slot, by the two kernels of the layer's own. */
typedef xd_status (*xdi_convolution_kernel)(xd_backend *backend, const xd_convolution *args);
xd_status xdi_convolution_backward(const void *state, const xd_layer_io *io, xdi_convolution_kernel weights,
                                   xdi_convolution_kernel data);

#endif
