/* A backend that does another's work, and whose n-th call fails, of its kernels and of its buffers' writes and
 * reads alike. */
#ifndef XD_TESTS_FAILING_BACKEND_H
#define XD_TESTS_FAILING_BACKEND_H

#include <stdbool.h>

#include "xdomain/sys/backend.h"

/* The backend that does the work, the calls so far, and the one that fails: 0: none. */
static const xd_backend_table *worker;
static uint64_t called, fail_at;

static bool fails(void) {
  return ++called == fail_at;
}

#define FAILING(name, type) \
  static xd_status failing_##name(xd_backend *backend, type *args) { \
    return fails() ? XD_ERROR_INTERNAL : worker->name(backend, args); \
  }

FAILING(dense_forward, const xd_dense)
FAILING(dense_backward_data, const xd_dense)
FAILING(dense_backward_weights, const xd_dense)
FAILING(conv2d_forward, const xd_convolution)
FAILING(conv2d_backward_data, const xd_convolution)
FAILING(conv2d_backward_weights, const xd_convolution)
FAILING(conv_transpose2d_forward, const xd_convolution)
FAILING(conv_transpose2d_backward_data, const xd_convolution)
FAILING(conv_transpose2d_backward_weights, const xd_convolution)
FAILING(reconstruction_loss, xd_reconstruction_loss)
FAILING(posterior_forward, const xd_posterior)
FAILING(posterior_backward, xd_posterior)
FAILING(logistic_loss, xd_logistic_loss)
FAILING(squared_distance, xd_squared_distance)
FAILING(cross_entropy, xd_cross_entropy)
FAILING(adam, const xd_adam)
FAILING(window_normalise, const xd_window_normalise)
FAILING(group_norm_forward, const xd_group_norm)
FAILING(group_norm_backward, const xd_group_norm)
FAILING(upsample_forward, const xd_upsample)
FAILING(upsample_backward, const xd_upsample)
FAILING(upsample_conv2d_forward, const xd_convolution)
FAILING(upsample_conv2d_backward_data, const xd_convolution)
FAILING(upsample_conv2d_backward_weights, const xd_convolution)
FAILING(residual_forward, const xd_residual)
FAILING(residual_backward, const xd_residual)

static xd_status failing_activation_forward(xd_backend *backend, xd_activation activation, xd_slice x,
                                            xd_slice y, size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->activation_forward(backend, activation, x, y, count);
}

static xd_status failing_activation_backward(xd_backend *backend, xd_activation activation, xd_slice y,
                                             xd_slice dy, xd_slice dx, size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->activation_backward(backend, activation, y, dy, dx, count);
}

static xd_status failing_copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                                      uint32_t from_stride, uint32_t rows, uint32_t columns) {
  return fails() ? XD_ERROR_INTERNAL
                 : worker->copy_columns(backend, to, to_stride, from, from_stride, rows, columns);
}

static xd_status failing_scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                                   size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->scale_add(backend, alpha, x, beta, y, count);
}

static xd_status failing_spectral_norm_forward(xd_backend *backend, xd_spectral_norm *matrices,
                                               uint32_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->spectral_norm_forward(backend, matrices, count);
}

static xd_status failing_spectral_norm_backward(xd_backend *backend, const xd_spectral_norm *matrices,
                                                uint32_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->spectral_norm_backward(backend, matrices, count);
}

static xd_status failing_random_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed,
                                       uint64_t stream, uint64_t first) {
  return fails() ? XD_ERROR_INTERNAL : worker->random_normal(backend, to, count, seed, stream, first);
}

static xd_status failing_dropout(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                                 uint64_t seed, uint64_t stream, uint64_t first) {
  return fails() ? XD_ERROR_INTERNAL : worker->dropout(backend, from, to, count, rate, seed, stream, first);
}

static xd_status failing_write(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->buffer_write(backend, to, from, count);
}

static xd_status failing_read(xd_backend *backend, float *to, xd_slice from, size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->buffer_read(backend, to, from, count);
}

/* Called "failing". */
static xd_backend_table failing_table(const xd_backend_table *of) {
  worker = of;
  xd_backend_table table = *of;
  table.name = "failing";
  table.buffer_write = failing_write;
  table.buffer_read = failing_read;
#define TAKE(name, parameters) table.name = failing_##name;
  XD_BACKEND_KERNELS(TAKE)
#undef TAKE
  return table;
}

#endif
