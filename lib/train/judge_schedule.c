/* The judge's whole schedule: shuffled epochs of pictures that are turned, shifted, flipped and blurred at
 * random, the learning rate falling along a cosine. It is a training of one stage. */
#include "base/memory.h"
#include "base/random.h"
#include "layer/network.h"
#include "model/judge.h"
#include "train/augment.h"
#include "train/checkpoint.h"
#include "train/epochs.h"
#include "train/judge_trainer.h"
#include "train/progress.h"
#include "train/trained_model.h"

typedef struct judge_stage {
  xdi_training *training;
  const xdi_judge_settings *settings;
  const xd_dataset *set;
  xd_judge_trainer *trainer;
  xdi_epochs epochs;
  uint32_t steps;
  float *pictures;
  uint32_t *labels;
} judge_stage;

/* ---- Opening ---- */

static uint32_t count_classes(const xd_dataset *set) {
  const char *names[XD_CLASS_LIMIT];
  return xdi_list_class_names(names, set);
}

/* Sizes that the options leave open are the set's. */
static xd_status read_settings(xdi_training *training, const xd_options *options) {
  xd_context *context = training->context;
  xdi_judge_settings *settings = &training->judge_settings;
  const uint32_t classes = count_classes(training->input.set[0]);
  const xd_status status = xdi_read_judge(settings, context, options);
  training->group = "judge";
  training->options = settings;
  if (status != XD_OK)
    return status;
  if (settings->classes == 0)
    settings->classes = classes;
  if (settings->classes < classes)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "judge.classes is %u, but the set has label %u",
                    settings->classes, classes - 1);
  return xdi_complete_picture(context, "judge", &settings->width, &settings->height, &settings->channels,
                              training->input.set[0]);
}

/* Passes over the set: a small one takes more of them to teach anything. */
static uint32_t count_epochs(const judge_stage *stage) {
  const uint32_t usual = 4, enough_steps = 500, per_epoch = stage->epochs.per_epoch;
  const uint32_t needed = (enough_steps + per_epoch - 1) / per_epoch;
  if (stage->settings->epochs)
    return stage->settings->epochs;
  return needed > usual ? needed : usual;
}

static xd_status open_stage(judge_stage *stage) {
  xd_context *context = stage->training->context;
  const xdi_judge_settings *settings = stage->settings;
  size_t steps = 0;
  xd_status status = xdi_judge_trainer_open(&stage->trainer, context, NULL, settings);
  if (status == XD_OK)
    status = xdi_epochs_open(&stage->epochs, context, xd_dataset_count(stage->set), settings->batch,
                             settings->seed);
  if (status != XD_OK)
    return status;
  if (!xdi_multiply(count_epochs(stage), stage->epochs.per_epoch, &steps) ||
      steps > UINT32_MAX / XDI_LAYER_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "judge.epochs gives too many steps");
  stage->steps = (uint32_t)steps;
  stage->labels = xdi_allocate(&context->allocator, settings->batch, sizeof *stage->labels);
  const size_t picture = (size_t)settings->height * settings->width * settings->channels;
  stage->pictures = xdi_allocate(&context->allocator, settings->batch, picture * sizeof *stage->pictures);
  return stage->labels && stage->pictures ? XD_OK : xdi_fail_memory(context, "training a judge");
}

static void close_stage(judge_stage *stage) {
  xd_judge_trainer_destroy(stage->trainer);
  xdi_epochs_close(&stage->epochs);
  xdi_release(&stage->training->context->allocator, stage->labels);
  xdi_release(&stage->training->context->allocator, stage->pictures);
}

/* ---- Steps ---- */

static xd_status train_step(judge_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  const xdi_judge_settings *settings = stage->settings;
  const uint32_t count = stage->epochs.batch;
  const xdi_distortion distortion = {settings->augment, settings->shift, settings->flip != 0, settings->blur};
  const xdi_picture_batch batch = {stage->set,     xdi_epochs_step(&stage->epochs, step),   count,
                                   settings->seed, xdi_stream_id(XDI_STREAM_AUGMENT, step), 0};
  const float rate = xdi_cosine_rate(settings->learning_rate, 0.0f, step, stage->steps);
  for (uint32_t i = 0; i < count; i++)
    stage->labels[i] = xd_dataset_label(stage->set, batch.indices[i]);
  xd_status status = xdi_augment_distort(training->context, stage->pictures, &batch, &distortion);
  if (status == XD_OK)
    status =
        xd_judge_trainer_step(stage->trainer, &training->losses, stage->pictures, stage->labels, count, rate);
  if (status != XD_OK)
    return status;
  training->at.trained = step + 1;
  return step + stage->epochs.per_epoch >= stage->steps
             ? xdi_values_add_mean(training->report, training->context, "", &training->losses,
                                   stage->epochs.per_epoch)
             : XD_OK;
}

static xd_status run_step(judge_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  xd_progress event = {
      .stage = XD_STAGE_JUDGE, .step = step + 1, .steps = stage->steps, .losses = &training->losses};
  const xd_status status = training->at.trained == step ? train_step(stage, step) : XD_OK;
  return status == XD_OK ? xdi_training_tell(training, &event) : status;
}

static void archive_stage(void *stage, xdi_archive *archive) {
  judge_stage *of = stage;
  xdi_judge_trainer_archive(of->trainer, archive);
  xdi_archive_values(archive, &of->training->losses);
}

static xd_status run_stage(judge_stage *stage) {
  xdi_training *training = stage->training;
  const xdi_stage_state state = {stage, archive_stage};
  xd_status status = xdi_checkpoint_enter_stage(training, XD_STAGE_JUDGE, &state);
  for (uint32_t step = training->at.told; status == XD_OK && step < stage->steps; step++)
    status = run_step(stage, step);
  return status == XD_OK ? xd_judge_trainer_finish(stage->trainer, &training->done.judge) : status;
}

/* ---- The call ---- */

static xd_status train_judge(xdi_training *training) {
  static const bool no_vae[2] = {false, false};
  judge_stage stage = {
      .training = training, .settings = &training->judge_settings, .set = training->input.set[0]};
  xd_status status = open_stage(&stage);
  training->work = stage.steps;
  xdi_training_start(training, no_vae);
  if (status == XD_OK)
    status = xdi_checkpoint_begin(training);
  if (status == XD_OK && !training->done.judge)
    status = xdi_training_end_stage(training, run_stage(&stage));
  close_stage(&stage);
  return status;
}

/* The judge knows its classes by the names that they have in the set. */
static xd_status give_judge(xd_judge **out, const xdi_training *training) {
  const char *names[XD_CLASS_LIMIT];
  const uint32_t count = xdi_list_class_names(names, training->input.set[0]);
  const xd_status status = xdi_judge_name_classes(training->done.judge, training->context, names, count);
  if (status != XD_OK)
    return status;
  xdi_part_freeze(training->done.judge); /* a checkpoint's is not */
  *out = xd_judge_retain(training->done.judge);
  return XD_OK;
}

xd_status xd_judge_train(xd_judge **out, xd_context *context, xd_values *report, const xd_dataset *set,
                         const xd_run *run, const xd_options *options) {
  xdi_training training;
  if (out)
    *out = NULL;
  xd_values_clear(report);
  if (!out || !context || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_train: out, context or set is NULL");
  xd_status status = xdi_training_open_one(&training, context, report, set, run);
  training.call = "xd_judge_train";
  if (status == XD_OK)
    status = read_settings(&training, options);
  if (status == XD_OK)
    status = xdi_check_texts(&training);
  if (status == XD_OK)
    status = xdi_checkpoint_open(&training);
  if (status == XD_OK)
    status = train_judge(&training);
  if (status == XD_OK)
    status = give_judge(out, &training);
  xdi_checkpoint_close(&training);
  xdi_training_close(&training);
  return status;
}
