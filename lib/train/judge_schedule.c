/* The judge's whole schedule: shuffled epochs of pictures that are shifted, flipped and blurred at random,
 * the learning rate falling along a cosine. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "layer/network.h"
#include "model/judge.h"
#include "options/values.h"
#include "train/augment.h"
#include "train/epochs.h"
#include "train/judge_trainer.h"
#include "train/training.h"

typedef struct judge_schedule {
  xd_context *context;
  const xd_dataset *set;
  xdi_judge_settings settings;
  xd_judge_trainer *trainer;
  xdi_epochs epochs;
  uint32_t steps;
  float *pictures;
  uint32_t *labels;
  xd_judge_callback callback;
  void *user;
  xd_values losses;  /* of a step */
  xd_values *report; /* or NULL */
} judge_schedule;

/* Sizes that the options leave open are the set's. */
static xd_status complete_settings(xd_context *context, xdi_judge_settings *settings, const xd_dataset *set) {
  uint32_t classes = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(set, label) > 0)
      classes = label + 1;
  if (settings->classes == 0)
    settings->classes = classes;
  if (settings->classes < classes)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "judge.classes is %u, but the set has label %u",
                    settings->classes, classes - 1);
  return xdi_complete_picture(context, "judge", &settings->width, &settings->height, &settings->channels,
                              set);
}

static xd_status run_scheduled_step(judge_schedule *schedule, uint32_t step) {
  xd_context *context = schedule->context;
  const xdi_judge_settings *settings = &schedule->settings;
  const uint32_t count = schedule->epochs.batch;
  const xdi_distortion distortion = {settings->shift, settings->flip != 0, settings->blur};
  const xdi_picture_batch batch = {schedule->set, xdi_epochs_step(&schedule->epochs, step), count,
                                   settings->seed, xdi_stream_id(XDI_STREAM_AUGMENT, step)};
  const float rate = xdi_cosine_rate(settings->learning_rate, 0.0f, step, schedule->steps);
  for (uint32_t i = 0; i < count; i++)
    schedule->labels[i] = xd_dataset_label(schedule->set, batch.indices[i]);
  xd_status status = xdi_augment_distort(context, schedule->pictures, &batch, &distortion);
  if (status == XD_OK)
    status = xd_judge_trainer_step(schedule->trainer, &schedule->losses, schedule->pictures, schedule->labels,
                                   count, rate);
  if (status == XD_OK && schedule->report && step + schedule->epochs.per_epoch >= schedule->steps)
    status =
        xdi_values_add_mean(schedule->report, context, "", &schedule->losses, schedule->epochs.per_epoch);
  if (status == XD_OK && schedule->callback &&
      schedule->callback(schedule->user, &schedule->losses, step + 1, schedule->steps))
    status = xdi_fail(context, XD_ERROR_CANCELLED, "the callback stopped step %u of %u", step + 1,
                      schedule->steps);
  return status;
}

static xd_status open_schedule(judge_schedule *schedule) {
  xd_context *context = schedule->context;
  const xdi_judge_settings *settings = &schedule->settings;
  size_t steps = 0;
  xd_status status = xdi_judge_trainer_open(&schedule->trainer, context, NULL, settings);
  if (status == XD_OK)
    status = xdi_epochs_open(&schedule->epochs, context, xd_dataset_count(schedule->set), settings->batch,
                             settings->seed);
  if (status != XD_OK)
    return status;
  if (!xdi_multiply(settings->epochs, schedule->epochs.per_epoch, &steps) ||
      steps > UINT32_MAX / XDI_LAYER_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "judge.epochs gives too many steps");
  schedule->steps = (uint32_t)steps;
  schedule->labels = xdi_allocate(&context->allocator, settings->batch, sizeof *schedule->labels);
  const size_t picture = (size_t)settings->height * settings->width * settings->channels;
  schedule->pictures =
      xdi_allocate(&context->allocator, settings->batch, picture * sizeof *schedule->pictures);
  return schedule->labels && schedule->pictures ? XD_OK : xdi_fail_memory(context, "training a judge");
}

static void close_schedule(judge_schedule *schedule) {
  xd_judge_trainer_destroy(schedule->trainer);
  xdi_epochs_close(&schedule->epochs);
  xdi_values_close(&schedule->losses);
  xdi_release(&schedule->context->allocator, schedule->labels);
  xdi_release(&schedule->context->allocator, schedule->pictures);
}

/* The judge knows its classes by the names that they have in the set. */
static xd_status name_classes(const judge_schedule *schedule, xd_judge *judge) {
  const char *names[XD_CLASS_LIMIT];
  uint32_t count = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    names[label] = xd_dataset_class_name(schedule->set, label);
    if (xd_dataset_class_size(schedule->set, label) > 0)
      count = label + 1;
  }
  return xdi_judge_name_classes(judge, schedule->context, names, count);
}

static xd_status run_schedule(judge_schedule *schedule, xd_judge **out) {
  const double began = xdi_clock();
  xdi_values_open(&schedule->losses, &schedule->context->allocator);
  xd_status status = open_schedule(schedule);
  for (uint32_t step = 0; status == XD_OK && step < schedule->steps; step++)
    status = run_scheduled_step(schedule, step);
  if (status == XD_OK)
    status = xdi_values_set(schedule->report, schedule->context, "seconds", xdi_clock() - began);
  if (status == XD_OK)
    status = xd_judge_trainer_finish(schedule->trainer, out);
  if (status == XD_OK)
    status = name_classes(schedule, *out);
  if (status != XD_OK) {
    xd_judge_release(*out);
    *out = NULL;
  }
  close_schedule(schedule);
  return status;
}

xd_status xd_judge_train(xd_judge **out, xd_context *context, xd_values *report, const xd_dataset *set,
                         xd_judge_callback callback, void *user, const xd_options *options) {
  if (out)
    *out = NULL;
  xd_values_clear(report);
  if (!out || !context || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_train: out, context or set is NULL");
  judge_schedule schedule = {
      .context = context, .set = set, .callback = callback, .user = user, .report = report};
  xd_status status = xdi_read_judge(&schedule.settings, context, options);
  if (status == XD_OK)
    status = complete_settings(context, &schedule.settings, set);
  return status == XD_OK ? run_schedule(&schedule, out) : status;
}
