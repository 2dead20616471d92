/* The schedule of one mapping: batches by the pairing, the learning rate constant and then falling,
 * validations on the way. A mapping touches no VAE and no picture. */
#include "train/mapping_schedule.h"

#include "train/checkpoint.h"
#include "train/epochs.h"
#include "train/pair_sampler.h"
#include "train/progress.h"
#include "train/ranks.h"
#include "train/validation.h"
#include "train/variety.h"

#define COUNTED_STEPS 100u /* the report's means are those of so many last ones */

typedef struct mapping_stage {
  xdi_training *training;
  const xdi_mapping_material *material;
  uint32_t direction, source, target; /* domains 0 or 1 */
  const xdi_mapping_settings *settings;
  xd_mapping_trainer *trainer;
  xdi_style_reader reader;
  xdi_pair_sampler sampler;
  xdi_validation validation;
} mapping_stage;

/* ---- Opening ---- */

static xd_status choose_dim(xd_context *context, uint32_t *dim, uint32_t wanted, const char *name) {
  if (*dim == 0)
    *dim = wanted;
  if (*dim == wanted)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "mapping.%s is %u, the model's codes have %u", name, *dim,
                  wanted);
}

xd_status xdi_settle_dims(xdi_training *training, uint32_t direction, uint32_t source, uint32_t target) {
  xdi_mapping_settings *settings = &training->settings.mapping[direction];
  const xd_status status = choose_dim(training->context, &settings->source_dim, source, "source_dim");
  return status == XD_OK ? choose_dim(training->context, &settings->target_dim, target, "target_dim")
                         : status;
}

xd_status xdi_complete_mapping(xdi_training *training, const xd_model *model, uint32_t direction) {
  return xdi_settle_dims(training, direction, xd_model_latent_dim(model, direction + 1),
                         xd_model_latent_dim(model, 2 - direction));
}

xd_status xdi_open_mapping_trainer(xd_mapping_trainer **out, const xdi_training *training,
                                   const xdi_mapping_settings *settings, uint32_t direction) {
  return xdi_mapping_trainer_open(out, training->context, training->input.generator[direction],
                                  training->input.discriminator[1 - direction], settings);
}

/* A pairing that ties all classes together knows no mismatches. */
xd_status xdi_settle_mapping(xdi_training *training, const xdi_mapping_material *material,
                             uint32_t direction) {
  xdi_mapping_settings *settings = &training->settings.mapping[direction];
  if (material->pools[1 - direction].group_count <= 1)
    settings->mismatch = settings->generated_mismatch = settings->invariance = 0.0f;
  return xdi_complete_mapping(training, material->model, direction);
}

static xd_status open_stage(mapping_stage *stage) {
  xdi_training *training = stage->training;
  const xdi_mapping_material *material = stage->material;
  const xdi_mapping_settings *settings = stage->settings;
  const xdi_pair_sampler_options sampling = {
      .source_codes = xdi_source_codes(material, stage->source),
      .target_codes = &material->codes[stage->target],
      .source_pools = &material->pools[stage->source],
      .target_pools = &material->pools[stage->target],
      .batch = settings->batch,
      .mixing = settings->mixing,
      .twins = xdi_mapping_invariance(settings) > 0.0f,
      .reader = &stage->reader,
      .anchor_codes = settings->anchor_codes,
      .seed = settings->seed,
  };
  stage->validation = (xdi_validation){.training = training,
                                       .vaes = material->model,
                                       .direction = stage->direction,
                                       .steps = settings->steps,
                                       .style = settings->style};
  xd_status status = xdi_open_mapping_trainer(&stage->trainer, training, settings, stage->direction);
  if (status == XD_OK && settings->style > 0.0f)
    status = xdi_style_reader_open(&stage->reader, training->context, material, training->input.set,
                                   stage->source);
  return status == XD_OK ? xdi_pair_sampler_open(&stage->sampler, training->context, &sampling) : status;
}

static void close_stage(mapping_stage *stage) {
  xdi_validation_close(&stage->validation);
  xd_mapping_trainer_destroy(stage->trainer);
  xdi_pair_sampler_close(&stage->sampler);
  xdi_style_reader_close(&stage->reader);
}

/* ---- Steps ---- */

static xd_status add_losses(xdi_training *training, uint32_t direction, uint32_t step) {
  const uint32_t steps = training->settings.mapping[direction].steps,
                 counted = steps < COUNTED_STEPS ? steps : COUNTED_STEPS;
  if (step < steps - counted)
    return XD_OK;
  return xdi_values_add_mean(training->report, training->context, xdi_mapping_prefix(direction),
                             &training->losses, counted);
}

xd_status xdi_train_mapping_step(xdi_training *training, xd_mapping_trainer *trainer,
                                 const xd_mapping_batch *batch, uint32_t direction, uint32_t step) {
  const xdi_mapping_settings *settings = &training->settings.mapping[direction];
  const float rate = xdi_linear_rate(settings->learning_rate, settings->final_rate, step, settings->steps);
  const xd_status status = xd_mapping_trainer_step(trainer, &training->losses, batch, rate);
  if (status != XD_OK)
    return status;
  training->at.trained = step + 1;
  return add_losses(training, direction, step);
}

static xd_status train_step(mapping_stage *stage, uint32_t step) {
  xd_mapping_batch batch;
  const xd_status status = xdi_pair_sampler_draw(&stage->sampler, &batch, step);
  return status == XD_OK
             ? xdi_train_mapping_step(stage->training, stage->trainer, &batch, stage->direction, step)
             : status;
}

static xd_status run_step(mapping_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  xd_progress event = {.stage = XD_STAGE_MAPPING1 + stage->direction,
                       .step = step + 1,
                       .steps = stage->settings->steps,
                       .losses = &training->losses};
  const bool validated = xdi_validation_is_due(&stage->validation, step);
  xd_status status = training->at.trained == step ? train_step(stage, step) : XD_OK;
  if (status == XD_OK && validated) {
    status = xdi_validation_run(&stage->validation, stage->trainer, step);
    event.validation = &training->measures;
    event.model = stage->validation.candidate;
  }
  if (status == XD_OK && validated)
    status = xdi_ranks_agree(training->context, &stage->validation.ended);
  if (status == XD_OK && stage->validation.ended) {
    xdi_training_skip(training, event.stage, event.steps - event.step);
    status = xdi_validation_end_early(&stage->validation, step);
  }
  if (status == XD_OK)
    status = xdi_training_tell(training, &event);
  return status == XD_OK && validated ? xdi_validation_check(&stage->validation, step) : status;
}

/* ---- The stage ---- */

static void archive_stage(void *stage, xdi_archive *archive) {
  mapping_stage *of = stage;
  xdi_mapping_trainer_archive(of->trainer, archive);
  xdi_validation_archive(&of->validation, archive);
  xdi_archive_values(archive, &of->training->losses);
}

/* What was told last may have ended a training that is resumed. */
static xd_status enter_stage(mapping_stage *stage) {
  xdi_training *training = stage->training;
  const xdi_stage_state state = {stage, archive_stage};
  const xd_status status = xdi_checkpoint_enter_stage(training, XD_STAGE_MAPPING1 + stage->direction, &state);
  const uint32_t told = training->at.told;
  return status == XD_OK && told > 0 && xdi_validation_is_due(&stage->validation, told - 1)
             ? xdi_validation_check(&stage->validation, told - 1)
             : status;
}

/* As a VAE's: a collapse leaves the best networks where they were. */
static xd_status finish(mapping_stage *stage) {
  xdi_training *training = stage->training;
  xdi_parts *done = &training->done;
  xd_latent_generator *generator = NULL;
  xd_pair_discriminator *discriminator = NULL;
  xd_status status = xdi_validation_finish(&stage->validation, stage->trainer, &generator, &discriminator);
  if (status == XD_OK)
    status = xdi_check_mapping_variety(training, stage->material, stage->direction, generator);
  if (status == XD_OK) {
    xdi_release_best(done);
    done->generator[stage->source] = generator;
    done->discriminator[stage->target] = discriminator;
    return XD_OK;
  }
  xd_latent_generator_release(generator);
  xd_pair_discriminator_release(discriminator);
  return status;
}

static xd_status run_stage(mapping_stage *stage) {
  xdi_training *training = stage->training;
  xd_status status = enter_stage(stage);
  for (uint32_t step = training->at.told;
       status == XD_OK && step < stage->settings->steps && !stage->validation.ended; step++)
    status = run_step(stage, step);
  return status == XD_OK ? finish(stage) : status;
}

xd_status xdi_train_mapping(xdi_training *training, const xdi_mapping_material *material,
                            uint32_t direction) {
  mapping_stage stage = {.training = training,
                         .material = material,
                         .direction = direction,
                         .source = direction,
                         .target = 1 - direction,
                         .settings = &training->settings.mapping[direction]};
  xd_status status = open_stage(&stage);
  if (status == XD_OK)
    status = xdi_training_end_stage(training, run_stage(&stage));
  close_stage(&stage);
  return status;
}
