/* How many of a set's pictures a judge knows, read and judged some at a time. */
#include "base/memory.h"
#include "evaluate/judge_session.h"
#include "model/argument.h"
#include "model/part.h"
#include "tensor/shape.h"
#include "xdomain/evaluation.h"
#include "xdomain/unstable/classes.h"

#define READ_BUDGET ((size_t)1 << 22) /* floats of pictures that are read from a set at a time */

/* Room for a few hundred pictures of a set and what is predicted of them. */
typedef struct reader {
  uint32_t chunk;
  float *pictures;
  uint32_t *indices, *labels;
} reader;

static xd_status open_reader(xd_context *context, reader *to, uint32_t count, size_t cells) {
  const size_t affordable = READ_BUDGET / cells;
  to->chunk = affordable < count ? (uint32_t)affordable : count;
  to->pictures = xdi_allocate(&context->allocator, to->chunk * cells, sizeof *to->pictures);
  to->indices = xdi_allocate(&context->allocator, to->chunk, sizeof *to->indices);
  to->labels = xdi_allocate(&context->allocator, to->chunk, sizeof *to->labels);
  return to->pictures && to->indices && to->labels ? XD_OK
                                                   : xdi_fail_memory(context, "measuring a judge's accuracy");
}

static void close_reader(xd_context *context, reader *of) {
  xdi_release(&context->allocator, of->pictures);
  xdi_release(&context->allocator, of->indices);
  xdi_release(&context->allocator, of->labels);
}

static xd_status count_right(const xd_judge *judge, xd_context *context, reader *with, const xd_dataset *set,
                             uint32_t first, uint32_t count, uint32_t *right) {
  for (uint32_t i = 0; i < count; i++)
    with->indices[i] = first + i;
  xd_status status = xd_dataset_read(set, context, with->pictures, with->indices, count);
  if (status == XD_OK)
    status = xd_judge_predict(judge, context, with->labels, NULL, NULL, with->pictures, count);
  for (uint32_t i = 0; i < count && status == XD_OK; i++)
    *right += with->labels[i] == xd_dataset_label(set, first + i);
  return status;
}

xd_status xdi_check_judge_names(xd_context *context, const xd_judge *judge, const xd_dataset *set) {
  const char *names[XD_CLASS_LIMIT];
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    names[label] = xd_judge_class_name(judge, label);
  return xd_dataset_check_classes(set, context, names, XD_CLASS_LIMIT, "the judge");
}

static xd_status check_set(const xd_judge *judge, xd_context *context, const xd_dataset *set) {
  xd_shape mine;
  xd_judge_picture_shape(judge, &mine);
  const xd_shape theirs = {
      .width = xd_dataset_width(set), .height = xd_dataset_height(set), .channels = xd_dataset_channels(set)};
  if (xd_dataset_count(set) == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the set has no pictures");
  if (!xdi_shape_equal(mine, theirs))
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                    "the set's pictures are %ux%ux%u, but the judge takes %ux%ux%u", theirs.width,
                    theirs.height, theirs.channels, mine.width, mine.height, mine.channels);
  return xdi_check_judge_names(context, judge, set);
}

xd_status xd_judge_accuracy(const xd_judge *judge, xd_context *context, double *accuracy,
                            const xd_dataset *set) {
  reader with = {0};
  uint32_t right = 0;
  xd_status status = xdi_require(context, accuracy, "the place for the accuracy");
  if (status != XD_OK)
    return status;
  *accuracy = 0;
  status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_require(context, judge, "the judge");
  if (status == XD_OK)
    status = xdi_require(context, set, "the set");
  if (status == XD_OK)
    status = check_set(judge, context, set);
  if (status != XD_OK)
    return status;
  const uint32_t count = xd_dataset_count(set);
  status = open_reader(context, &with, count, xdi_input_size(xd_judge_network(judge)));
  for (uint32_t first = 0, part; first < count && status == XD_OK; first += part) {
    part = count - first < with.chunk ? count - first : with.chunk;
    status = count_right(judge, context, &with, set, first, part, &right);
  }
  if (status == XD_OK)
    *accuracy = (double)right / count;
  close_reader(context, &with);
  return status;
}
