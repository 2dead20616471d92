/* The reference backend's table and its state, which is the host's allocator and no more. */
#include "backend/reference/reference.h"

#include "backend/host_memory.h"
#include "base/memory.h"

struct xd_backend {
  const xd_allocator *allocator;
};

static xd_status open_backend(xd_backend **out, const char **detail, const xd_backend_host *host) {
  *out = xdi_allocate_zeroed(host->allocator, 1, sizeof **out);
  if (!*out)
    return XD_ERROR_OUT_OF_MEMORY;
  (*out)->allocator = host->allocator;
  *detail = "plain C in double precision, one thread";
  return XD_OK;
}

static void close_backend(xd_backend *backend) {
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

const xd_backend_table xdi_reference_table = {
    .struct_size = sizeof(xd_backend_table),
    .table_version = XD_BACKEND_TABLE_VERSION,
    .name = "reference",
    .open = open_backend,
    .close = close_backend,
    .buffer_create = create_buffer,
    .buffer_destroy = destroy_buffer,
    .buffer_write = xdi_host_buffer_write,
    .buffer_read = xdi_host_buffer_read,
    .buffer_wrap = wrap_buffer,
    .dense_forward = xdi_reference_dense_forward,
    .dense_backward_data = xdi_reference_dense_backward_data,
    .dense_backward_weights = xdi_reference_dense_backward_weights,
    .conv2d_forward = xdi_reference_conv2d_forward,
    .conv2d_backward_data = xdi_reference_conv2d_backward_data,
    .conv2d_backward_weights = xdi_reference_conv2d_backward_weights,
    .conv_transpose2d_forward = xdi_reference_conv_transpose2d_forward,
    .conv_transpose2d_backward_data = xdi_reference_conv_transpose2d_backward_data,
    .conv_transpose2d_backward_weights = xdi_reference_conv_transpose2d_backward_weights,
    .activation_forward = xdi_reference_activation_forward,
    .activation_backward = xdi_reference_activation_backward,
    .copy_columns = xdi_reference_copy_columns,
    .scale_add = xdi_reference_scale_add,
    .reconstruction_loss = xdi_reference_reconstruction_loss,
    .posterior_forward = xdi_reference_posterior_forward,
    .posterior_backward = xdi_reference_posterior_backward,
    .logistic_loss = xdi_reference_logistic_loss,
    .squared_distance = xdi_reference_squared_distance,
    .cross_entropy = xdi_reference_cross_entropy,
    .adam = xdi_reference_adam,
    .spectral_norm_forward = xdi_reference_spectral_norm_forward,
    .spectral_norm_backward = xdi_reference_spectral_norm_backward,
    .random_normal = xdi_reference_random_normal,
    .dropout = xdi_reference_dropout,
    .window_normalise = xdi_reference_window_normalise,
};
