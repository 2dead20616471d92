/* The judge file (.xdc): the model file's container with one network of role JUDG. */
#include "base/memory.h"
#include "format/network_file.h"
#include "model/judge.h"

static void put_classes(xdi_bytes *bytes, const xd_judge *judge) {
  const uint32_t count = xdi_judge_name_count(judge);
  xdi_put_u32(bytes, count);
  for (uint32_t i = 0; i < count; i++)
    xdi_put_text(bytes, xd_judge_class_name(judge, i));
}

static xd_status save(const xd_judge *judge, xd_context *context, const xdi_target *target) {
  enum { NETS, TENS, DATA, CLSS, CHUNKS };
  xdi_bytes bytes[CHUNKS];
  for (int i = 0; i < CHUNKS; i++)
    bytes[i] = (xdi_bytes){.allocator = &context->allocator};
  /* Writing only reads the network; the role's pointer is mutable for the sake of reading. */
  const xdi_role role = {XDI_ROLE_JUDGE, (xd_network *)xd_judge_network(judge)};
  const xdi_network_chunks networks = {&bytes[NETS], &bytes[TENS], &bytes[DATA], NULL};
  xd_status status = xdi_networks_put(context, &role, 1, XDI_ELEMENT_F32, &networks);
  const xdi_chunk_source chunks[CHUNKS] = {{XDI_CHUNK_NETWORKS, true, &bytes[NETS]},
                                           {XDI_CHUNK_TENSORS, true, &bytes[TENS]},
                                           {XDI_CHUNK_DATA, true, &bytes[DATA]},
                                           {XDI_CHUNK_CLASSES, false, &bytes[CLSS]}};
  const bool named = xdi_judge_name_count(judge) > 0;
  if (!status && named)
    put_classes(&bytes[CLSS], judge);
  if (!status)
    status = xdi_container_write(context, target, XDI_KIND_JUDGE, chunks, named ? CHUNKS : CLSS);
  for (int i = 0; i < CHUNKS; i++)
    xdi_bytes_release(&bytes[i]);
  return status;
}

xd_status xd_judge_save(const xd_judge *judge, xd_context *context, const char *path) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!judge || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_save: judge or path is NULL");
  const xdi_target target = xdi_target_of_path(path);
  return save(judge, context, &target);
}

xd_status xd_judge_save_sink(const xd_judge *judge, xd_context *context, const xd_sink *sink) {
  xdi_target target;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!judge)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_save_sink: judge is NULL");
  const xd_status status = xdi_target_of_sink(&target, context, sink, "xd_judge_save_sink");
  return status ? status : save(judge, context, &target);
}

/* The texts of a chunk; names[0..*count) are the caller's to release, also after a failure. */
static xd_status get_names(xd_context *context, const xdi_container *container, xdi_cursor *cursor,
                           uint32_t most, char **names, uint32_t *count) {
  const uint32_t stored = xdi_get_u32(cursor);
  if (stored > most)
    return xdi_chunk_damaged(container, context, XDI_CHUNK_CLASSES, "too many classes");
  for (*count = 0; *count < stored; ++*count) {
    bool memory = true;
    names[*count] = xdi_get_text(cursor, &context->allocator, &memory);
    if (!names[*count])
      return memory ? xdi_chunk_damaged(container, context, XDI_CHUNK_CLASSES,
                                        "a text is cut off, too long or has a zero byte")
                    : xdi_fail_memory(context, "reading a judge's texts");
  }
  return xdi_cursor_done(cursor)
             ? XD_OK
             : xdi_chunk_damaged(container, context, XDI_CHUNK_CLASSES, "its length is wrong");
}

/* Judges of format 1.0 have no names. */
static xd_status get_classes(xd_judge *judge, xd_context *context, const xdi_container *container) {
  char *names[XD_CLASS_LIMIT];
  uint32_t count = 0;
  xdi_cursor cursor;
  xd_status status = xdi_container_chunk(container, context, XDI_CHUNK_CLASSES, true, &cursor);
  if (status || !cursor.data)
    return status;
  status = get_names(context, container, &cursor, xd_judge_class_count(judge), names, &count);
  if (!status)
    status = xdi_judge_name_classes(judge, context, (const char *const *)names, count);
  for (uint32_t i = 0; i < count; i++)
    xdi_release(&context->allocator, names[i]);
  xdi_release(&context->allocator, (void *)cursor.data);
  return status;
}

xd_status xdi_judge_from(xd_judge **out, xd_context *context, const xdi_container *container) {
  static const uint32_t known[] = {XDI_CHUNK_NETWORKS, XDI_CHUNK_TENSORS, XDI_CHUNK_DATA, XDI_CHUNK_CLASSES};
  xdi_role roles[XDI_NETWORK_LIMIT];
  uint32_t count = 0;
  xdi_silence(context);
  xd_status status =
      xdi_container_expect(container, context, XDI_KIND_JUDGE, known, sizeof known / sizeof *known);
  if (!status)
    status = xdi_networks_get(context, container, NULL, roles, &count);
  if (!status && (count != 1 || roles[0].tag != XDI_ROLE_JUDGE))
    status = xdi_chunk_damaged(container, context, XDI_CHUNK_NETWORKS, "it does not hold one judge");
  if (!status)
    status = xdi_container_blame(container, context, xdi_judge_wrap(out, context, roles[0].network));
  if (!status)
    status = get_classes(*out, context, container);
  if (status) {
    xd_judge_release(*out);
    *out = NULL;
  }
  xdi_networks_release(roles, count);
  xdi_speak(context);
  return status ? xdi_fail(context, status, "%s", context->message) : XD_OK;
}

xd_status xd_judge_load_source(xd_judge **out, xd_context *context, const xd_source *source) {
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_load_source: out is NULL");
  xdi_container container;
  xd_status status = xdi_container_open_source(&container, context, source, "xd_judge_load_source");
  if (status)
    return status;
  status = xdi_judge_from(out, context, &container);
  xdi_container_close(&container, context);
  return status;
}

xd_status xd_judge_load(xd_judge **out, xd_context *context, const char *path) {
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_load: out or path is NULL");
  xdi_container container;
  xd_status status = xdi_container_open(&container, context, path);
  if (status)
    return status;
  status = xdi_judge_from(out, context, &container);
  xdi_container_close(&container, context);
  return status;
}
