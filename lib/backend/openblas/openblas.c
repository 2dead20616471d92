/* The openblas backend: its state and its table. OpenBLAS's threads, memory and messages are the process's, not
 * ours: nothing here sets its number of threads. */
#include "backend/openblas/openblas.h"

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

/* The reference's kernels first, then those that replace them. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

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
    XD_BACKEND_KERNELS(XDI_REFERENCE_VALUE).dense_forward = xdi_openblas_dense_forward,
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
    .adam = xdi_openblas_adam,
};
