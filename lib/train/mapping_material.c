/* Codes are encoded once, before the mappings' first step. */
#include "train/mapping_material.h"

#include "base/seeds.h"
#include "model/encoder.h"
#include "train/checkpoint.h"
#include "train/progress.h"
#include "xdomain/unstable/plan.h"

static xdi_augmentation augmentation_of(const xdi_mapping_settings *settings) {
  return (xdi_augmentation){.affine = settings->augment,
                            .elastic = settings->augment_elastic,
                            .colour = settings->augment_colour,
                            .blur = settings->augment_blur};
}

static bool augments(const xdi_augmentation *strengths) {
  return strengths->affine > 0.0f || strengths->elastic > 0.0f || xdi_augmentation_degrades(strengths);
}

static uint32_t copies_of(const xdi_mapping_settings *settings, const xd_dataset *set) {
  if (settings->codes_per_picture > 0)
    return settings->codes_per_picture;
  const uint32_t room = XD_COPIED_PICTURES / xd_dataset_count(set);
  return room < XD_COPIES_LEAST ? 0 : room < XD_COPIES_MOST ? room : XD_COPIES_MOST;
}

/* The direction that leaves a domain reads its augmented codes, if it asks for them; all else reads the
 * codes of the pictures themselves. */
static xd_status open_codes(xdi_mapping_material *material, xdi_training *training, uint32_t domain) {
  xd_context *context = training->context;
  const xdi_train_settings *settings = &training->settings;
  const xd_dataset *set = training->input.set[domain];
  const xd_network *encoder = xd_encoder_network(xd_model_encoder(material->model, domain + 1));
  xdi_codes_options options = {
      .samples = settings->mapping[xdi_training_has(training, 0) ? 0 : 1].codes_per_picture,
      .seed = xdi_seed_of(settings->seed, domain == 0 ? XDI_SEED_CODES1 : XDI_SEED_CODES2),
  };
  const xdi_augmentation wanted = augmentation_of(&settings->mapping[domain]);
  const uint32_t copies = copies_of(&settings->mapping[domain], set);
  const bool augmented = xdi_training_has(training, domain) && augments(&wanted) && copies > 0;
  xd_status status = XD_OK;
  if (!augmented || xdi_training_has(training, 1 - domain))
    status = xdi_codes_open(&material->codes[domain], context, encoder, set, &options);
  if (status != XD_OK || !augmented)
    return status;
  options.augmentation = wanted;
  options.samples = copies;
  return xdi_codes_open(&material->augmented[domain], context, encoder, set, &options);
}

xd_status xdi_mapping_material_open(xdi_mapping_material *material, xdi_training *training,
                                    const xd_model *model) {
  *material = (xdi_mapping_material){.model = model};
  xd_status status = XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = xdi_pools_open(&material->pools[domain], training->context, training->input.set[domain],
                            training->input.pairing, domain + 1);
  return status;
}

static xd_status encode_domain(xdi_mapping_material *material, xdi_training *training, uint32_t domain) {
  xd_progress event = {.stage = XD_STAGE_CODES, .step = domain + 1, .steps = 2, .model = material->model};
  const xd_status status = open_codes(material, training, domain);
  return status == XD_OK && training->at.stage == XD_STAGE_CODES && training->at.told <= domain
             ? xdi_training_tell(training, &event)
             : status;
}

static xd_status encode(xdi_mapping_material *material, xdi_training *training) {
  const xd_status status = encode_domain(material, training, 0);
  return status == XD_OK ? encode_domain(material, training, 1) : status;
}

/* Codes are in no checkpoint: a training that has gone past them encodes them again, and tells
 * nobody. */
xd_status xdi_mapping_material_encode(xdi_mapping_material *material, xdi_training *training) {
  xd_values_clear(&training->losses);
  if (training->at.stage > XD_STAGE_CODES)
    return encode(material, training);
  xd_status status = xdi_checkpoint_enter_stage(training, XD_STAGE_CODES, NULL);
  if (status == XD_OK)
    status = encode(material, training);
  return xdi_training_end_stage(training, status);
}

void xdi_mapping_material_close(xdi_mapping_material *material) {
  for (uint32_t domain = 0; domain < 2; domain++) {
    xdi_codes_close(&material->codes[domain]);
    xdi_codes_close(&material->augmented[domain]);
    xdi_pools_close(&material->pools[domain]);
  }
}
