/* The openblas backend: its state, its products and its table.
 *
 * OpenBLAS's threads, memory and messages are the process's, not ours: nothing here sets its number
 * of threads, and no product is cut over the runner, so that the context's threads cannot change a
 * result. */
#include "backend/openblas/openblas.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "backend/host_memory.h"
#include "backend/openblas/openblas_state.h"
#include "backend/reference/reference.h"
#include "base/memory.h"

/* "OpenBLAS 0.3.21" of the long line that OpenBLAS gives. */
static void describe(char *to, size_t size, const xdi_openblas *library) {
  const char *config = library->get_config();
  int length = config ? (int)strcspn(config, " ") : 0;
  if (config && config[length] == ' ')
    length += 1 + (int)strcspn(config + length + 1, " ");
  snprintf(to, size, "%.*s, %s kernels, its own threads: %d", length ? length : 8,
           length ? config : "OpenBLAS", xdi_openblas_core(library), library->get_num_threads());
}

static xd_status open_backend(xd_backend **out, const char **detail, const xd_backend_host *host) {
  xd_backend *backend = xdi_allocate_zeroed(host->allocator, 1, sizeof *backend);
  *out = NULL;
  if (!backend)
    return XD_ERROR_OUT_OF_MEMORY;
  backend->allocator = host->allocator;
  backend->runner = host->runner;
  const xd_status status = xdi_openblas_load(&backend->library, detail);
  if (status != XD_OK) {
    xdi_release(host->allocator, backend);
    return status;
  }
  describe(backend->detail, sizeof backend->detail, &backend->library);
  *detail = backend->detail;
  *out = backend;
  return XD_OK;
}

static void close_backend(xd_backend *backend) {
  for (int i = 0; i < XDI_SCRATCH_COUNT; i++)
    xdi_release(backend->allocator, backend->scratch[i]);
  xdi_openblas_unload(&backend->library);
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

float *xdi_openblas_scratch(xd_backend *backend, xdi_scratch which, size_t count) {
  if (count <= backend->scratch_size[which])
    return backend->scratch[which];
  xdi_release(backend->allocator, backend->scratch[which]);
  backend->scratch[which] = xdi_allocate(backend->allocator, count, sizeof(float));
  backend->scratch_size[which] = backend->scratch[which] ? count : 0;
  return backend->scratch[which];
}

static bool fits(size_t size) {
  return size <= INT32_MAX;
}

xd_status xdi_openblas_product(xd_backend *backend, float *to, xdi_matrix a, xdi_matrix b, size_t rows,
                               size_t depth, size_t columns, float alpha, float beta) {
  if (!fits(rows) || !fits(depth) || !fits(columns) || !fits(a.stride) || !fits(b.stride))
    return XD_ERROR_TOO_LARGE;
  if (rows == 1 && !a.turned) /* sgemm would copy all of b first */
    backend->library.sgemv(CblasRowMajor, b.turned ? CblasNoTrans : CblasTrans,
                           (blasint)(b.turned ? columns : depth), (blasint)(b.turned ? depth : columns),
                           alpha, b.cells, (blasint)b.stride, a.cells, 1, beta, to, 1);
  else
    backend->library.sgemm(CblasRowMajor, a.turned ? CblasTrans : CblasNoTrans,
                           b.turned ? CblasTrans : CblasNoTrans, (blasint)rows, (blasint)columns,
                           (blasint)depth, alpha, a.cells, (blasint)a.stride, b.cells, (blasint)b.stride,
                           beta, to, (blasint)columns);
  return XD_OK;
}

const xd_backend_table xdi_openblas_table = {
    .struct_size = sizeof(xd_backend_table),
    .table_version = XD_BACKEND_TABLE_VERSION,
    .name = "openblas",
    .open = open_backend,
    .close = close_backend,
    .buffer_create = create_buffer,
    .buffer_destroy = destroy_buffer,
    .buffer_write = xdi_host_buffer_write,
    .buffer_read = xdi_host_buffer_read,
    .buffer_wrap = wrap_buffer,
    .conv_transpose2d_prepare = xdi_openblas_conv_transpose2d_prepare,
    .prepared_destroy = xdi_openblas_prepared_destroy,
    .dense_forward = xdi_openblas_dense_forward,
    .dense_backward_data = xdi_openblas_dense_backward_data,
    .dense_backward_weights = xdi_openblas_dense_backward_weights,
    .conv2d_forward = xdi_openblas_conv2d_forward,
    .conv2d_backward_data = xdi_openblas_conv2d_backward_data,
    .conv2d_backward_weights = xdi_openblas_conv2d_backward_weights,
    .conv_transpose2d_forward = xdi_openblas_conv_transpose2d_forward,
    .conv_transpose2d_backward_data = xdi_openblas_conv_transpose2d_backward_data,
    .conv_transpose2d_backward_weights = xdi_openblas_conv_transpose2d_backward_weights,
    .activation_forward = xdi_openblas_activation_forward,
    .activation_backward = xdi_openblas_activation_backward,
    .copy_columns = xdi_reference_copy_columns,
    .scale_add = xdi_reference_scale_add,
    .reconstruction_loss = xdi_reference_reconstruction_loss,
    .posterior_forward = xdi_reference_posterior_forward,
    .posterior_backward = xdi_reference_posterior_backward,
    .logistic_loss = xdi_reference_logistic_loss,
    .squared_distance = xdi_reference_squared_distance,
    .cross_entropy = xdi_reference_cross_entropy,
    .adam = xdi_openblas_adam,
    .spectral_norm_forward = xdi_reference_spectral_norm_forward,
    .spectral_norm_backward = xdi_reference_spectral_norm_backward,
    .random_normal = xdi_reference_random_normal,
    .dropout = xdi_reference_dropout,
    .window_normalise = xdi_reference_window_normalise,
};
