/* The schedule of one mapping: codes of both sets, batches by the pairing, the learning rate constant and
 * then falling, validations on the way. A mapping touches no VAE and no picture. */
#include <math.h>

#include "base/memory.h"
#include "model/encoder.h"
#include "train/epochs.h"
#include "train/pair_sampler.h"
#include "train/seeds.h"
#include "train/training.h"
#include "train/validation.h"

#define COUNTED_STEPS 100u /* the report's means are those of so many last ones */

/* ---- Codes and pools ---- */

static xdi_augmentation augmentation_of(const xd_mapping_options *options) {
  return (xdi_augmentation){options->augment, options->augment_colour, options->augment_blur};
}

static bool augments(const xdi_augmentation *strengths) {
  return strengths->affine > 0.0f || xdi_augmentation_degrades(strengths);
}

/* The direction that leaves a domain reads its augmented codes, if it asks for them; all else reads the
 * codes of the pictures themselves. */
static xd_status open_codes(xdi_mapping_material *material, xdi_training *training, uint32_t domain) {
  xd_context *context = training->context;
  const xd_dataset *set = training->sets[domain];
  const xd_network *encoder = xd_encoder_network(xd_model_encoder(material->model, domain + 1));
  xdi_codes_options options = {
      .samples = training->mapping[xdi_training_has(training, 0) ? 0 : 1].codes_per_picture,
      .seed = xdi_seed_of(training->options.seed, domain == 0 ? XDI_SEED_CODES1 : XDI_SEED_CODES2),
  };
  const xdi_augmentation wanted = augmentation_of(&training->mapping[domain]);
  const bool augmented = xdi_training_has(training, domain) && augments(&wanted);
  xd_status status = XD_OK;
  if (!augmented || xdi_training_has(training, 1 - domain))
    status = xdi_codes_open(&material->codes[domain], context, encoder, set, &options);
  if (status != XD_OK || !augmented)
    return status;
  options.augmentation = wanted;
  return xdi_codes_open(&material->augmented[domain], context, encoder, set, &options);
}

static xd_status open_domain(xdi_mapping_material *material, xdi_training *training, uint32_t domain) {
  xd_context *context = training->context;
  xd_train_progress event = {.stage = XD_STAGE_CODES, .step = domain + 1, .steps = 2};
  xd_status status = open_codes(material, training, domain);
  if (status == XD_OK)
    status = xdi_pools_open(&material->pools[domain], context, training->sets[domain], training->pairing,
                            domain + 1);
  return status == XD_OK ? xdi_training_tell(training, &event) : status;
}

xd_status xdi_mapping_material_open(xdi_mapping_material *material, xdi_training *training,
                                    const xd_model *model) {
  const double began = xdi_training_clock(training);
  *material = (xdi_mapping_material){.model = model};
  xd_status status = open_domain(material, training, 0);
  if (status == XD_OK)
    status = open_domain(material, training, 1);
  xdi_training_end_stage(training, XD_STAGE_CODES, began);
  return status;
}

void xdi_mapping_material_close(xdi_mapping_material *material) {
  for (uint32_t domain = 0; domain < 2; domain++) {
    xdi_codes_close(&material->codes[domain]);
    xdi_codes_close(&material->augmented[domain]);
    xdi_pools_close(&material->pools[domain]);
  }
}

/* ---- One direction ---- */

typedef struct mapping_stage {
  xdi_training *training;
  const xdi_mapping_material *material;
  uint32_t direction, source, target; /* domains 0 or 1 */
  xd_mapping_options options;
  xd_mapping_trainer *trainer;
  xdi_pair_sampler sampler;
  xdi_validation validation;
} mapping_stage;

static xd_status choose_dim(xd_context *context, uint32_t *dim, uint32_t wanted, const char *name) {
  if (*dim == 0)
    *dim = wanted;
  if (*dim == wanted)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "xd_mapping_options.%s is %u, the model's codes have %u",
                  name, *dim, wanted);
}

xd_status xdi_training_mapping_options(xd_mapping_options *out, const xdi_training *training,
                                       const xd_model *model, uint32_t direction) {
  const uint32_t source = xd_encoder_latent_dim(xd_model_encoder(model, direction + 1));
  const uint32_t target = xd_encoder_latent_dim(xd_model_encoder(model, 2 - direction));
  *out = training->mapping[direction];
  const xd_status status = choose_dim(training->context, &out->source_dim, source, "source_dim");
  return status == XD_OK ? choose_dim(training->context, &out->target_dim, target, "target_dim") : status;
}

/* A pairing that ties all classes together knows no mismatches. */
static void drop_mismatches(mapping_stage *stage) {
  if (stage->material->pools[stage->target].group_count > 1)
    return;
  stage->options.mismatch = stage->options.generated_mismatch = 0.0f;
}

static xd_status open_stage(mapping_stage *stage) {
  xdi_training *training = stage->training;
  const xdi_mapping_material *material = stage->material;
  xd_mapping_options *options = &stage->options;
  xd_status status = xdi_training_mapping_options(options, training, material->model, stage->direction);
  if (status != XD_OK)
    return status;
  drop_mismatches(stage);
  const xdi_pair_sampler_options sampling = {
      .source_codes = xdi_source_codes(material, stage->source),
      .target_codes = &material->codes[stage->target],
      .source_pools = &material->pools[stage->source],
      .target_pools = &material->pools[stage->target],
      .batch = options->batch,
      .mixing = options->mixing,
      .condition_codes = options->condition_codes,
      .seed = options->seed,
  };
  stage->validation = (xdi_validation){
      .training = training, .vaes = material->model, .direction = stage->direction, .steps = options->steps};
  xd_context *context = training->context;
  status = xd_mapping_trainer_create(&stage->trainer, context, options);
  if (status == XD_OK)
    status = xdi_pair_sampler_open(&stage->sampler, context, &sampling);
  training->mapping[stage->direction] = *options; /* what provenance tells */
  return status;
}

static void close_stage(mapping_stage *stage) {
  xdi_validation_close(&stage->validation);
  xd_mapping_trainer_destroy(stage->trainer);
  xdi_pair_sampler_close(&stage->sampler);
}

static void add_losses(mapping_stage *stage, const xd_mapping_losses *losses, uint32_t step) {
  const uint32_t steps = stage->options.steps, counted = steps < COUNTED_STEPS ? steps : COUNTED_STEPS;
  if (step < steps - counted)
    return;
  xd_mapping_losses *mean = &stage->training->report.mapping[stage->direction];
  mean->discriminator += losses->discriminator / counted;
  mean->generator += losses->generator / counted;
  mean->real += losses->real / counted;
  mean->generated += losses->generated / counted;
  mean->noise += losses->noise / counted;
  mean->mismatched += losses->mismatched / counted;
  mean->adversarial += losses->adversarial / counted;
  mean->regularisation += losses->regularisation / counted;
}

/* ---- Steps ---- */

static xd_status run_step(mapping_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  const xd_mapping_options *options = &stage->options;
  xd_train_progress event = {
      .stage = XD_STAGE_MAPPING_1TO2 + stage->direction, .step = step + 1, .steps = options->steps};
  xd_mapping_batch batch;
  const float rate = xdi_linear_rate(options->learning_rate, options->final_rate, step, options->steps);
  xd_status status = xdi_pair_sampler_draw(&stage->sampler, &batch, step);
  if (status == XD_OK)
    status = xd_mapping_trainer_step(stage->trainer, &event.mapping, &batch, rate);
  if (status != XD_OK)
    return status;
  add_losses(stage, &event.mapping, step);
  const bool validated = xdi_validation_is_due(&stage->validation, step);
  if (validated) {
    status = xdi_validation_run(&stage->validation, stage->trainer, step);
    event.validation = &stage->validation.last;
  }
  if (status == XD_OK)
    status = xdi_training_tell(training, &event);
  return status == XD_OK && validated ? xdi_validation_check(&stage->validation, step) : status;
}

xd_status xdi_training_mapping(xdi_training *training, const xdi_mapping_material *material,
                               uint32_t direction, xd_latent_generator **generator,
                               xd_pair_discriminator **discriminator) {
  const double began = xdi_training_clock(training);
  mapping_stage stage = {.training = training,
                         .material = material,
                         .direction = direction,
                         .source = direction,
                         .target = 1 - direction};
  xd_status status = open_stage(&stage);
  for (uint32_t step = 0; status == XD_OK && step < stage.options.steps; step++)
    status = run_step(&stage, step);
  if (status == XD_OK)
    status = xdi_validation_finish(&stage.validation, stage.trainer, generator, discriminator);
  close_stage(&stage);
  xdi_training_end_stage(training, XD_STAGE_MAPPING_1TO2 + direction, began);
  return status;
}
