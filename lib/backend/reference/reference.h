/* The reference kernels: plain C, double accumulators, serial; the oracle of every other backend.
 *
 * They look at slice.buffer->host alone, never at the xd_backend they are called with, so they serve
 * as the slots of any backend whose buffers the host can see. See xdomain/sys/backend.h for what each
 * one computes. */
#ifndef XDI_BACKEND_REFERENCE_H
#define XDI_BACKEND_REFERENCE_H

#include "xdomain/sys/backend.h"

extern const xd_backend_table xdi_reference_table;

/* Where a slice begins; NULL for an absent one. */
static inline float *xdi_slice_host(xd_slice slice) {
  return slice.buffer ? slice.buffer->host + slice.offset : NULL;
}

/* y = f(a), and f'(a) from y. */
double xdi_activation_value(xd_activation activation, double a);
double xdi_activation_slope(xd_activation activation, double y);

/* A row of sums through an activation, and times the slope at x, the output of the activation before. */
void xdi_finish_forward(xd_activation activation, const double *sum, float *to, size_t count);
void xdi_finish_backward(xd_activation activation, const double *sum, const float *x, float *to,
                         size_t count);

xd_status xdi_reference_dense_forward(xd_backend *backend, const xd_dense *args);
xd_status xdi_reference_dense_backward_data(xd_backend *backend, const xd_dense *args);
xd_status xdi_reference_dense_backward_weights(xd_backend *backend, const xd_dense *args);

xd_status xdi_reference_conv2d_forward(xd_backend *backend, const xd_convolution *args);
xd_status xdi_reference_conv2d_backward_data(xd_backend *backend, const xd_convolution *args);
xd_status xdi_reference_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args);

xd_status xdi_reference_conv_transpose2d_forward(xd_backend *backend, const xd_convolution *args);
xd_status xdi_reference_conv_transpose2d_backward_data(xd_backend *backend, const xd_convolution *args);
xd_status xdi_reference_conv_transpose2d_backward_weights(xd_backend *backend, const xd_convolution *args);

xd_status xdi_reference_activation_forward(xd_backend *backend, xd_activation activation, xd_slice x,
                                           xd_slice y, size_t count);
xd_status xdi_reference_activation_backward(xd_backend *backend, xd_activation activation, xd_slice y,
                                            xd_slice dy, xd_slice dx, size_t count);
xd_status xdi_reference_copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                                     uint32_t from_stride, uint32_t rows, uint32_t columns);
xd_status xdi_reference_scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                                  size_t count);

xd_status xdi_reference_reconstruction_loss(xd_backend *backend, xd_reconstruction_loss *args);
xd_status xdi_reference_posterior_forward(xd_backend *backend, const xd_posterior *args);
xd_status xdi_reference_posterior_backward(xd_backend *backend, xd_posterior *args);
xd_status xdi_reference_logistic_loss(xd_backend *backend, xd_logistic_loss *args);
xd_status xdi_reference_squared_distance(xd_backend *backend, xd_squared_distance *args);
xd_status xdi_reference_cross_entropy(xd_backend *backend, xd_cross_entropy *args);

xd_status xdi_reference_adam(xd_backend *backend, const xd_adam *args);
xd_status xdi_reference_spectral_norm_forward(xd_backend *backend, xd_spectral_norm *matrices,
                                              uint32_t count);
xd_status xdi_reference_spectral_norm_backward(xd_backend *backend, const xd_spectral_norm *matrices,
                                               uint32_t count);

xd_status xdi_reference_random_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed,
                                      uint64_t stream, uint64_t first);
xd_status xdi_reference_dropout(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                                uint64_t seed, uint64_t stream, uint64_t first);
xd_status xdi_reference_window_normalise(xd_backend *backend, const xd_window_normalise *args);

#endif
