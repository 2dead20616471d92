/* What lies in a file, and whether it is sound, without a model to show for it. */
#include <string.h>

#include "base/memory.h"
#include "format/container.h"
#include "format/model_file.h"

void xd_file_info_init(xd_file_info *info, size_t struct_size) {
  const xd_file_info defaults = XD_FILE_INFO_INIT;
  xdi_hand_options(info, struct_size, &defaults, sizeof defaults);
}

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
  xdi_hand_options(info, info->struct_size, &found, sizeof found);
}

static xd_status list_chunks(const xdi_container *container, xd_context *context, xd_chunk *chunks,
                             uint32_t capacity) {
  for (uint32_t i = 0; i < container->count && i < capacity; i++) {
    const xdi_chunk_entry *entry = &container->chunks[i];
    xdi_chunk_reader reader;
    bool intact;
    xdi_chunk_begin(&reader, container, entry);
    xd_status status = xdi_chunk_check(&reader, context, &intact);
    if (status)
      return status;
    chunks[i] = (xd_chunk){.version = entry->version,
                           .required = entry->required,
                           .offset = entry->offset,
                           .length = entry->length,
                           .checksum = entry->checksum,
                           .intact = intact};
    for (int c = 0; c < 4; c++)
      chunks[i].tag[c] = (char)(entry->tag >> (8 * c));
  }
  return XD_OK;
}

xd_status xd_file_inspect(xd_context *context, xd_file_info *info, xd_chunk *chunks, uint32_t capacity,
                          const char *path) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_file_info given;
  if (!path || !xdi_read_options(&given, sizeof given, info) || (!chunks && capacity))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_file_inspect: path, info or chunks is NULL, or info.struct_size is wrong");
  xdi_container container;
  xd_status status = xdi_container_open(&container, context, path);
  if (status)
    return status;
  status = list_chunks(&container, context, chunks, capacity);
  if (!status)
    describe(&container, info);
  xdi_container_close(&container);
  return status;
}

xd_status xd_file_verify(xd_context *context, const char *path) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_file_verify: path is NULL");
  xdi_container container;
  xd_model *model = NULL;
  xd_judge *judge = NULL;
  xd_status status = xdi_container_open(&container, context, path);
  if (status)
    return status;
  /* Also the chunks that loading would pass over. */
  for (uint32_t i = 0; i < container.count && !status; i++) {
    xdi_chunk_reader reader;
    xdi_chunk_begin(&reader, &container, &container.chunks[i]);
    status = xdi_chunk_end(&reader, context);
  }
  if (!status)
    status = container.kind == XDI_KIND_JUDGE ? xdi_judge_from(&judge, context, &container)
                                              : xdi_model_from(&model, context, &container, 0);
  xdi_container_close(&container);
  xd_judge_release(judge);
  xd_model_release(model);
  return status;
}
