/* The slots of the native backend's table, by file. */
#ifndef XDI_NATIVE_SLOTS_H
#define XDI_NATIVE_SLOTS_H

#include "backend/native/native_state.h"

/* native_dense.c */
xd_status xdi_native_dense_prepare(xd_backend *backend, xd_prepared **out, const xd_dense *args);
xd_status xdi_native_dense_forward(xd_backend *backend, const xd_dense *args);
xd_status xdi_native_dense_backward_data(xd_backend *backend, const xd_dense *args);
xd_status xdi_native_dense_backward_weights(xd_backend *backend, const xd_dense *args);
xd_status xdi_native_dense_backward(xd_backend *backend, const xd_dense *args);

/* native_convolution.c */
xd_status xdi_native_conv2d_prepare(xd_backend *backend, xd_prepared **out, const xd_convolution *args);
xd_status xdi_native_conv_transpose2d_prepare(xd_backend *backend, xd_prepared **out,
                                              const xd_convolution *args);
xd_status xdi_native_conv2d_forward(xd_backend *backend, const xd_convolution *args);
xd_status xdi_native_conv2d_backward_data(xd_backend *backend, const xd_convolution *args);
xd_status xdi_native_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args);
xd_status xdi_native_conv_transpose2d_forward(xd_backend *backend, const xd_convolution *args);
xd_status xdi_native_conv_transpose2d_backward_data(xd_backend *backend, const xd_convolution *args);
xd_status xdi_native_conv_transpose2d_backward_weights(xd_backend *backend, const xd_convolution *args);

/* native_elementwise.c */
xd_status xdi_native_activation_forward(xd_backend *backend, xd_activation activation, xd_slice x, xd_slice y,
                                        size_t count);
xd_status xdi_native_activation_backward(xd_backend *backend, xd_activation activation, xd_slice y,
                                         xd_slice dy, xd_slice dx, size_t count);
xd_status xdi_native_copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                                  uint32_t from_stride, uint32_t rows, uint32_t columns);
xd_status xdi_native_scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                               size_t count);
xd_status xdi_native_random_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed,
                                   uint64_t stream, uint64_t first);
xd_status xdi_native_dropout(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                             uint64_t seed, uint64_t stream, uint64_t first);

/* native_loss.c */
xd_status xdi_native_reconstruction_loss(xd_backend *backend, xd_reconstruction_loss *args);
xd_status xdi_native_posterior_forward(xd_backend *backend, const xd_posterior *args);
xd_status xdi_native_posterior_backward(xd_backend *backend, xd_posterior *args);
xd_status xdi_native_logistic_loss(xd_backend *backend, xd_logistic_loss *args);
xd_status xdi_native_squared_distance(xd_backend *backend, xd_squared_distance *args);
xd_status xdi_native_cross_entropy(xd_backend *backend, xd_cross_entropy *args);

/* native_window.c */
xd_status xdi_native_window_normalise(xd_backend *backend, const xd_window_normalise *args);

/* native_optimiser.c */
xd_status xdi_native_adam(xd_backend *backend, const xd_adam *args);
xd_status xdi_native_spectral_norm_forward(xd_backend *backend, xd_spectral_norm *matrices, uint32_t count);
xd_status xdi_native_spectral_norm_backward(xd_backend *backend, const xd_spectral_norm *matrices,
                                            uint32_t count);

#endif
