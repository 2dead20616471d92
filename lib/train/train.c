/* The whole schedule: both VAEs, the codes of both sets, a mapping for each direction, and the model that
 * comes of it. Training and mapping meet in the middle: xd_train goes on with the model of its fresh VAEs
 * as xd_map begins with the caller's. */
#include "data/pairing.h"
#include "train/mapping_schedule.h"
#include "train/posterior.h"
#include "train/probe.h"
#include "train/progress.h"
#include "train/rehearsal.h"
#include "train/trained_model.h"
#include "train/vae_schedule.h"

/* ---- The stages ---- */

static xd_status train_mappings(xd_model **out, xdi_training *training, const xd_model *vaes) {
  xdi_mapping_material material;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_latent_generator *generators[2] = {NULL, NULL};
  xd_pair_discriminator *discriminators[2] = {NULL, NULL};
  xd_status status = xdi_mapping_material_open(&material, training, vaes);
  if (status == XD_OK)
    status = xdi_training_probe(training, &material);
  for (uint32_t direction = 0; status == XD_OK && direction < 2; direction++)
    if (xdi_training_has(training, direction))
      status = xdi_train_mapping(training, &material, direction, &generators[direction],
                                 &discriminators[1 - direction]);
  xdi_mapping_material_close(&material);
  for (uint32_t i = 0; i < 2; i++) {
    parts.generator[i] = generators[i];
    parts.discriminator[i] = discriminators[i];
  }
  if (status == XD_OK)
    status = xdi_make_mapped_model(out, training, vaes, &parts);
  for (uint32_t i = 0; i < 2; i++) {
    xd_latent_generator_release(generators[i]);
    xd_pair_discriminator_release(discriminators[i]);
  }
  return status;
}

static xd_status train_vaes(xd_model **out, xdi_training *training) {
  xd_encoder *encoders[2] = {NULL, NULL};
  xd_decoder *decoders[2] = {NULL, NULL};
  xd_status status = XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = xdi_train_vae(training, domain, xdi_vae_prefix(domain), &encoders[domain], &decoders[domain]);
  if (status == XD_OK)
    status = xdi_make_vae_model(out, training, encoders, decoders);
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_encoder_release(encoders[domain]);
    xd_decoder_release(decoders[domain]);
  }
  return status;
}

static xd_status train_all(xd_model **out, xdi_training *training) {
  static const bool both[2] = {true, true};
  xd_model *vaes = NULL;
  xd_status status = xdi_training_rehearse(training, NULL);
  if (status != XD_OK)
    return status;
  xdi_training_start(training, both);
  status = train_vaes(&vaes, training);
  if (status == XD_OK && training->settings.directions == 0)
    *out = xd_model_retain(vaes);
  else if (status == XD_OK)
    status = train_mappings(out, training, vaes);
  xd_model_release(vaes);
  return status;
}

static xd_status map_all(xd_model **out, xdi_training *training, const xd_model *vaes) {
  static const bool none[2] = {false, false};
  xd_status status = XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = xdi_check_pictures(training->context, xd_encoder_network(xd_model_encoder(vaes, domain + 1)),
                                training->input.set[domain],
                                domain == 0 ? "xd_map: domain 1" : "xd_map: domain 2");
  if (status == XD_OK)
    status = xdi_training_rehearse(training, vaes);
  if (status != XD_OK)
    return status;
  xdi_training_start(training, none);
  return train_mappings(out, training, vaes);
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

/* vaes: those that are mapped, NULL where they are to be trained. */
static xd_status run_training(xd_model **out, xd_context *context, xd_values *report, const xd_model *vaes,
                              const xd_train_input *input, const xd_options *options) {
  xdi_training training;
  xd_status status = xdi_training_open(&training, context, report, input);
  if (status == XD_OK)
    status = check_sets(&training);
  if (status == XD_OK)
    status = xdi_training_read(&training, options, vaes == NULL);
  if (status == XD_OK)
    status = vaes ? map_all(out, &training, vaes) : train_all(out, &training);
  xdi_training_close(&training);
  return status;
}

xd_status xd_train(xd_model **out, xd_context *context, xd_values *report, const xd_train_input *input,
                   const xd_options *options) {
  if (out)
    *out = NULL;
  xd_values_clear(report);
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_train: out or context is NULL");
  return run_training(out, context, report, NULL, input, options);
}

xd_status xd_map(xd_model **out, xd_context *context, xd_values *report, const xd_model *model,
                 const xd_train_input *input, const xd_options *options) {
  if (out)
    *out = NULL;
  xd_values_clear(report);
  if (!out || !context || !model)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_map: out, context or model is NULL");
  return run_training(out, context, report, model, input, options);
}

/* A training of domain 1 alone, whose VAE has the options' own seed. */
static xd_status train_one(xdi_training *training, xd_encoder **encoder, xd_decoder **decoder,
                           const xd_options *options) {
  static const bool first[2] = {true, false};
  xd_context *context = training->context;
  xdi_vae_settings *settings = &training->settings.vae[0];
  xd_status status = xdi_read_vae(settings, context, options);
  if (status == XD_OK)
    status = xdi_check_vae_schedule(context, settings);
  if (status == XD_OK)
    status = xdi_complete_picture(context, "vae", &settings->width, &settings->height, &settings->channels,
                                  training->input.set[0]);
  if (status != XD_OK)
    return status;
  xdi_training_start(training, first);
  return xdi_train_vae(training, 0, "", encoder, decoder);
}

xd_status xd_train_vae(xd_encoder **encoder, xd_decoder **decoder, xd_context *context, xd_values *report,
                       const xd_dataset *set, xd_train_callback callback, void *user,
                       const xd_options *options) {
  xd_train_input input = XD_TRAIN_INPUT_INIT;
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
  input.set[0] = set;
  input.callback = callback;
  input.user = user;
  xd_status status = xdi_training_open(&training, context, report, &input);
  if (status == XD_OK)
    status = train_one(&training, encoder, decoder, options);
  xdi_training_close(&training);
  return status;
}
