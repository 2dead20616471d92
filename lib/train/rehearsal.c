/* Every stage's beginning, before the first stage is run: what a later stage would refuse, after hours, is
 * refused at once. The networks are those that the options ask for, with their initial weights. */
#include "train/rehearsal.h"

#include "model/decoder.h"
#include "model/encoder.h"
#include "train/mapping_schedule.h"
#include "train/pair_sampler.h"
#include "train/posterior.h"
#include "train/standardise.h"
#include "train/trained_model.h"
#include "train/vae_trainer.h"
#include "train/validation.h"
#include "xdomain/unstable/classes.h"

/* Copies, so that networks of the caller's are not frozen by the model. */
static xd_status make_vae(xd_encoder **encoder, xd_decoder **decoder, const xdi_training *training,
                          uint32_t domain) {
  xd_context *context = training->context;
  const xdi_vae_settings *settings = &training->settings.vae[domain];
  xd_vae_trainer *trainer = NULL;
  xd_status status = xdi_vae_trainer_open(&trainer, context, training->input.encoder[domain],
                                          training->input.decoder[domain], settings);
  if (status == XD_OK)
    status = xdi_check_pictures(context, xd_encoder_network(trainer->encoder), training->input.set[domain],
                                domain == 0 ? "domain 1" : "domain 2");
  if (status == XD_OK && !settings->raw_codes)
    status = xdi_standardise_check(context, trainer->encoder->part.network, trainer->decoder->part.network);
  if (status == XD_OK)
    status = xdi_vae_trainer_take(trainer, encoder, decoder, NULL);
  xd_vae_trainer_destroy(trainer);
  return status;
}

static xd_status make_vaes(xd_model **out, const xdi_training *training) {
  xdi_training copy = *training;
  xdi_parts *made = &copy.done;
  xd_status status = XD_OK;
  *made = (xdi_parts){.encoder = {NULL}};
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = make_vae(&made->encoder[domain], &made->decoder[domain], training, domain);
  if (status == XD_OK)
    status = xdi_make_vae_model(out, &copy);
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_encoder_release(made->encoder[domain]);
    xd_decoder_release(made->decoder[domain]);
  }
  return status;
}

/* With codes of no pictures. */
static xd_status rehearse_batches(const xdi_training *training, const xdi_mapping_settings *settings) {
  const xdi_codes source = {.latent_dim = settings->source_dim},
                  target = {.latent_dim = settings->target_dim};
  const xdi_pools none = {.pool_count = 0};
  const xdi_pair_sampler_options sampling = {.source_codes = &source,
                                             .target_codes = &target,
                                             .source_pools = &none,
                                             .target_pools = &none,
                                             .batch = settings->batch,
                                             .twins = xdi_mapping_invariance(settings) > 0.0f,
                                             .anchor_codes = settings->anchor_codes};
  xdi_pair_sampler sampler;
  const xd_status status = xdi_pair_sampler_open(&sampler, training->context, &sampling);
  xdi_pair_sampler_close(&sampler);
  return status;
}

static xd_status rehearse_mapping(const xdi_training *training, const xd_model *vaes, uint32_t direction) {
  xdi_training copy = *training; /* whose sizes of codes are completed */
  const xdi_mapping_settings *settings = &copy.settings.mapping[direction];
  xd_mapping_trainer *trainer = NULL;
  xd_status status = xdi_complete_mapping(&copy, vaes, direction);
  if (status == XD_OK)
    status = xdi_open_mapping_trainer(&trainer, training, settings, direction);
  if (status == XD_OK)
    status = rehearse_batches(training, settings);
  if (status == XD_OK && xdi_training_validates(training, direction))
    status = xdi_validation_rehearse(training, vaes, direction, trainer);
  xd_mapping_trainer_destroy(trainer);
  return status;
}

/* A folder more or fewer than the VAEs were trained on shifts labels: names tell. */
static xd_status check_names(const xdi_training *training, const xd_model *vaes, uint32_t domain,
                             const xd_dataset *set) {
  const char *names[XD_CLASS_LIMIT];
  if (!set || xd_pairing_class(training->input.pairing, 1, 0) == XD_ANY_CLASS)
    return XD_OK;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    names[label] = xd_model_class_name(vaes, domain + 1, label);
  return xd_dataset_check_classes(set, training->context, names, XD_CLASS_LIMIT, "the model");
}

/* Validation sets also where no judge waits for them: their codes are probed. */
static xd_status check_sets(const xdi_training *training, const xd_model *vaes, uint32_t domain) {
  const xd_dataset *set = training->input.set[domain], *validation = training->input.validation[domain];
  xd_status status = check_names(training, vaes, domain, set);
  if (status == XD_OK && validation)
    status = xdi_check_pictures(training->context, xd_encoder_network(xd_model_encoder(vaes, domain + 1)),
                                validation, "the validation set");
  return status == XD_OK ? check_names(training, vaes, domain, validation) : status;
}

xd_status xdi_training_rehearse(const xdi_training *training, const xd_model *vaes) {
  xd_model *made = NULL;
  xd_status status = vaes ? XD_OK : make_vaes(&made, training);
  if (!vaes)
    vaes = made;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = check_sets(training, vaes, domain);
  for (uint32_t direction = 0; status == XD_OK && direction < 2; direction++)
    if (xdi_training_has(training, direction))
      status = rehearse_mapping(training, vaes, direction);
  xd_model_release(made);
  return status;
}
