/* Every stage's beginning, before the first stage is run: what a later stage would refuse, after hours, is
 * refused at once. The networks are those that the options ask for, with their initial weights. */
#include "train/posterior.h"
#include "train/training.h"
#include "train/vae_trainer.h"
#include "train/validation.h"

static xd_status make_vaes(xd_model **out, const xdi_training *training) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_status status = XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++) {
    xd_vae_trainer *trainer = NULL;
    status = xd_vae_trainer_create(&trainer, training->context, &training->vae[domain]);
    if (status == XD_OK) {
      parts.encoder[domain] = xd_encoder_retain(trainer->encoder);
      parts.decoder[domain] = xd_decoder_retain(trainer->decoder);
    }
    xd_vae_trainer_destroy(trainer);
  }
  if (status == XD_OK)
    status = xd_model_create(out, training->context, &parts);
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_encoder_release(parts.encoder[domain]);
    xd_decoder_release(parts.decoder[domain]);
  }
  return status;
}

static xd_status rehearse_mapping(const xdi_training *training, const xd_model *vaes, uint32_t direction) {
  xd_mapping_options options;
  xd_mapping_trainer *trainer = NULL;
  xd_status status = xdi_training_mapping_options(&options, training, vaes, direction);
  if (status == XD_OK)
    status = xd_mapping_trainer_create(&trainer, training->context, &options);
  if (status == XD_OK && xdi_training_validates(training, direction))
    status = xdi_validation_rehearse(training, vaes, direction, trainer);
  xd_mapping_trainer_destroy(trainer);
  return status;
}

/* Also of those that no judge waits for: their codes are probed. */
static xd_status check_validation_set(const xdi_training *training, const xd_model *vaes, uint32_t domain) {
  const xd_dataset *set = training->options.validation[domain];
  if (!set)
    return XD_OK;
  return xdi_check_pictures(training->context, xd_encoder_network(xd_model_encoder(vaes, domain + 1)), set,
                            "the validation set");
}

xd_status xdi_training_rehearse(const xdi_training *training, const xd_model *vaes) {
  xd_model *made = NULL;
  xd_status status = vaes ? XD_OK : make_vaes(&made, training);
  if (!vaes)
    vaes = made;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = check_validation_set(training, vaes, domain);
  for (uint32_t direction = 0; status == XD_OK && direction < 2; direction++)
    if (xdi_training_has(training, direction))
      status = rehearse_mapping(training, vaes, direction);
  xd_model_release(made);
  return status;
}
