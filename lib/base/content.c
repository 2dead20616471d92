/* Contents, read whole: of a file, of memory, or of what a host's function gives, in a block that doubles. And
 * the way out, to a file or a host's function. */
#include "base/content.h"

#include <string.h>

#include "base/blob.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sized.h"

#define FIRST_ROOM ((size_t)1 << 16)

void xd_source_init(xd_source *source, size_t struct_size) {
  const xd_source defaults = XD_SOURCE_INIT;
  xdi_sized_write(source, struct_size, &defaults, sizeof defaults);
}

void xd_sink_init(xd_sink *sink, size_t struct_size) {
  const xd_sink defaults = XD_SINK_INIT;
  xdi_sized_write(sink, struct_size, &defaults, sizeof defaults);
}

/* ---- in ---- */

xd_status xdi_content_open_file(xdi_content *out, xd_context *context, const char *path, size_t limit) {
  unsigned char *data = NULL;
  *out = (xdi_content){.name = path};
  const xd_status status = xdi_file_read(context, path, limit, &data, &out->size);
  out->data = out->memory = data;
  return status;
}

static xd_status fail_size(xd_context *context, const xdi_content *content, size_t limit) {
  return xdi_fail(context, XD_ERROR_TOO_LARGE, "'%s' has more than %zu bytes, the limit", content->name,
                  limit);
}

/* Twice the room, or what the limit leaves and one byte more, so that an excess shows. */
static bool grow(xdi_content *content, const xd_allocator *allocator, size_t *room, size_t limit) {
  size_t wanted = *room ? 2 * *room : FIRST_ROOM;
  if (wanted > limit)
    wanted = limit + 1;
  unsigned char *memory = xdi_allocate(allocator, wanted, 1);
  if (!memory)
    return false;
  if (content->size)
    memcpy(memory, content->memory, content->size);
  xdi_release(allocator, content->memory);
  content->data = content->memory = memory;
  *room = wanted;
  return true;
}

static xd_status read_all(xdi_content *content, xd_context *context, const xd_source *source, size_t limit) {
  size_t room = 0;
  for (;;) {
    size_t got = 0;
    xd_status status = xdi_check_cancelled(context);
    if (status != XD_OK)
      return status;
    if (content->size == room && !grow(content, &context->allocator, &room, limit))
      return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while reading '%s'", content->name);
    const int answer = source->read(source->user, (unsigned char *)content->memory + content->size,
                                    room - content->size, &got);
    if (answer)
      return xdi_fail(context, XD_ERROR_IO, "'%s' cannot be read: its read function answered %d",
                      content->name, answer);
    if (got > room - content->size)
      return xdi_fail(context, XD_ERROR_IO, "'%s' cannot be read: its read function gave %zu bytes of %zu",
                      content->name, got, room - content->size);
    if (got == 0)
      return XD_OK;
    content->size += got;
    if (content->size > limit)
      return fail_size(context, content, limit);
  }
}

xd_status xdi_content_open_source(xdi_content *out, xd_context *context, const xd_source *source,
                                  size_t limit, const char *who) {
  xd_source from = XD_SOURCE_INIT;
  *out = (xdi_content){.name = ""};
  xd_status status = xdi_sized_read(context, &from, source, XDI_SIZED(xd_source, user));
  if (status != XD_OK)
    return status;
  out->name = from.read ? "stream" : "memory";
  if (from.name)
    out->name = from.name;
  if (!from.read && !from.data && from.size)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: source has neither data nor a read function",
                    who);
  if (!from.read) {
    out->data = from.data ? from.data : (const unsigned char *)"";
    out->size = from.size;
    return from.size > limit ? fail_size(context, out, limit) : XD_OK;
  }
  status = read_all(out, context, &from, limit);
  if (status != XD_OK)
    xdi_content_close(out, context);
  return status;
}

void xdi_content_close(xdi_content *content, xd_context *context) {
  xdi_release(&context->allocator, content->memory);
  content->memory = NULL;
}

/* ---- out ---- */

xdi_target xdi_target_of_path(const char *path) {
  return (xdi_target){.path = path, .name = path};
}

xd_status xdi_target_of_sink(xdi_target *out, xd_context *context, const xd_sink *sink, const char *who) {
  *out = (xdi_target){.sink = XD_SINK_INIT, .name = "stream"};
  const xd_status status = xdi_sized_read(context, &out->sink, sink, XDI_SIZED(xd_sink, user));
  if (status != XD_OK)
    return status;
  if (!out->sink.write)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: sink.write is NULL", who);
  if (out->sink.name)
    out->name = out->sink.name;
  return XD_OK;
}

xd_status xdi_target_write(const xdi_target *target, xd_context *context, const void *data, size_t size) {
  if (target->path)
    return xdi_file_write(context, target->path, data, size);
  const int answer = target->sink.write(target->sink.user, data, size);
  if (answer == XDI_BLOB_FULL && target->sink.write == xdi_blob_append)
    return xdi_fail_memory(context, "writing to a blob");
  if (answer)
    return xdi_fail(context, XD_ERROR_IO, "'%s' cannot be written: its write function answered %d",
                    target->name, answer);
  return XD_OK;
}
