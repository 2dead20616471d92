/* Blobs: memory that grows as a sink writes to it. */
#include "base/blob.h"

#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/sized.h"

struct xd_blob {
  xd_allocator allocator;
  unsigned char *data;
  size_t size, room;
};

xd_status xd_blob_create(xd_blob **out, xd_context *context) {
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_blob_create: out is NULL");
  xd_blob *blob = xdi_allocate_zeroed(&context->allocator, 1, sizeof *blob);
  if (!blob)
    return xdi_fail_memory(context, "creating a blob");
  blob->allocator = context->allocator;
  *out = blob;
  return XD_OK;
}

void xd_blob_destroy(xd_blob *blob) {
  if (!blob)
    return;
  const xd_allocator allocator = blob->allocator;
  xdi_release(&allocator, blob->data);
  xdi_release(&allocator, blob);
}

const void *xd_blob_data(const xd_blob *blob) {
  return blob && blob->size ? blob->data : NULL;
}

size_t xd_blob_size(const xd_blob *blob) {
  return blob ? blob->size : 0;
}

void xd_blob_clear(xd_blob *blob) {
  if (blob)
    blob->size = 0;
}

/* At least twice the room, so that many small pieces cost no more than one. */
static bool grow(xd_blob *blob, size_t size) {
  size_t wanted;
  if (!xdi_add(blob->size, size, &wanted))
    return false;
  if (wanted < 2 * blob->room)
    wanted = 2 * blob->room;
  unsigned char *data = xdi_allocate(&blob->allocator, wanted, 1);
  if (!data)
    return false;
  if (blob->size)
    memcpy(data, blob->data, blob->size);
  xdi_release(&blob->allocator, blob->data);
  blob->data = data;
  blob->room = wanted;
  return true;
}

int xdi_blob_append(void *user, const void *data, size_t size) {
  xd_blob *blob = user;
  if (size > blob->room - blob->size && !grow(blob, size))
    return XDI_BLOB_FULL;
  memcpy(blob->data + blob->size, data, size);
  blob->size += size;
  return 0;
}

xd_status xd_blob_sink(xd_blob *blob, xd_sink *out) {
  const xd_status status = xdi_sized_check(NULL, out, XDI_SIZED(xd_sink, user));
  if (!blob || status != XD_OK)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_sink sink = {.struct_size = sizeof sink, .name = "blob", .write = xdi_blob_append, .user = blob};
  xdi_sized_write(out, xdi_sized_stated(out), &sink, sizeof sink);
  return XD_OK;
}

xd_status xd_blob_source(const xd_blob *blob, xd_source *out) {
  const xd_status status = xdi_sized_check(NULL, out, XDI_SIZED(xd_source, user));
  if (!blob || status != XD_OK)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_source source = {
      .struct_size = sizeof source, .name = "blob", .data = blob->data, .size = blob->size};
  xdi_sized_write(out, xdi_sized_stated(out), &source, sizeof source);
  return XD_OK;
}
