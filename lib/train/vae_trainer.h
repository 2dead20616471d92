/* What a VAE's trainer holds: for its source and its tests. */
#ifndef XDI_TRAIN_VAE_TRAINER_H
#define XDI_TRAIN_VAE_TRAINER_H

#include "layer/executor.h"
#include "layer/window_normalise.h"
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
  xd_buffer *target;        /* a batch of what is to be reconstructed, when that is not the encoder's input */
  const xdi_window *window; /* the encoder's, or NULL */
  xd_buffer *weights;       /* of each cell's error, by the window; or NULL */
  uint32_t picture_size, latent_dim;
  uint32_t step;
};

/* What the encoder's window makes of pictures on the device, in place; without one it leaves them. */
xd_status xdi_vae_trainer_normalise(const xd_vae_trainer *trainer, xd_slice pictures, uint32_t count);

#endif
