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
