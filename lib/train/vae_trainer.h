/* What a VAE's trainer holds: for its source and its tests. */
#ifndef XDI_TRAIN_VAE_TRAINER_H
#define XDI_TRAIN_VAE_TRAINER_H

#include "layer/executor.h"
#include "train/optimiser.h"
#include "xdomain/trainer.h"

struct xd_vae_trainer {
  xd_context *context;
  xd_vae_options options;
  xd_encoder *encoder; /* the layers; the weights that are trained lie in the executors */
  xd_decoder *decoder;
  xdi_executor *encoder_run, *decoder_run;
  xdi_optimiser encoder_optimiser, decoder_optimiser;
  xd_buffer *epsilon;
  uint32_t picture_size, latent_dim;
  uint32_t step;
};

#endif
