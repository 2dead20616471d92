/* What lies in a file, and whether it is sound, without a model to show for it. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "format/container.h"
#include "xdomain/classifier.h"

static void describe(const xdi_container *container, xd_file_info *info) {
  xd_file_info found = {.struct_size = sizeof found,
                        .major = container->major,
                        .minor = container->minor,
                        .size = container->size,
                        .chunk_count = container->count};
  const char *kind = container->kind == XDI_KIND_MODEL   ? "model"
                     : container->kind == XDI_KIND_JUDGE ? "judge"
                                                         : "unknown";
  memcpy(found.kind, kind, strlen(kind));
  size_t size = info->struct_size < sizeof found ? info->struct_size : sizeof found;
  memcpy((char *)info + sizeof(size_t), (char *)&found + sizeof(size_t), size - sizeof(size_t));
}

static void list_chunks(const xdi_container *container, xd_chunk *chunks, uint32_t capacity) {
  for (uint32_t i = 0; i < container->count && i < capacity; i++) {
    const xdi_chunk_entry *entry = &container->chunks[i];
    chunks[i] = (xd_chunk){.version = entry->version,
                           .required = entry->required,
                           .offset = entry->offset,
                           .length = entry->length,
                           .checksum = entry->checksum,
                           .intact = xdi_chunk_intact(container, entry)};
    for (int c = 0; c < 4; c++) chunks[i].tag[c] = (char)(entry->tag >> (8 * c));
  }
}

xd_status xd_file_inspect(xd_context *context, const char *path, xd_file_info *info, xd_chunk *chunks,
                          uint32_t capacity) {
  if (!context) return XD_ERROR_INVALID_ARGUMENT;
  if (!path || !info || info->struct_size <= sizeof(size_t) || (!chunks && capacity))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_file_inspect: path, info or chunks is NULL, or info.struct_size is wrong");
  unsigned char *data;
  size_t size;
  xdi_container container;
  xd_status status = xdi_file_read(context, path, XDI_FILE_LIMIT, &data, &size);
  if (status) return status;
  status = xdi_container_open(&container, context, path, data, size);
  if (!status) {
    describe(&container, info);
    list_chunks(&container, chunks, capacity);
  }
  xdi_release(&context->allocator, data);
  return status;
}

/* Also the chunks that loading would pass over. */
static xd_status check_chunks(const xdi_container *container, xd_context *context) {
  for (uint32_t i = 0; i < container->count; i++)
    if (!xdi_chunk_intact(container, &container->chunks[i]))
      return xdi_chunk_damaged(container, context, container->chunks[i].tag, "its checksum is wrong");
  return XD_OK;
}

xd_status xd_file_verify(xd_context *context, const char *path) {
  if (!context) return XD_ERROR_INVALID_ARGUMENT;
  if (!path) return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_file_verify: path is NULL");
  unsigned char *data;
  size_t size;
  xdi_container container;
  xd_model *model = NULL;
  xd_classifier *judge = NULL;
  xd_status status = xdi_file_read(context, path, XDI_FILE_LIMIT, &data, &size);
  if (status) return status;
  status = xdi_container_open(&container, context, path, data, size);
  if (!status) status = check_chunks(&container, context);
  if (!status)
    status = container.kind == XDI_KIND_JUDGE ? xd_classifier_load_memory(&judge, context, data, size)
                                              : xd_model_load_memory(&model, context, data, size);
  xd_classifier_release(judge);
  xd_model_release(model);
  xdi_release(&context->allocator, data);
  return status;
}
