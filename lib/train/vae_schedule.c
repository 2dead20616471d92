/* The schedule of one domain's VAE: shuffled epochs of its pictures, which are augmented if the options
 * ask for it, the learning rate falling along a cosine. No label is read. */
#include "train/vae_schedule.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/dataset.h"
#include "train/augment.h"
#include "train/checkpoint.h"
#include "train/epochs.h"
#include "train/mean_start.h"
#include "train/principal.h"
#include "train/progress.h"
#include "train/ranks.h"
#include "train/vae_trainer.h"
#include "train/variety.h"

typedef struct vae_stage {
  xdi_training *training;
  const xdi_vae_settings *settings;
  const xd_dataset *set;
  uint32_t domain, steps, learning; /* the first steps, before those that sharpen */
  uint32_t rows, first;             /* this rank's of each batch */
  const char *prefix;
  xd_vae_trainer *trainer;
  xdi_epochs epochs;
  xdi_augmentation augmentation;
  float *pictures;
  float *targets; /* the pictures without colour and blur; NULL where these change nothing */
} vae_stage;

/* Principal components or the mean colour are a start of networks that the options made. */
static xd_status open_trainer(vae_stage *stage) {
  const xd_train_input *input = &stage->training->input;
  const xd_encoder *encoder = input->encoder[stage->domain];
  const xd_decoder *decoder = input->decoder[stage->domain];
  const xd_status status =
      xdi_vae_trainer_open(&stage->trainer, stage->training->context, encoder, decoder, stage->settings);
  if (status != XD_OK || encoder || decoder)
    return status;
  if (stage->settings->linear_skip)
    return xdi_principal_start(stage->trainer, stage->set);
  return stage->settings->smooth_start ? xdi_mean_start(stage->trainer, stage->set) : XD_OK;
}

static xd_status open_stage(vae_stage *stage) {
  xd_context *context = stage->training->context;
  const xdi_vae_settings *settings = stage->settings;
  const xd_dataset *set = stage->set;
  xd_status status = open_trainer(stage);
  if (status == XD_OK)
    status = xdi_epochs_open(&stage->epochs, context, xd_dataset_count(set), settings->batch, settings->seed);
  if (status != XD_OK)
    return status;
  const size_t picture = xdi_cells(xdi_set_shape(set));
  stage->steps = xdi_vae_steps(stage->training, stage->domain);
  stage->rows = xdi_rank_rows(context, stage->epochs.batch);
  stage->first = xdi_rank_first(context, stage->epochs.batch);
  stage->pictures = xdi_allocate(&context->allocator, stage->rows, picture * sizeof *stage->pictures);
  stage->augmentation = (xdi_augmentation){.affine = settings->augment,
                                           .colour = settings->augment_colour,
                                           .blur = settings->augment_blur,
                                           .unchanged = 1.0f - settings->augment_share};
  const bool degrades = xdi_augmentation_degrades(&stage->augmentation);
  if (degrades)
    stage->targets = xdi_allocate(&context->allocator, stage->rows, picture * sizeof *stage->targets);
  return stage->pictures && (stage->targets || !degrades) ? XD_OK
                                                          : xdi_fail_memory(context, "training a VAE");
}

static void close_stage(vae_stage *stage) {
  xd_vae_trainer_destroy(stage->trainer);
  xdi_epochs_close(&stage->epochs);
  xdi_release(&stage->training->context->allocator, stage->pictures);
  xdi_release(&stage->training->context->allocator, stage->targets);
}

/* The steps before the last ones, in which the critic sharpens. */
static uint32_t count_learning(const vae_stage *stage) {
  const float sharpening = stage->settings->sharpen_share * (float)stage->steps;
  if (!stage->trainer->critic)
    return stage->steps;
  return sharpening < (float)stage->steps ? stage->steps - (uint32_t)sharpening : 0;
}

/* The report's means are those of the last epoch's steps. */
static xd_status add_losses(vae_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  const uint32_t counted = stage->steps < stage->epochs.per_epoch ? stage->steps : stage->epochs.per_epoch;
  if (step < stage->steps - counted)
    return XD_OK;
  return xdi_values_add_mean(training->report, training->context, stage->prefix, &training->losses, counted);
}

/* Whether the squared error still fell at the end is seen by two tenths of the steps that lower it. */
static xd_status add_tenth(vae_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  const uint32_t tenth = stage->learning / 10, left = step < stage->learning ? stage->learning - step : 0;
  char name[XDI_VALUE_NAME_SIZE];
  if (left == 0 || left > 2 * tenth)
    return XD_OK;
  snprintf(name, sizeof name, "%spixel_cost_%s", stage->prefix, left > tenth ? "before" : "last");
  const double share = xdi_values_get(&training->losses, "pixel_cost") / tenth;
  return xdi_values_set(training->report, training->context, name,
                        xdi_values_get(training->report, name) + share);
}

static xd_status train_step(vae_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  const xdi_vae_settings *settings = stage->settings;
  const xdi_picture_batch batch = {.set = stage->set,
                                   .indices = xdi_epochs_step(&stage->epochs, step) + stage->first,
                                   .count = stage->rows,
                                   .seed = settings->seed,
                                   .stream = xdi_stream_id(XDI_STREAM_AUGMENT, step),
                                   .first = stage->first};
  const float rate = xdi_cosine_rate(settings->learning_rate, settings->final_rate, step, stage->steps);
  xd_status status =
      xdi_augment(training->context, stage->pictures, stage->targets, &batch, &stage->augmentation);
  if (status == XD_OK)
    status = (step >= stage->learning ? xdi_vae_trainer_sharpen : xd_vae_trainer_step)(
        stage->trainer, &training->losses, stage->pictures, stage->targets, batch.count, rate);
  if (status != XD_OK)
    return status;
  training->at.trained = step + 1;
  status = add_losses(stage, step);
  return status == XD_OK ? add_tenth(stage, step) : status;
}

static xd_status run_step(vae_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  xd_progress event = {.stage = XD_STAGE_VAE1 + stage->domain,
                       .step = step + 1,
                       .steps = stage->steps,
                       .losses = &training->losses};
  const xd_status status = training->at.trained == step ? train_step(stage, step) : XD_OK;
  return status == XD_OK ? xdi_training_tell(training, &event) : status;
}

static void archive_stage(void *stage, xdi_archive *archive) {
  vae_stage *of = stage;
  xdi_vae_trainer_archive(of->trainer, archive);
  xdi_archive_values(archive, &of->training->losses);
}

/* The networks are finished when they are found sound: a collapse that is allowed later is finished then. */
static xd_status finish(vae_stage *stage) {
  xdi_parts *done = &stage->training->done;
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  xd_status status = xd_vae_trainer_finish(stage->trainer, &encoder, &decoder, stage->set);
  if (status == XD_OK)
    status = xdi_check_vae_variety(stage->training, stage->domain, encoder, decoder);
  if (status == XD_OK) {
    done->encoder[stage->domain] = encoder;
    done->decoder[stage->domain] = decoder;
    return XD_OK;
  }
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  return status;
}

static xd_status run_stage(vae_stage *stage) {
  xdi_training *training = stage->training;
  const xdi_stage_state state = {stage, archive_stage};
  xd_status status = xdi_checkpoint_enter_stage(training, XD_STAGE_VAE1 + stage->domain, &state);
  for (uint32_t step = training->at.told; status == XD_OK && step < stage->steps; step++)
    status = run_step(stage, step);
  return status == XD_OK ? finish(stage) : status;
}

xd_status xdi_train_vae(xdi_training *training, uint32_t domain, const char *prefix) {
  vae_stage stage = {.training = training,
                     .settings = &training->settings.vae[domain],
                     .set = xdi_training_pictures(training, domain),
                     .domain = domain,
                     .prefix = prefix};
  xd_status status = open_stage(&stage);
  if (status == XD_OK)
    stage.learning = count_learning(&stage);
  if (status == XD_OK)
    status = xdi_training_end_stage(training, run_stage(&stage));
  close_stage(&stage);
  return status;
}
