/* The native backend's table, and the choice of its kernels. */
#include "backend/native/native.h"

#include "backend/host_memory.h"
#include "backend/native/native_slots.h"

static const xdi_kernels *best_kernels(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return &xdi_kernels_avx512;
  if (avx2)
    return &xdi_kernels_avx2;
#endif
#if defined(__aarch64__)
  return &xdi_kernels_neon;
#else
  return &xdi_kernels_portable;
#endif
}

const char *xdi_native_processor(void) {
  return best_kernels()->name;
}

static xd_status open_with(xd_backend **out, const char **detail, const xd_backend_host *host,
                           const xdi_kernels *kernels) {
  xd_backend *backend = xdi_allocate_zeroed(host->allocator, 1, sizeof *backend);
  *out = backend;
  if (!backend)
    return XD_ERROR_OUT_OF_MEMORY;
  backend->allocator = host->allocator;
  backend->runner = host->runner;
  backend->kernels = kernels;
  atomic_init(&backend->busy, 0);
  *detail = kernels->name;
  return XD_OK;
}

static xd_status open_best(xd_backend **out, const char **detail, const xd_backend_host *host) {
  return open_with(out, detail, host, best_kernels());
}

static xd_status open_avx2(xd_backend **out, const char **detail, const xd_backend_host *host) {
#if defined(__x86_64__)
  if (best_kernels() != &xdi_kernels_portable)
    return open_with(out, detail, host, &xdi_kernels_avx2);
#else
  (void)detail, (void)host;
#endif
  *out = NULL;
  return XD_ERROR_UNSUPPORTED;
}

static xd_status open_portable(xd_backend **out, const char **detail, const xd_backend_host *host) {
  return open_with(out, detail, host, &xdi_kernels_portable);
}

static void close_backend(xd_backend *backend) {
  xdi_release(backend->allocator, backend->shared.floats);
  xdi_release(backend->allocator, backend->slots.floats);
  xdi_release(backend->allocator, backend);
}

static xd_status create_buffer(xd_backend *backend, xd_buffer **out, size_t count) {
  return xdi_host_buffer_create(backend->allocator, out, count);
}

static xd_status wrap_buffer(xd_backend *backend, xd_buffer **out, const float *host, size_t count) {
  return xdi_host_buffer_wrap(backend->allocator, out, host, count);
}

static void destroy_buffer(xd_backend *backend, xd_buffer *buffer) {
  xdi_host_buffer_destroy(backend->allocator, buffer);
}

/* All but the table's name and how it opens. */
#define NATIVE_SLOTS \
  .struct_size = sizeof(xd_backend_table), .table_version = XD_BACKEND_TABLE_VERSION, \
  .close = close_backend, .buffer_create = create_buffer, .buffer_destroy = destroy_buffer, \
  .buffer_write = xdi_host_buffer_write, .buffer_read = xdi_host_buffer_read, .buffer_wrap = wrap_buffer, \
  .dense_prepare = xdi_native_dense_prepare, .conv2d_prepare = xdi_native_conv2d_prepare, \
  .conv_transpose2d_prepare = xdi_native_conv_transpose2d_prepare, \
  .prepared_destroy = xdi_native_prepared_destroy, .dense_forward = xdi_native_dense_forward, \
  .dense_backward_data = xdi_native_dense_backward_data, \
  .dense_backward_weights = xdi_native_dense_backward_weights, .dense_backward = xdi_native_dense_backward, \
  .conv2d_forward = xdi_native_conv2d_forward, .conv2d_backward_data = xdi_native_conv2d_backward_data, \
  .conv2d_backward_weights = xdi_native_conv2d_backward_weights, \
  .conv_transpose2d_forward = xdi_native_conv_transpose2d_forward, \
  .conv_transpose2d_backward_data = xdi_native_conv_transpose2d_backward_data, \
  .conv_transpose2d_backward_weights = xdi_native_conv_transpose2d_backward_weights, \
  .activation_forward = xdi_native_activation_forward, \
  .activation_backward = xdi_native_activation_backward, .copy_columns = xdi_native_copy_columns, \
  .scale_add = xdi_native_scale_add, .reconstruction_loss = xdi_native_reconstruction_loss, \
  .posterior_forward = xdi_native_posterior_forward, .posterior_backward = xdi_native_posterior_backward, \
  .logistic_loss = xdi_native_logistic_loss, .squared_distance = xdi_native_squared_distance, \
  .cross_entropy = xdi_native_cross_entropy, .adam = xdi_native_adam, \
  .spectral_norm_forward = xdi_native_spectral_norm_forward, \
  .spectral_norm_backward = xdi_native_spectral_norm_backward, .random_normal = xdi_native_random_normal, \
  .dropout = xdi_native_dropout, .window_normalise = xdi_native_window_normalise

const xd_backend_table xdi_native_table = {.name = "native", .open = open_best, NATIVE_SLOTS};
const xd_backend_table xdi_native_avx2_table = {.name = "native-avx2", .open = open_avx2, NATIVE_SLOTS};
const xd_backend_table xdi_native_portable_table = {
    .name = "native-portable", .open = open_portable, NATIVE_SLOTS};
