/* The judge's forward pass, its most likely classes and its features. */
#include "evaluate/judge_session.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/shape.h"

xd_status xdi_judge_session_open(xdi_judge_session *session, xd_context *context, const xd_judge *judge) {
  xd_shape picture;
  memset(session, 0, sizeof *session);
  session->context = context;
  session->classes = xd_judge_class_count(judge);
  session->feature_dim = xd_judge_feature_dim(judge);
  xd_judge_picture_shape(judge, &picture);
  if (!xdi_shape_count(picture, 1, &session->size))
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "the judge's pictures are too large");
  session->logits =
      xdi_allocate(&context->allocator, XDI_JUDGE_BATCH, session->classes * sizeof *session->logits);
  if (!session->logits)
    return xdi_fail_memory(context, "preparing the judge");
  return xdi_executor_create(&session->executor, context, xd_judge_network(judge), XDI_JUDGE_BATCH,
                             XDI_INFERENCE);
}

void xdi_judge_session_close(xdi_judge_session *session) {
  if (!session->context)
    return;
  xdi_executor_destroy(session->executor);
  xdi_release(&session->context->allocator, session->logits);
  session->executor = NULL;
  session->logits = NULL;
}

static uint32_t largest(const float *logits, uint32_t classes) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < classes; i++)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

xd_status xdi_judge_session_run(xdi_judge_session *session, float *features, const float *pictures,
                                uint32_t count) {
  xd_context *context = session->context;
  xdi_executor *executor = session->executor;
  xd_status status = xdi_device_write(context, xdi_executor_input(executor), pictures, count * session->size);
  if (status == XD_OK)
    status = xdi_executor_forward(executor, count, false, 0, 0);
  if (status == XD_OK)
    status = xdi_device_read(context, session->logits, xdi_executor_output(executor),
                             (size_t)count * session->classes);
  if (status == XD_OK && features)
    status = xdi_device_read(context, features, xdi_executor_last_input(executor),
                             (size_t)count * session->feature_dim);
  for (uint32_t i = 0; status == XD_OK && i < count; i++)
    session->labels[i] = largest(session->logits + (size_t)i * session->classes, session->classes);
  return status;
}
