/* The onednn backend: dense layers and convolutions by oneDNN (C interface of 2.6), everything else by
 * the built-in backend behind it, native if there is one. A plug-in: xd_backend_library_open finds
 * xd_backend_plugin.
 *
 * oneDNN's threads are OpenMP's, which belong to the process, and its results depend on their number.
 * So each call is held to one of them, and the work is cut into pieces for the context's own runner. */
#include "backend/onednn/onednn_state.h"

#include <stdio.h>
#include <string.h>

static const xd_backend_table *table_behind(void) {
  const xd_backend_table *native = xd_backend_builtin("native");
  return native ? native : xd_backend_builtin("reference");
}

/* ---- Memory ---- */

/* The allocator is told how large a block was; that stands in front of it. */
#define PREFIX ((size_t)64)

void *xdi_onednn_allocate(xd_backend *backend, size_t size) {
  size_t whole = size + PREFIX;
  if (whole < size)
    return NULL;
  char *block = backend->allocator->allocate(backend->allocator->user, whole, PREFIX);
  if (!block)
    return NULL;
  memcpy(block, &whole, sizeof whole);
  return block + PREFIX;
}

void xdi_onednn_release(xd_backend *backend, void *memory) {
  size_t whole;
  if (!memory)
    return;
  char *block = (char *)memory - PREFIX;
  memcpy(&whole, block, sizeof whole);
  backend->allocator->release(backend->allocator->user, block, whole, PREFIX);
}

/* ---- Life ---- */

static void close_backend(xd_backend *backend) {
  const xd_allocator *allocator = backend->allocator;
  xdi_onednn_convolvers_destroy(backend);
  for (int i = 0; i < XDI_ONEDNN_PIECES; i++)
    if (backend->streams[i])
      dnnl_stream_destroy(backend->streams[i]);
  if (backend->engine)
    dnnl_engine_destroy(backend->engine);
  if (backend->behind)
    backend->table->close(backend->behind);
  allocator->release(allocator->user, backend, sizeof *backend, PREFIX);
}

static xd_status open_library(xd_backend *backend) {
  dnnl_status_t status = dnnl_engine_create(&backend->engine, dnnl_cpu, 0);
  for (int i = 0; i < XDI_ONEDNN_PIECES && status == dnnl_success; i++)
    status = dnnl_stream_create(&backend->streams[i], backend->engine, dnnl_stream_default_flags);
  return xdi_onednn_status(status);
}

static xd_status open_backend(xd_backend **out, const char **detail, const xd_backend_host *host) {
  const dnnl_version_t *version = dnnl_version();
  const char *ignored = NULL;
  *out = NULL;
  xd_backend *backend = host->allocator->allocate(host->allocator->user, sizeof *backend, PREFIX);
  if (!backend)
    return XD_ERROR_OUT_OF_MEMORY;
  memset(backend, 0, sizeof *backend);
  backend->allocator = host->allocator;
  backend->runner = host->runner;
  backend->table = table_behind();
  xd_status status =
      backend->table ? backend->table->open(&backend->behind, &ignored, host) : XD_ERROR_UNSUPPORTED;
  if (status != XD_OK)
    backend->behind = NULL;
  else
    status = open_library(backend);
  if (status != XD_OK) {
    close_backend(backend);
    return status;
  }
  snprintf(backend->detail, sizeof backend->detail, "oneDNN %d.%d.%d, before %s", version->major,
           version->minor, version->patch, backend->table->name);
  *detail = backend->detail;
  *out = backend;
  return XD_OK;
}

/* ---- What is only handed on ---- */

static xd_status create_buffer(xd_backend *backend, xd_buffer **out, size_t count) {
  return backend->table->buffer_create(backend->behind, out, count);
}

static void destroy_buffer(xd_backend *backend, xd_buffer *buffer) {
  backend->table->buffer_destroy(backend->behind, buffer);
}

static xd_status write_buffer(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  return backend->table->buffer_write(backend->behind, to, from, count);
}

static xd_status read_buffer(xd_backend *backend, float *to, xd_slice from, size_t count) {
  return backend->table->buffer_read(backend->behind, to, from, count);
}

static xd_status activate(xd_backend *backend, xd_activation activation, xd_slice x, xd_slice y,
                          size_t count) {
  return backend->table->activation_forward(backend->behind, activation, x, y, count);
}

static xd_status activate_back(xd_backend *backend, xd_activation activation, xd_slice y, xd_slice dy,
                               xd_slice dx, size_t count) {
  return backend->table->activation_backward(backend->behind, activation, y, dy, dx, count);
}

static xd_status copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                              uint32_t from_stride, uint32_t rows, uint32_t columns) {
  return backend->table->copy_columns(backend->behind, to, to_stride, from, from_stride, rows, columns);
}

static xd_status scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                           size_t count) {
  return backend->table->scale_add(backend->behind, alpha, x, beta, y, count);
}

static xd_status draw_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed, uint64_t stream,
                             uint64_t first) {
  return backend->table->random_normal(backend->behind, to, count, seed, stream, first);
}

static xd_status drop(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                      uint64_t seed, uint64_t stream, uint64_t first) {
  return backend->table->dropout(backend->behind, from, to, count, rate, seed, stream, first);
}

static xd_status find_norms(xd_backend *backend, xd_spectral_norm *matrices, uint32_t count) {
  return backend->table->spectral_norm_forward(backend->behind, matrices, count);
}

static xd_status take_norms_back(xd_backend *backend, const xd_spectral_norm *matrices, uint32_t count) {
  return backend->table->spectral_norm_backward(backend->behind, matrices, count);
}

/* The kernels whose only argument is a struct. */
/* clang-format off */
#define HANDED_ON(X) \
  X(reconstruction_loss, xd_reconstruction_loss *) \
  X(posterior_forward, const xd_posterior *) \
  X(posterior_backward, xd_posterior *) \
  X(logistic_loss, xd_logistic_loss *) \
  X(squared_distance, xd_squared_distance *) \
  X(cross_entropy, xd_cross_entropy *) \
  X(adam, const xd_adam *) \
  X(window_normalise, const xd_window_normalise *)
/* clang-format on */

#define AS_FUNCTION(kernel, type) \
  static xd_status hand_on_##kernel(xd_backend *backend, type args) { \
    return backend->table->kernel(backend->behind, args); \
  }
HANDED_ON(AS_FUNCTION)

/* ---- The table ---- */

#define AS_SLOT(kernel, type) .kernel = hand_on_##kernel,
static const xd_backend_table onednn_table = {
    .struct_size = sizeof(xd_backend_table),
    .table_version = XD_BACKEND_TABLE_VERSION,
    .name = "onednn",
    .open = open_backend,
    .close = close_backend,
    .buffer_create = create_buffer,
    .buffer_destroy = destroy_buffer,
    .buffer_write = write_buffer,
    .buffer_read = read_buffer,
    .dense_forward = xdi_onednn_dense_forward,
    .dense_backward_data = xdi_onednn_dense_backward_data,
    .dense_backward_weights = xdi_onednn_dense_backward_weights,
    .conv2d_forward = xdi_onednn_conv2d_forward,
    .conv2d_backward_data = xdi_onednn_conv2d_backward_data,
    .conv2d_backward_weights = xdi_onednn_conv2d_backward_weights,
    .conv_transpose2d_forward = xdi_onednn_conv_transpose2d_forward,
    .conv_transpose2d_backward_data = xdi_onednn_conv_transpose2d_backward_data,
    .conv_transpose2d_backward_weights = xdi_onednn_conv_transpose2d_backward_weights,
    .activation_forward = activate,
    .activation_backward = activate_back,
    .copy_columns = copy_columns,
    .scale_add = scale_add,
    .random_normal = draw_normal,
    .dropout = drop,
    .spectral_norm_forward = find_norms,
    .spectral_norm_backward = take_norms_back,
    HANDED_ON(AS_SLOT)};

__attribute__((visibility("default"))) const xd_backend_table *xd_backend_plugin(void);

const xd_backend_table *xd_backend_plugin(void) {
  return &onednn_table;
}
