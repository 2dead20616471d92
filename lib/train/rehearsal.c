/* Every stage's beginning, before the first stage is run: what a later stage would refuse, after hours, is
 * refused at once. The networks are those that the options ask for, with their initial weights. */
#include "train/rehearsal.h"

#include "train/mapping_schedule.h"
#include "train/posterior.h"
#include "train/vae_trainer.h"
#include "train/validation.h"

/* Copies, so that networks of the caller's are not frozen by the model. */
static xd_status make_vae(xd_encoder **encoder, xd_decoder **decoder, const xdi_training *training,
                          uint32_t domain) {
  xd_vae_trainer *trainer = NULL;
  xd_status status = xdi_vae_trainer_open(&trainer, training->context, training->input.encoder[domain],
                                          training->input.decoder[domain], &training->settings.vae[domain]);
  if (status == XD_OK)
    status = xdi_check_pictures(training->context, xd_encoder_network(trainer->encoder),
                                training->input.set[domain], domain == 0 ? "domain 1" : "domain 2");
  if (status == XD_OK)
    status = xdi_vae_trainer_take(trainer, encoder, decoder, NULL);
  xd_vae_trainer_destroy(trainer);
  return status;
}

static xd_status make_vaes(xd_model **out, const xdi_training *training) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_encoder *encoders[2] = {NULL, NULL};
  xd_decoder *decoders[2] = {NULL, NULL};
  xd_status status = XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++) {
    status = make_vae(&encoders[domain], &decoders[domain], training, domain);
    parts.encoder[domain] = encoders[domain];
    parts.decoder[domain] = decoders[domain];
  }
  if (status == XD_OK)
    status = xd_model_create(out, training->context, &parts);
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_encoder_release(encoders[domain]);
    xd_decoder_release(decoders[domain]);
  }
  return status;
}

static xd_status rehearse_mapping(const xdi_training *training, const xd_model *vaes, uint32_t direction) {
  xdi_training copy = *training; /* whose sizes of codes are completed */
  xd_mapping_trainer *trainer = NULL;
  xd_status status = xdi_complete_mapping(&copy, vaes, direction);
  if (status == XD_OK)
    status = xdi_open_mapping_trainer(&trainer, training, &copy.settings.mapping[direction], direction);
  if (status == XD_OK && xdi_training_validates(training, direction))
    status = xdi_validation_rehearse(training, vaes, direction, trainer);
  xd_mapping_trainer_destroy(trainer);
  return status;
}

/* Also of those that no judge waits for: their codes are probed. */
static xd_status check_validation_set(const xdi_training *training, const xd_model *vaes, uint32_t domain) {
  const xd_dataset *set = training->input.validation[domain];
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
