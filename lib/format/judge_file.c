/* The judge file (.xdc): the model file's container with one network of role JUDG. */
#include "format/network_file.h"
#include "model/judge.h"

#define ROLE_JUDGE XD_TAG('J', 'U', 'D', 'G')

static xd_status save(const xd_judge *judge, xd_context *context, const xdi_target *target) {
  enum { NETS, TENS, DATA, CHUNKS };
  xdi_bytes bytes[CHUNKS];
  for (int i = 0; i < CHUNKS; i++)
    bytes[i] = (xdi_bytes){.allocator = &context->allocator};
  /* Writing only reads the network; the role's pointer is mutable for the sake of reading. */
  const xdi_role role = {ROLE_JUDGE, (xd_network *)xd_judge_network(judge)};
  xd_status status = xdi_networks_put(context, &role, 1, false, &bytes[NETS], &bytes[TENS], &bytes[DATA]);
  const xdi_chunk_source chunks[CHUNKS] = {{XDI_CHUNK_NETWORKS, true, &bytes[NETS]},
                                           {XDI_CHUNK_TENSORS, true, &bytes[TENS]},
                                           {XDI_CHUNK_DATA, true, &bytes[DATA]}};
  if (!status)
    status = xdi_container_write(context, target, XDI_KIND_JUDGE, chunks, CHUNKS);
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

xd_status xdi_judge_from(xd_judge **out, xd_context *context, const xdi_container *container) {
  static const uint32_t known[] = {XDI_CHUNK_NETWORKS, XDI_CHUNK_TENSORS, XDI_CHUNK_DATA};
  xdi_role roles[XDI_NETWORK_LIMIT];
  uint32_t count = 0;
  xdi_silence(context);
  xd_status status =
      xdi_container_expect(container, context, XDI_KIND_JUDGE, known, sizeof known / sizeof *known);
  if (!status)
    status = xdi_networks_get(context, container, NULL, roles, &count);
  if (!status && (count != 1 || roles[0].tag != ROLE_JUDGE))
    status = xdi_chunk_damaged(container, context, XDI_CHUNK_NETWORKS, "it does not hold one judge");
  if (!status)
    status = xdi_judge_wrap(out, context, roles[0].network);
  xdi_networks_release(roles, count);
  xdi_speak(context);
  return xdi_container_blame(container, context, status);
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
