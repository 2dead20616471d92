/* The schedule of one domain's VAE: shuffled epochs of its pictures, which are augmented if the options
 * ask for it, the learning rate falling along a cosine. No label is read. */
#include "base/memory.h"
#include "base/random.h"
#include "train/augment.h"
#include "train/epochs.h"
#include "train/principal.h"
#include "train/training.h"

typedef struct vae_stage {
  xdi_training *training;
  uint32_t domain, steps;
  xd_vae_trainer *trainer;
  xdi_epochs epochs;
  xdi_augmentation augmentation;
  float *pictures;
  float *targets; /* the pictures without colour and blur; NULL where these change nothing */
} vae_stage;

static xd_status open_stage(vae_stage *stage) {
  xd_context *context = stage->training->context;
  const xd_vae_options *options = &stage->training->vae[stage->domain];
  const xd_dataset *set = stage->training->sets[stage->domain];
  xd_status status = xd_vae_trainer_create(&stage->trainer, context, options);
  if (status == XD_OK)
    status = xdi_principal_start(stage->trainer, set);
  if (status == XD_OK)
    status = xdi_epochs_open(&stage->epochs, context, xd_dataset_count(set), options->batch, options->seed);
  if (status != XD_OK)
    return status;
  const size_t picture = (size_t)xd_dataset_width(set) * xd_dataset_height(set) * xd_dataset_channels(set);
  stage->steps = xdi_training_vae_steps(stage->training, stage->domain);
  stage->pictures = xdi_allocate(&context->allocator, options->batch, picture * sizeof *stage->pictures);
  stage->augmentation = (xdi_augmentation){options->augment, options->augment_colour, options->augment_blur};
  const bool degrades = xdi_augmentation_degrades(&stage->augmentation);
  if (degrades)
    stage->targets = xdi_allocate(&context->allocator, options->batch, picture * sizeof *stage->targets);
  return stage->pictures && (stage->targets || !degrades) ? XD_OK
                                                          : xdi_fail_memory(context, "training a VAE");
}

static void close_stage(vae_stage *stage) {
  xd_vae_trainer_destroy(stage->trainer);
  xdi_epochs_close(&stage->epochs);
  xdi_release(&stage->training->context->allocator, stage->pictures);
  xdi_release(&stage->training->context->allocator, stage->targets);
}

/* The report's means are those of the last epoch's steps. */
static void add_losses(vae_stage *stage, const xd_vae_losses *losses, uint32_t step) {
  const uint32_t counted = stage->steps < stage->epochs.per_epoch ? stage->steps : stage->epochs.per_epoch;
  if (step < stage->steps - counted)
    return;
  xd_vae_losses *mean = &stage->training->report.vae[stage->domain];
  mean->total += losses->total / counted;
  mean->pixel_cost += losses->pixel_cost / counted;
  mean->log_likelihood += losses->log_likelihood / counted;
  mean->kl += losses->kl / counted;
  mean->elbo += losses->elbo / counted;
}

static xd_status run_step(vae_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  const xd_vae_options *options = &training->vae[stage->domain];
  xd_train_progress event = {.stage = XD_STAGE_VAE1 + stage->domain, .step = step + 1, .steps = stage->steps};
  const xdi_picture_batch batch = {training->sets[stage->domain], xdi_epochs_step(&stage->epochs, step),
                                   stage->epochs.batch, options->seed,
                                   xdi_stream_id(XDI_STREAM_AUGMENT, step)};
  const float rate = xdi_cosine_rate(options->learning_rate, options->final_rate, step, stage->steps);
  xd_status status =
      xdi_augment(training->context, stage->pictures, stage->targets, &batch, &stage->augmentation);
  if (status == XD_OK)
    status = xd_vae_trainer_step_toward(stage->trainer, &event.vae, stage->pictures, stage->targets,
                                        batch.count, rate);
  if (status != XD_OK)
    return status;
  add_losses(stage, &event.vae, step);
  return xdi_training_tell(training, &event);
}

xd_status xdi_training_vae(xdi_training *training, uint32_t domain, xd_encoder **encoder,
                           xd_decoder **decoder) {
  const double began = xdi_training_clock(training);
  vae_stage stage = {.training = training, .domain = domain};
  xd_status status = open_stage(&stage);
  for (uint32_t step = 0; status == XD_OK && step < stage.steps; step++)
    status = run_step(&stage, step);
  if (status == XD_OK)
    status = xd_vae_trainer_finish(stage.trainer, encoder, decoder, training->sets[domain]);
  close_stage(&stage);
  xdi_training_end_stage(training, XD_STAGE_VAE1 + domain, began);
  return status;
}
