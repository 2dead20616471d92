/* What comes of a VAE's trainer: its networks, frozen, with codes standardised over a set. */
#include "base/memory.h"
#include "layer/network.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "tensor/device.h"
#include "train/posterior.h"
#include "train/snapshot.h"
#include "train/standardise.h"
#include "train/vae_trainer.h"

static xd_status standardise(xd_context *context, xd_network *encoder, xd_network *decoder,
                             const xd_dataset *set) {
  const size_t latent_dim = xdi_input_size(decoder);
  double *mean = xdi_allocate(&context->allocator, 2 * latent_dim, sizeof *mean);
  if (!mean)
    return xdi_fail_memory(context, "standardising codes");
  double *deviation = mean + latent_dim;
  xd_status status = xdi_check_pictures(context, encoder, set, "xd_vae_trainer_finish");
  if (status == XD_OK)
    status = xdi_standardise_measure(context, mean, deviation, encoder, set);
  if (status == XD_OK)
    status = xdi_standardise_fold(context, encoder, decoder, mean, deviation);
  xdi_release(&context->allocator, mean);
  return status;
}

static xd_status wrap(xd_context *context, xd_encoder **encoder, xd_decoder **decoder,
                      xd_network *encoder_layers, xd_network *decoder_layers) {
  xd_status status = xdi_encoder_wrap(encoder, context, encoder_layers);
  if (status == XD_OK)
    status = xdi_decoder_wrap(decoder, context, decoder_layers);
  if (status == XD_OK) {
    xd_encoder_freeze(*encoder);
    xd_decoder_freeze(*decoder);
  } else {
    xd_encoder_release(*encoder);
    *encoder = NULL;
  }
  return status;
}

/* The averages or, where there is none, the weights themselves. */
static xd_slice kept_weights(const xd_vae_trainer *trainer, uint32_t which) {
  if (trainer->average[which] && trainer->step > 0)
    return xdi_slice(trainer->average[which], 0);
  return xdi_executor_parameters(which == 0 ? trainer->encoder_run : trainer->decoder_run);
}

xd_status xdi_vae_trainer_take(const xd_vae_trainer *trainer, xd_encoder **encoder, xd_decoder **decoder,
                               const xd_dataset *set) {
  xd_context *context = trainer->context;
  xd_network *encoder_layers = NULL, *decoder_layers = NULL;
  xd_status status =
      xdi_snapshot_create(&encoder_layers, context, trainer->encoder->part.network, kept_weights(trainer, 0));
  if (status == XD_OK)
    status = xdi_snapshot_create(&decoder_layers, context, trainer->decoder->part.network,
                                 kept_weights(trainer, 1));
  if (status == XD_OK && set)
    status = standardise(context, encoder_layers, decoder_layers, set);
  if (status == XD_OK)
    status = wrap(context, encoder, decoder, encoder_layers, decoder_layers);
  xdi_network_release(encoder_layers);
  xdi_network_release(decoder_layers);
  return status;
}

xd_status xd_vae_trainer_finish(xd_vae_trainer *trainer, xd_encoder **encoder, xd_decoder **decoder,
                                const xd_dataset *set) {
  if (encoder)
    *encoder = NULL;
  if (decoder)
    *decoder = NULL;
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  const bool raw = trainer->settings.raw_codes != 0;
  if (!encoder || !decoder || (!set && !raw))
    return xdi_fail(trainer->context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_vae_trainer_finish: encoder, decoder or set is NULL");
  return xdi_vae_trainer_take(trainer, encoder, decoder, raw ? NULL : set);
}
