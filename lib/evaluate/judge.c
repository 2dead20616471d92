/* The judge's forward pass, its most likely classes and its features. */
#include "evaluate/judge.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/shape.h"

xd_status xdi_judge_open(xdi_judge *judge, xd_context *context, const xd_classifier *classifier) {
  memset(judge, 0, sizeof *judge);
  judge->context = context;
  judge->classes = xd_classifier_class_count(classifier);
  judge->feature_dim = xd_classifier_feature_dim(classifier);
  if (!xdi_shape_count(xd_classifier_picture_shape(classifier), 1, &judge->size))
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "the judge's pictures are too large");
  judge->logits = xdi_allocate(&context->allocator, XDI_JUDGE_BATCH, judge->classes * sizeof *judge->logits);
  if (!judge->logits)
    return xdi_fail_memory(context, "preparing the judge");
  return xdi_executor_create(&judge->executor, context, xd_classifier_network(classifier), XDI_JUDGE_BATCH,
                             XDI_INFERENCE);
}

void xdi_judge_close(xdi_judge *judge) {
  if (!judge->context)
    return;
  xdi_executor_destroy(judge->executor);
  xdi_release(&judge->context->allocator, judge->logits);
  judge->executor = NULL;
  judge->logits = NULL;
}

static uint32_t largest(const float *logits, uint32_t classes) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < classes; i++)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

xd_status xdi_judge_run(xdi_judge *judge, float *features, const float *pictures, uint32_t count) {
  xd_context *context = judge->context;
  xdi_executor *executor = judge->executor;
  xd_status status = xdi_device_write(context, xdi_executor_input(executor), pictures, count * judge->size);
  if (status == XD_OK)
    status = xdi_executor_forward(executor, count, false, 0, 0);
  if (status == XD_OK)
    status = xdi_device_read(context, judge->logits, xdi_executor_output(executor),
                             (size_t)count * judge->classes);
  if (status == XD_OK && features)
    status = xdi_device_read(context, features, xdi_executor_last_input(executor),
                             (size_t)count * judge->feature_dim);
  for (uint32_t i = 0; status == XD_OK && i < count; i++)
    judge->labels[i] = largest(judge->logits + (size_t)i * judge->classes, judge->classes);
  return status;
}
