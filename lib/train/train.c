/* The whole schedule: both VAEs, the codes of both sets, a mapping for each direction, and the model that
 * comes of it. Training and mapping meet in the middle: xd_train goes on with the model of its fresh VAEs
 * as xd_map begins with the caller's. */
#include <stdio.h>

#include "data/dataset.h"
#include "data/pairing.h"
#include "train/checkpoint.h"
#include "train/light.h"
#include "train/mapping_schedule.h"
#include "train/posterior.h"
#include "train/probe.h"
#include "train/progress.h"
#include "train/ranks.h"
#include "train/rehearsal.h"
#include "train/trained_model.h"
#include "train/unlabelled.h"
#include "train/vae_schedule.h"
#include "xdomain/unstable/plan.h"

/* ---- The stages: those that a checkpoint has finished are passed over ---- */

static bool all_mapped(const xdi_training *training) {
  const xdi_parts *done = &training->done;
  return (!xdi_training_has(training, 0) || done->generator[0]) &&
         (!xdi_training_has(training, 1) || done->generator[1]);
}

static xd_status run_mappings(xdi_training *training, xdi_mapping_material *material) {
  xd_status status = XD_OK;
  for (uint32_t direction = 0; status == XD_OK && direction < 2; direction++)
    if (xdi_training_has(training, direction))
      status = xdi_settle_mapping(training, material, direction);
  if (status != XD_OK || all_mapped(training))
    return status;
  status = xdi_mapping_material_encode(material, training);
  if (status == XD_OK && training->at.stage == XD_STAGE_CODES)
    status = xdi_training_probe(training, material);
  for (uint32_t direction = 0; status == XD_OK && direction < 2; direction++)
    if (xdi_training_has(training, direction) && !training->done.generator[direction])
      status = xdi_train_mapping(training, material, direction);
  return status;
}

static xd_status train_mappings(xd_model **out, xdi_training *training, const xd_model *vaes) {
  xdi_mapping_material material = {.model = vaes};
  xd_status status = xdi_training_spread(training, vaes);
  if (status == XD_OK)
    status = xdi_mapping_material_open(&material, training, vaes);
  if (status == XD_OK)
    status = run_mappings(training, &material);
  xdi_mapping_material_close(&material);
  return status == XD_OK ? xdi_make_mapped_model(out, training, vaes) : status;
}

static xd_status train_vaes(xd_model **out, xdi_training *training) {
  xd_status status = XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    if (!training->done.encoder[domain])
      status = xdi_train_vae(training, domain, xdi_vae_prefix(domain));
  return status == XD_OK ? xdi_make_vae_model(out, training) : status;
}

static xd_status train_all(xd_model **out, xdi_training *training) {
  static const bool both[2] = {true, true};
  xd_model *vaes = NULL;
  xd_status status = xdi_training_rehearse(training, NULL);
  if (status != XD_OK)
    return status;
  xdi_training_start(training, both);
  status = xdi_checkpoint_begin(training);
  if (status == XD_OK)
    status = train_vaes(&vaes, training);
  if (status == XD_OK && training->settings.directions == 0)
    *out = xd_model_retain(vaes);
  else if (status == XD_OK)
    status = train_mappings(out, training, vaes);
  xd_model_release(vaes);
  return status;
}

/* A checkpoint's VAEs are these, as its fingerprint has shown. */
static void take_vaes(xdi_training *training) {
  xdi_parts *done = &training->done;
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_encoder_release(done->encoder[domain]);
    xd_decoder_release(done->decoder[domain]);
    done->encoder[domain] = xd_encoder_retain(xd_model_encoder(training->vaes, domain + 1));
    done->decoder[domain] = xd_decoder_retain(xd_model_decoder(training->vaes, domain + 1));
  }
}

static xd_status check_vaes(const xdi_training *training) {
  if (xd_model_encoder(training->vaes, 1))
    return XD_OK;
  return xdi_fail(training->context, XD_ERROR_UNSUPPORTED,
                  "xd_map: domain 1 of the model holds conditions: it has no VAE");
}

static xd_status map_all(xd_model **out, xdi_training *training) {
  static const bool none[2] = {false, false};
  const xd_model *vaes = training->vaes;
  xd_status status = check_vaes(training);
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = xdi_check_pictures(training->context, xd_encoder_network(xd_model_encoder(vaes, domain + 1)),
                                training->input.set[domain],
                                domain == 0 ? "xd_map: domain 1" : "xd_map: domain 2");
  if (status == XD_OK)
    status = xdi_training_rehearse(training, vaes);
  if (status != XD_OK)
    return status;
  take_vaes(training);
  xdi_training_start(training, none);
  status = xdi_checkpoint_begin(training);
  return status == XD_OK ? train_mappings(out, training, vaes) : status;
}

/* ---- The calls ---- */

static xd_status check_sets(const xdi_training *training) {
  xd_context *context = training->context;
  const xd_train_input *input = &training->input;
  if (!input->set[0] || !input->set[1] || !input->pairing)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_train_input: a set or the pairing is NULL");
  for (uint32_t domain = 0; domain < 2; domain++)
    if (xd_dataset_count(input->set[domain]) == 0)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the set of domain %u is empty", domain + 1);
  return xdi_pairing_check(context, input->pairing, input->set[0], input->set[1]);
}

/* The steps and the batches of a VAE, for all pictures that it sees. */
static xd_status check_vae(const xdi_training *training, uint32_t domain, const char *group) {
  const uint32_t parts = training->settings.vae[domain].parts;
  char batch[16];
  snprintf(batch, sizeof batch, "%s.batch", group);
  const xd_status status = xdi_check_vae_steps(training, domain, group);
  return status == XD_OK
             ? xdi_ranks_check_batch(training->context, batch, xdi_vae_batch(training, domain), parts)
             : status;
}

/* Before the first step. */
static xd_status check_schedules(const xdi_training *training) {
  static const char *const vaes[2] = {"vae1", "vae2"};
  static const char *const mappings[2] = {"mapping1.batch", "mapping2.batch"};
  const xdi_train_settings *settings = &training->settings;
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && !training->vaes && i < 2; i++)
    status = check_vae(training, i, vaes[i]);
  for (uint32_t i = 0; status == XD_OK && i < 2; i++)
    if (xdi_training_has(training, i))
      status = xdi_ranks_check_batch(training->context, mappings[i], settings->mapping[i].batch,
                                     settings->mapping[i].parts);
  return status;
}

/* Legal, and most often a mistake. */
static void warn_of_same_sets(const xdi_training *training) {
  const xd_train_input *input = &training->input;
  if (xdi_dataset_is_same(input->set[0], input->set[1]))
    xdi_log(training->context, XD_LOG_WARNING, "both domains have the same pictures");
  for (uint32_t domain = 0; domain < 2; domain++)
    if (input->validation[domain] && xdi_dataset_is_same(input->set[domain], input->validation[domain]))
      xdi_log(training->context, XD_LOG_WARNING,
              "domain %u is validated on the pictures that it is trained on", domain + 1);
}

/* vaes: those that are mapped, NULL where they are to be trained. */
static xd_status run_training(xd_model **out, xd_context *context, xd_values *report, const xd_model *vaes,
                              const xd_train_input *input, const xd_run *run, const xd_options *options) {
  xdi_training training;
  xd_status status = xdi_training_open(&training, context, report, input, run);
  training.call = vaes ? "xd_map" : "xd_train";
  training.vaes = vaes;
  if (status == XD_OK)
    status = check_sets(&training);
  if (status == XD_OK)
    status = xdi_training_read(&training, options, vaes == NULL);
  if (status == XD_OK)
    status = xdi_training_join(&training);
  if (status == XD_OK)
    status = check_schedules(&training);
  if (status == XD_OK && !vaes)
    status = xdi_settle_light(&training);
  if (status == XD_OK)
    status = xdi_check_texts(&training);
  if (status == XD_OK)
    status = xdi_checkpoint_open(&training);
  if (status == XD_OK)
    status = xdi_tell_of_light(&training);
  if (status == XD_OK)
    warn_of_same_sets(&training);
  if (status == XD_OK)
    status = vaes ? map_all(out, &training) : train_all(out, &training);
  xdi_checkpoint_close(&training);
  xdi_training_close(&training);
  return status;
}

xd_status xd_train(xd_model **out, xd_context *context, xd_values *report, const xd_train_input *input,
                   const xd_run *run, const xd_options *options) {
  if (out)
    *out = NULL;
  xd_values_clear(report);
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_train: out or context is NULL");
  return run_training(out, context, report, NULL, input, run, options);
}

xd_status xd_map(xd_model **out, xd_context *context, xd_values *report, const xd_model *model,
                 const xd_train_input *input, const xd_run *run, const xd_options *options) {
  if (out)
    *out = NULL;
  xd_values_clear(report);
  if (!out || !context || !model)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_map: out, context or model is NULL");
  return run_training(out, context, report, model, input, run, options);
}

static uint32_t count_steps(const xdi_training *training, xd_stage stage) {
  const xdi_train_settings *settings = &training->settings;
  switch (stage) {
  case XD_STAGE_VAE1:
  case XD_STAGE_VAE2:
    return xdi_vae_steps(training, stage - XD_STAGE_VAE1);
  case XD_STAGE_CODES:
    return settings->directions ? 2 : 0;
  case XD_STAGE_MAPPING1:
  case XD_STAGE_MAPPING2:
    return xdi_training_has(training, stage - XD_STAGE_MAPPING1)
               ? settings->mapping[stage - XD_STAGE_MAPPING1].steps
               : 0;
  default:
    return 0;
  }
}

xd_status xd_train_steps(uint32_t *steps, xd_context *context, const xd_train_input *input,
                         const xd_options *options) {
  xdi_training training;
  if (!steps || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_train_steps: steps or context is NULL");
  xd_status status = xdi_training_open(&training, context, NULL, input, NULL);
  if (status == XD_OK)
    status = check_sets(&training);
  if (status == XD_OK)
    status = xdi_training_read(&training, options, true);
  if (status == XD_OK)
    status = check_schedules(&training);
  for (uint32_t stage = 0; status == XD_OK && stage <= XD_STAGE_MAPPING2; stage++)
    steps[stage] = count_steps(&training, stage);
  xdi_training_close(&training);
  return status;
}

static xd_status read_one(xdi_training *training, const xd_options *options) {
  xd_context *context = training->context;
  xdi_vae_settings *settings = &training->settings.vae[0];
  xd_status status = xdi_read_vae(settings, context, options);
  training->group = "vae";
  training->options = settings;
  if (status == XD_OK)
    status = xdi_complete_picture(context, "vae", &settings->width, &settings->height, &settings->channels,
                                  training->input.set[0]);
  return status == XD_OK ? check_vae(training, 0, "vae") : status;
}

/* A training of domain 1 alone, whose VAE has the options' own seed. */
static xd_status train_one(xdi_training *training, xd_encoder **encoder, xd_decoder **decoder) {
  static const bool first[2] = {true, false};
  xdi_parts *done = &training->done;
  xdi_training_start(training, first);
  xd_status status = xdi_checkpoint_begin(training);
  if (status == XD_OK && !done->encoder[0])
    status = xdi_train_vae(training, 0, "");
  if (status != XD_OK)
    return status;
  xd_encoder_freeze(done->encoder[0]); /* a checkpoint's are not */
  xd_decoder_freeze(done->decoder[0]);
  *encoder = xd_encoder_retain(done->encoder[0]);
  *decoder = xd_decoder_retain(done->decoder[0]);
  return XD_OK;
}

xd_status xd_train_vae(xd_encoder **encoder, xd_decoder **decoder, xd_context *context, xd_values *report,
                       const xd_dataset *set, const xd_run *run, const xd_options *options) {
  xdi_training training;
  if (encoder)
    *encoder = NULL;
  if (decoder)
    *decoder = NULL;
  xd_values_clear(report);
  if (!encoder || !decoder || !context || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_train_vae: encoder, decoder, context or set is NULL");
  if (xd_dataset_count(set) == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_train_vae: the set is empty");
  xd_status status = xdi_training_open_one(&training, context, report, set, run);
  training.call = "xd_train_vae";
  if (status == XD_OK)
    status = read_one(&training, options);
  if (status == XD_OK)
    status = xdi_checkpoint_open(&training);
  if (status == XD_OK)
    status = train_one(&training, encoder, decoder);
  xdi_checkpoint_close(&training);
  xdi_training_close(&training);
  return status;
}
