/* The judge's whole schedule: shuffled epochs of pictures that are shifted, flipped and blurred at random,
 * the learning rate falling along a cosine. */
#include "base/memory.h"
#include "base/random.h"
#include "layer/network.h"
#include "train/augment.h"
#include "train/epochs.h"
#include "xdomain/judge.h"

typedef struct judge_schedule {
  xd_context *context;
  const xd_dataset *set;
  xd_judge_options options;
  xd_judge_trainer *trainer;
  xdi_epochs epochs;
  float *pictures;
  uint32_t *labels;
  xd_judge_progress progress;
  void *user;
} judge_schedule;

/* Sizes that the options leave open are the set's. */
static xd_status complete_options(xd_context *context, xd_judge_options *options, const xd_dataset *set) {
  if (options->height == 0)
    options->height = xd_dataset_height(set);
  if (options->width == 0)
    options->width = xd_dataset_width(set);
  if (options->channels == 0)
    options->channels = xd_dataset_channels(set);
  uint32_t classes = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(set, label) > 0)
      classes = label + 1;
  if (options->classes == 0)
    options->classes = classes;
  if (options->classes < classes)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_judge_options.classes is %u, but the set has label %u", options->classes,
                    classes - 1);
  if (options->height != xd_dataset_height(set) || options->width != xd_dataset_width(set) ||
      options->channels != xd_dataset_channels(set))
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                    "xd_judge_options ask for pictures of %ux%ux%u, the set's are %ux%ux%u", options->width,
                    options->height, options->channels, xd_dataset_width(set), xd_dataset_height(set),
                    xd_dataset_channels(set));
  return XD_OK;
}

static xd_status run_scheduled_step(judge_schedule *schedule, uint32_t step, uint32_t steps) {
  xd_context *context = schedule->context;
  const xd_judge_options *options = &schedule->options;
  const uint32_t count = schedule->epochs.batch;
  const xdi_distortion distortion = {options->shift, options->flip != 0, options->blur};
  const xdi_picture_batch batch = {schedule->set, xdi_epochs_step(&schedule->epochs, step), count,
                                   options->seed, xdi_stream_id(XDI_STREAM_AUGMENT, step)};
  double loss = 0.0;
  for (uint32_t i = 0; i < count; i++)
    schedule->labels[i] = xd_dataset_label(schedule->set, batch.indices[i]);
  xd_status status = xdi_check_cancelled(context);
  if (status == XD_OK)
    status = xdi_augment_distort(context, schedule->pictures, &batch, &distortion);
  if (status == XD_OK)
    status = xd_judge_trainer_step(schedule->trainer, &loss, NULL, schedule->pictures, schedule->labels,
                                   count, xdi_cosine_rate(options->learning_rate, 0.0f, step, steps));
  if (status == XD_OK && schedule->progress && schedule->progress(schedule->user, step + 1, steps, loss))
    status =
        xdi_fail(context, XD_ERROR_CANCELLED, "the progress callback stopped step %u of %u", step + 1, steps);
  return status;
}

static xd_status open_schedule(judge_schedule *schedule) {
  xd_context *context = schedule->context;
  const xd_judge_options *options = &schedule->options;
  xd_status status = xd_judge_trainer_create(&schedule->trainer, context, options);
  if (status == XD_OK)
    status = xdi_epochs_open(&schedule->epochs, context, xd_dataset_count(schedule->set), options->batch,
                             options->seed);
  if (status != XD_OK)
    return status;
  schedule->labels = xdi_allocate(&context->allocator, options->batch, sizeof *schedule->labels);
  const size_t picture = (size_t)options->height * options->width * options->channels;
  schedule->pictures =
      xdi_allocate(&context->allocator, options->batch, picture * sizeof *schedule->pictures);
  return schedule->labels && schedule->pictures ? XD_OK : xdi_fail_memory(context, "training a judge");
}

static xd_status run_schedule(judge_schedule *schedule, xd_judge **out) {
  xd_status status = open_schedule(schedule);
  size_t steps = 0;
  if (status == XD_OK && (!xdi_multiply(schedule->options.epochs, schedule->epochs.per_epoch, &steps) ||
                          steps > UINT32_MAX / XDI_LAYER_LIMIT))
    status = xdi_fail(schedule->context, XD_ERROR_TOO_LARGE, "xd_judge_options.epochs gives too many steps");
  for (uint32_t step = 0; status == XD_OK && step < steps; step++)
    status = run_scheduled_step(schedule, step, (uint32_t)steps);
  if (status == XD_OK)
    status = xd_judge_trainer_finish(schedule->trainer, out);
  xd_judge_trainer_destroy(schedule->trainer);
  xdi_epochs_close(&schedule->epochs);
  xdi_release(&schedule->context->allocator, schedule->labels);
  xdi_release(&schedule->context->allocator, schedule->pictures);
  return status;
}

xd_status xd_judge_train(xd_judge **out, xd_context *context, const xd_dataset *set,
                         const xd_judge_options *options, xd_judge_progress progress, void *user) {
  if (out)
    *out = NULL;
  if (!out || !context || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_train: out, context or set is NULL");
  judge_schedule schedule = {.context = context, .set = set, .progress = progress, .user = user};
  schedule.options = (xd_judge_options)XD_JUDGE_OPTIONS_INIT;
  if (options && !xdi_read_options(&schedule.options, sizeof schedule.options, options))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_options.struct_size is wrong");
  xd_status status = complete_options(context, &schedule.options, set);
  if (status == XD_OK)
    status = run_schedule(&schedule, out);
  return status;
}
