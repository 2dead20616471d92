/* A generator from conditions into a frozen VAE: codes, then one mapping whose source is no picture. */
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/seeds.h"
#include "base/sized.h"
#include "model/architecture.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "train/checkpoint.h"
#include "train/condition_sampler.h"
#include "train/mapping_schedule.h"
#include "train/posterior.h"
#include "train/progress.h"
#include "train/provenance.h"
#include "train/ranks.h"
#include "train/trained_model.h"

/* Domain 1 is the conditions', domain 2 the pictures'. */
typedef struct condition_stage {
  xdi_training *training;
  xd_generator_input input;
  xdi_codes codes;
  xdi_condition_sampler sampler;
  xd_mapping_trainer *trainer;
} condition_stage;

void xd_generator_input_init(xd_generator_input *input, size_t struct_size) {
  const xd_generator_input defaults = XD_GENERATOR_INPUT_INIT;
  xdi_sized_write(input, struct_size, &defaults, sizeof defaults);
}

/* ---- Checks ---- */

static xd_status check_vectors(xd_context *context, const xd_generator_input *input) {
  const uint32_t dim = input->vector_dim, count = xd_dataset_count(input->set);
  if (!input->vectors && dim == 0)
    return XD_OK;
  if (!input->vectors)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_generator_input.vector_dim is %u, but must be 0 without vectors", dim);
  if (dim == 0 || dim > XDI_LATENT_MAX)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_generator_input.vector_dim is %u, but must be 1 to %u", dim, XDI_LATENT_MAX);
  for (size_t i = 0; i < (size_t)count * dim; i++)
    if (!isfinite(input->vectors[i]))
      return xdi_fail(context, XD_ERROR_NUMERIC,
                      "the condition of picture %zu has a value that is not finite", i / dim);
  return XD_OK;
}

static const char *find_missing(const xd_generator_input *input) {
  if (!input->encoder)
    return "encoder";
  if (!input->decoder)
    return "decoder";
  return input->set ? NULL : "set";
}

/* The model that is made at the end would refuse it. */
static xd_status check_vae(xd_context *context, const xd_generator_input *input) {
  const xd_network *encoder = xd_encoder_network(input->encoder),
                   *decoder = xd_decoder_network(input->decoder);
  const uint32_t code = xd_encoder_latent_dim(input->encoder),
                 decoded = xd_decoder_latent_dim(input->decoder);
  if (code == decoded && xdi_shape_equal(encoder->input, decoder->output))
    return XD_OK;
  return xdi_fail(
      context, XD_ERROR_SHAPE_MISMATCH,
      "xd_generator_input: the encoder makes codes of %u values of pictures of %u x %u x %u, but the "
      "decoder pictures of %u x %u x %u of codes of %u",
      code, encoder->input.height, encoder->input.width, encoder->input.channels, decoder->output.height,
      decoder->output.width, decoder->output.channels, decoded);
}

/* For the number of steps: names reach to the last label, also over those that no picture has. */
static uint32_t count_classes(const xd_dataset *set) {
  uint32_t count = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    count += xd_dataset_class_size(set, label) > 0;
  return count;
}

static xd_status check_input(xd_context *context, const xd_generator_input *input) {
  const char *missing = find_missing(input);
  if (missing)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_generator_input.%s is NULL", missing);
  if (xd_dataset_count(input->set) == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_generator_input: the set is empty");
  xd_status status = xdi_check_reserved(context, "xd_generator_input.reserved", input->reserved);
  if (status == XD_OK)
    status = check_vectors(context, input);
  if (status == XD_OK)
    status = check_vae(context, input);
  return status == XD_OK ? xdi_check_pictures(context, xd_encoder_network(input->encoder), input->set,
                                              "xd_train_generator")
                         : status;
}

/* What the sampler does not do is given no weight. */
static xd_status read_settings(xdi_training *training, const xd_options *options) {
  xdi_mapping_settings *settings = &training->settings.mapping[0];
  const xd_status status = xdi_read_mapping(settings, training->context, options);
  if (status != XD_OK)
    return status;
  if (settings->same_code_positive)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                    "mapping.same_code_positive cannot be 1 where the condition is no code");
  settings->invariance = settings->invariance_target = settings->mixing = settings->style = 0.0f;
  settings->augment = settings->augment_elastic = settings->augment_colour = settings->augment_blur = 0.0f;
  settings->anchor_codes = 1;
  training->group = "mapping";
  training->options = settings;
  training->settings.seed = settings->seed;
  training->settings.directions = 1;
  return xdi_ranks_check_batch(training->context, "mapping.batch", settings->batch, settings->parts);
}

/* ---- The stages ---- */

static xd_status encode(condition_stage *stage) {
  xdi_training *training = stage->training;
  const xdi_mapping_settings *settings = &training->settings.mapping[0];
  const xdi_codes_options options = {.samples = settings->codes_per_picture,
                                     .seed = xdi_seed_of(settings->seed, XDI_SEED_CODES2)};
  xd_progress event = {.stage = XD_STAGE_CODES, .step = 2, .steps = 2};
  const xd_status status = xdi_codes_open(
      &stage->codes, training->context, xd_encoder_network(stage->input.encoder), stage->input.set, &options);
  return status == XD_OK ? xdi_training_tell(training, &event) : status;
}

static xd_status open_stage(condition_stage *stage, uint32_t label_count) {
  xdi_training *training = stage->training;
  xdi_mapping_settings *settings = &training->settings.mapping[0];
  const xdi_condition_sampler_options sampling = {.set = stage->input.set,
                                                  .codes = &stage->codes,
                                                  .vectors = stage->input.vectors,
                                                  .dim = stage->input.vectors ? stage->input.vector_dim
                                                                              : label_count,
                                                  .batch = settings->batch,
                                                  .seed = settings->seed};
  xd_status status = xdi_condition_sampler_open(&stage->sampler, training->context, &sampling);
  if (status != XD_OK)
    return status;
  if (stage->sampler.group_count < 2)
    settings->mismatch = settings->generated_mismatch = 0.0f;
  status = xdi_settle_dims(training, 0, sampling.dim, stage->codes.latent_dim);
  return status == XD_OK ? xdi_mapping_trainer_open(&stage->trainer, training->context, NULL, NULL, settings)
                         : status;
}

static xd_status run_step(condition_stage *stage, uint32_t step) {
  xdi_training *training = stage->training;
  xd_progress event = {.stage = XD_STAGE_MAPPING1,
                       .step = step + 1,
                       .steps = training->settings.mapping[0].steps,
                       .losses = &training->losses};
  xd_mapping_batch batch;
  xdi_condition_sampler_draw(&stage->sampler, &batch, step);
  const xd_status status = xdi_train_mapping_step(training, stage->trainer, &batch, 0, step);
  return status == XD_OK ? xdi_training_tell(training, &event) : status;
}

static xd_status run_steps(condition_stage *stage) {
  xdi_training *training = stage->training;
  xd_status status = XD_OK;
  for (uint32_t step = 0; status == XD_OK && step < training->settings.mapping[0].steps; step++)
    status = run_step(stage, step);
  return status == XD_OK ? xd_mapping_trainer_finish(stage->trainer, &training->done.generator[0], NULL)
                         : status;
}

static xd_status train(condition_stage *stage, uint32_t label_count) {
  static const bool no_vae[2] = {false, false};
  xdi_training *training = stage->training;
  xdi_training_start(training, no_vae);
  xd_status status = xdi_checkpoint_enter_stage(training, XD_STAGE_CODES, NULL);
  if (status == XD_OK)
    status = xdi_training_end_stage(training, encode(stage));
  if (status == XD_OK)
    status = open_stage(stage, label_count);
  if (status == XD_OK)
    status = xdi_checkpoint_enter_stage(training, XD_STAGE_MAPPING1, NULL);
  return status == XD_OK ? xdi_training_end_stage(training, run_steps(stage)) : status;
}

static void close_stage(condition_stage *stage) {
  xd_mapping_trainer_destroy(stage->trainer);
  xdi_condition_sampler_close(&stage->sampler);
  xdi_codes_close(&stage->codes);
}

/* ---- The model ---- */

#define PAIR_SIZE 8u /* "255:255," */

/* A label's pictures are its class's: "0:0,1:1". */
static void write_pairs(char *to, const xd_dataset *set) {
  const char *comma = "";
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(set, label) > 0) {
      to += snprintf(to, PAIR_SIZE + 1, "%s%u:%u", comma, label, label);
      comma = ",";
    }
}

static xd_status make_model(xd_model **out, const condition_stage *stage, const char *const *names,
                            uint32_t count) {
  const xdi_training *training = stage->training;
  xdi_properties properties;
  char pairs[XD_CLASS_LIMIT * PAIR_SIZE + 1];
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  parts.encoder[1] = stage->input.encoder;
  parts.decoder[1] = stage->input.decoder;
  parts.generator[0] = training->done.generator[0];
  parts.name[1] = stage->input.name;
  write_pairs(pairs, stage->input.set);
  parts.pairing = stage->input.vectors ? NULL : pairs;
  for (uint32_t domain = stage->input.vectors ? 1 : 0; domain < 2; domain++) {
    parts.class_names[domain] = names;
    parts.class_count[domain] = count;
  }
  xdi_properties_of_mappings(&properties, training);
  parts.properties = properties.texts;
  parts.property_count = properties.count;
  return xd_model_create(out, training->context, &parts);
}

static xd_status run(xd_model **out, xdi_training *training, const xd_generator_input *input,
                     const xd_options *options) {
  const char *names[XD_CLASS_LIMIT];
  condition_stage stage = {.training = training, .input = *input};
  xd_status status = check_input(training->context, input);
  if (status == XD_OK && training->run.checkpoint)
    status = xdi_fail(training->context, XD_ERROR_UNSUPPORTED, "xd_train_generator keeps no checkpoint");
  if (status == XD_OK)
    status = read_settings(training, options);
  if (status == XD_OK)
    status = xdi_check_texts(training);
  if (status == XD_OK)
    status = xdi_checkpoint_open(training); /* no file: the run and the ranks are checked */
  if (status != XD_OK)
    return status;
  const uint32_t count = xdi_list_class_names(names, input->set);
  training->settings.mapping[0].steps =
      xdi_mapping_steps(&training->settings.mapping[0], input->vectors ? 1 : count_classes(input->set));
  status = train(&stage, count);
  if (status == XD_OK)
    status = make_model(out, &stage, names, count);
  close_stage(&stage);
  return status;
}

xd_status xd_train_generator(xd_model **out, xd_context *context, xd_values *report,
                             const xd_generator_input *input, const xd_run *how, const xd_options *options) {
  xd_generator_input given = XD_GENERATOR_INPUT_INIT;
  xd_train_input as = XD_TRAIN_INPUT_INIT;
  xdi_training training;
  if (out)
    *out = NULL;
  xd_values_clear(report);
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_train_generator: out or context is NULL");
  xd_status status = xdi_sized_read(context, &given, input, XDI_SIZED(xd_generator_input, name));
  if (status != XD_OK)
    return status;
  as.set[1] = given.set;
  as.name[1] = given.name;
  status = xdi_training_open(&training, context, report, &as, how);
  training.call = "xd_train_generator";
  if (status == XD_OK)
    status = run(out, &training, &given, options);
  xdi_training_close(&training);
  return status;
}
