/* Buffers in the host's own memory: the buffer slots of every backend that computes on the processor.
 *
 * The functions take the host's allocator, so that a backend's slots are one-line wrappers. */
#ifndef XDI_BACKEND_HOST_MEMORY_H
#define XDI_BACKEND_HOST_MEMORY_H

#include "xdomain/sys/backend.h"

/* One allocation: the xd_buffer first, then its zeroed, 64-byte aligned floats. */
xd_status xdi_host_buffer_create(const xd_allocator *allocator, xd_buffer **out, size_t count);
/* The xd_buffer alone, over floats that the host keeps and that nothing writes. */
xd_status xdi_host_buffer_wrap(const xd_allocator *allocator, xd_buffer **out, const float *host,
                               size_t count);
void xdi_host_buffer_destroy(const xd_allocator *allocator, xd_buffer *buffer);

/* XD_ERROR_INVALID_ARGUMENT when the range does not lie in the buffer. They need no state: usable
 * directly as slots. */
xd_status xdi_host_buffer_write(xd_backend *backend, xd_slice to, const float *from, size_t count);
xd_status xdi_host_buffer_read(xd_backend *backend, float *to, xd_slice from, size_t count);

#endif
