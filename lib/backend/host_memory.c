/* Buffers in the host's own memory: header and floats in one aligned allocation. */
#include <stdint.h>
#include <string.h>

#include "backend/host_memory.h"
#include "base/memory.h"

xd_status xdi_host_buffer_create(const xd_allocator *allocator, xd_buffer **out, size_t count) {
  size_t bytes;
  *out = NULL;
  if (count == 0)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!xdi_multiply(count, sizeof(float), &bytes) || !xdi_add(bytes, XDI_ALIGNMENT, &bytes))
    return XD_ERROR_OUT_OF_MEMORY;
  /* The header takes one alignment unit, so the floats behind it are aligned as well. */
  unsigned char *memory = xdi_allocate_zeroed(allocator, bytes, 1);
  if (!memory)
    return XD_ERROR_OUT_OF_MEMORY;
  *out = (xd_buffer *)(void *)memory;
  (*out)->host = (float *)(void *)(memory + XDI_ALIGNMENT);
  (*out)->count = count;
  return XD_OK;
}

xd_status xdi_host_buffer_wrap(const xd_allocator *allocator, xd_buffer **out, const float *host,
                               size_t count) {
  *out = NULL;
  if (count == 0)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_buffer *buffer = xdi_allocate(allocator, 1, sizeof *buffer);
  if (!buffer)
    return XD_ERROR_OUT_OF_MEMORY;
  *buffer = (xd_buffer){(float *)(uintptr_t)host, count}; /* const by agreement: see buffer_wrap */
  *out = buffer;
  return XD_OK;
}

void xdi_host_buffer_destroy(const xd_allocator *allocator, xd_buffer *buffer) {
  xdi_release(allocator, buffer);
}

static bool inside(xd_slice slice, size_t count) {
  return slice.buffer && slice.offset <= slice.buffer->count && count <= slice.buffer->count - slice.offset;
}

xd_status xdi_host_buffer_write(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  (void)backend;
  if (!inside(to, count))
    return XD_ERROR_INVALID_ARGUMENT;
  if (count > 0)
    memmove(to.buffer->host + to.offset, from, count * sizeof *from);
  return XD_OK;
}

xd_status xdi_host_buffer_read(xd_backend *backend, float *to, xd_slice from, size_t count) {
  (void)backend;
  if (!inside(from, count))
    return XD_ERROR_INVALID_ARGUMENT;
  if (count > 0)
    memmove(to, from.buffer->host + from.offset, count * sizeof *to);
  return XD_OK;
}
