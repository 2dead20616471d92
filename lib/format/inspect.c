/* What lies in a file, and whether it is sound, without a model to show for it. */
#include <string.h>

#include "base/sized.h"
#include "format/container.h"
#include "format/model_file.h"

void xd_file_info_init(xd_file_info *info, size_t struct_size) {
  const xd_file_info defaults = XD_FILE_INFO_INIT;
  xdi_sized_write(info, struct_size, &defaults, sizeof defaults);
}

void xd_chunk_init(xd_chunk *chunk, size_t struct_size) {
  const xd_chunk defaults = XD_CHUNK_INIT;
  xdi_sized_write(chunk, struct_size, &defaults, sizeof defaults);
}

static const char *name_kind(uint32_t kind) {
  switch (kind) {
  case XDI_KIND_MODEL:
    return "model";
  case XDI_KIND_JUDGE:
    return "judge";
  case XDI_KIND_CHECKPOINT:
    return "checkpoint";
  default:
    return "unknown";
  }
}

static void describe(const xdi_container *container, xd_file_info *info) {
  xd_file_info found = {.struct_size = sizeof found,
                        .major = container->major,
                        .minor = container->minor,
                        .size = container->size,
                        .chunk_count = container->count};
  const char *kind = name_kind(container->kind);
  memcpy(found.kind, kind, strlen(kind));
  xdi_sized_write(info, xdi_sized_stated(info), &found, sizeof found);
}

static void describe_chunk(xd_chunk *to, const xdi_chunk_entry *entry, bool intact) {
  *to = (xd_chunk){.struct_size = sizeof *to,
                   .version = entry->version,
                   .required = entry->required,
                   .offset = entry->offset,
                   .length = entry->length,
                   .checksum = entry->checksum,
                   .intact = intact};
  for (int c = 0; c < 4; c++)
    to->tag[c] = (char)(entry->tag >> (8 * c));
}

/* The caller's chunks are `step` bytes apart, the size of its version of the struct. */
static xd_status list_chunks(const xdi_container *container, xd_context *context, xd_chunk *chunks,
                             uint32_t capacity, size_t step) {
  for (uint32_t i = 0; i < container->count && i < capacity; i++) {
    const xdi_chunk_entry *entry = &container->chunks[i];
    xdi_chunk_reader reader;
    bool intact;
    xdi_chunk_begin(&reader, container, entry);
    xd_status status = xdi_chunk_check(&reader, context, &intact);
    if (status)
      return status;
    xd_chunk found;
    describe_chunk(&found, entry, intact);
    xdi_sized_write((char *)chunks + i * step, step, &found, sizeof found);
  }
  return XD_OK;
}

static xd_status check_inspection(xd_context *context, const xd_file_info *info, const xd_chunk *chunks,
                                  uint32_t capacity) {
  const xd_status status = xdi_sized_check(context, info, XDI_SIZED(xd_file_info, reserved));
  if (status != XD_OK || capacity == 0)
    return status;
  return xdi_sized_check(context, chunks, XDI_SIZED(xd_chunk, reserved));
}

/* Closes the container. */
static xd_status inspect(xdi_container *container, xd_context *context, xd_file_info *info, xd_chunk *chunks,
                         uint32_t capacity) {
  const size_t step = capacity > 0 ? xdi_sized_stated(chunks) : 0;
  const xd_status status = list_chunks(container, context, chunks, capacity, step);
  if (status == XD_OK)
    describe(container, info);
  xdi_container_close(container, context);
  return status;
}

xd_status xd_file_inspect(xd_context *context, xd_file_info *info, xd_chunk *chunks, uint32_t capacity,
                          const char *path) {
  xdi_container container;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_file_inspect: path is NULL");
  xd_status status = check_inspection(context, info, chunks, capacity);
  if (status == XD_OK)
    status = xdi_container_open(&container, context, path);
  return status == XD_OK ? inspect(&container, context, info, chunks, capacity) : status;
}

xd_status xd_file_inspect_source(xd_context *context, xd_file_info *info, xd_chunk *chunks, uint32_t capacity,
                                 const xd_source *source) {
  xdi_container container;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = check_inspection(context, info, chunks, capacity);
  if (status == XD_OK)
    status = xdi_container_open_source(&container, context, source, "xd_file_inspect_source");
  return status == XD_OK ? inspect(&container, context, info, chunks, capacity) : status;
}

/* Also the chunks that loading would pass over; of a checkpoint no more than the chunks. Closes
 * the container. */
static xd_status verify(xdi_container *container, xd_context *context) {
  xd_model *model = NULL;
  xd_judge *judge = NULL;
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < container->count && status == XD_OK; i++) {
    xdi_chunk_reader reader;
    xdi_chunk_begin(&reader, container, &container->chunks[i]);
    status = xdi_chunk_end(&reader, context);
  }
  if (status == XD_OK && container->kind != XDI_KIND_CHECKPOINT)
    status = container->kind == XDI_KIND_JUDGE ? xdi_judge_from(&judge, context, container)
                                               : xdi_model_from(&model, context, container, 0);
  xdi_container_close(container, context);
  xd_judge_release(judge);
  xd_model_release(model);
  return status;
}

xd_status xd_file_verify(xd_context *context, const char *path) {
  xdi_container container;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_file_verify: path is NULL");
  const xd_status status = xdi_container_open(&container, context, path);
  return status == XD_OK ? verify(&container, context) : status;
}

xd_status xd_file_verify_source(xd_context *context, const xd_source *source) {
  xdi_container container;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status = xdi_container_open_source(&container, context, source, "xd_file_verify_source");
  return status == XD_OK ? verify(&container, context) : status;
}
