/* The reference backend's table and its state, which is the host's allocator and no more. */
#include "backend/reference/reference.h"

#include "backend/host_memory.h"
#include "base/memory.h"

/* The state behind an xd_backend; struct xd_backend itself is `native`'s, since the amalgamation has both. */
typedef struct reference_state {
  const xd_allocator *allocator;
} reference_state;

static const xd_allocator *allocator_of(const xd_backend *backend) {
  return ((const reference_state *)(const void *)backend)->allocator;
}

static xd_status open_backend(xd_backend **out, const char **detail, const xd_backend_host *host) {
  reference_state *state = xdi_allocate_zeroed(host->allocator, 1, sizeof *state);
  *out = (xd_backend *)(void *)state;
  if (!state)
    return XD_ERROR_OUT_OF_MEMORY;
  state->allocator = host->allocator;
  *detail = "plain C in double precision, one thread";
  return XD_OK;
}

static void close_backend(xd_backend *backend) {
  xdi_release(allocator_of(backend), backend);
}

static xd_status create_buffer(xd_backend *backend, xd_buffer **out, size_t count) {
  return xdi_host_buffer_create(allocator_of(backend), out, count);
}

static xd_status wrap_buffer(xd_backend *backend, xd_buffer **out, const float *host, size_t count) {
  return xdi_host_buffer_wrap(allocator_of(backend), out, host, count);
}

static void destroy_buffer(xd_backend *backend, xd_buffer *buffer) {
  xdi_host_buffer_destroy(allocator_of(backend), buffer);
}

const xd_backend_table xdi_reference_table = {.struct_size = sizeof(xd_backend_table),
                                              .table_version = XD_BACKEND_TABLE_VERSION,
                                              .name = "reference",
                                              .open = open_backend,
                                              .close = close_backend,
                                              .buffer_create = create_buffer,
                                              .buffer_destroy = destroy_buffer,
                                              .buffer_write = xdi_host_buffer_write,
                                              .buffer_read = xdi_host_buffer_read,
                                              .buffer_wrap = wrap_buffer,
                                              XD_BACKEND_KERNELS(XDI_REFERENCE_VALUE)};
