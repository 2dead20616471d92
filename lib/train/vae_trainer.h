/* What a VAE's trainer holds: for its source, its schedule and its tests. */
#ifndef XDI_TRAIN_VAE_TRAINER_H
#define XDI_TRAIN_VAE_TRAINER_H

#include "layer/executor.h"
#include "layer/window_normalise.h"
#include "options/settings.h"
#include "train/critic.h"
#include "train/gradient_sum.h"
#include "train/optimiser.h"
#include "xdomain/unstable/vae_trainer.h"

/* Between these a solved sigma_x lies. */
#define XDI_SIGMA_LEAST 0.02
#define XDI_SIGMA_MOST 0.1

struct xd_vae_trainer {
  xd_context *context;
  xdi_vae_settings settings;
  const xd_encoder *encoder; /* the layers; the weights that are trained lie in the executors */
  const xd_decoder *decoder;
  xdi_executor *encoder_run, *decoder_run;
  xdi_optimiser encoder_optimiser, decoder_optimiser;
  xdi_gradient_sum encoder_sum, decoder_sum;
  xd_buffer *epsilon;
  xd_buffer *target;        /* a batch of what is to be reconstructed, when that is not the encoder's input */
  const xdi_window *window; /* the encoder's, or NULL */
  xd_buffer *weights;       /* of each cell's error, by the window; or NULL */
  xd_buffer *average[2];    /* of the encoder's and the decoder's weights; NULL without averaging */
  xdi_critic *critic;       /* of the reconstructions, or NULL */
  float *blame, *drawn;     /* a batch of its gradient and of the decoder's pictures or their gradient */
  double variance;          /* of the likelihood: sigma_x squared, or what the errors have been of late */
  uint32_t picture_size, latent_dim;
  uint32_t rows;  /* the most of a step that this rank takes: without others the option batch */
  uint32_t parts; /* in which it computes them: without others the option */
  uint32_t step;
};

/* xd_vae_trainer_create from settings. */
xd_status xdi_vae_trainer_open(xd_vae_trainer **out, xd_context *context, const xd_encoder *encoder,
                               const xd_decoder *decoder, const xdi_vae_settings *settings);

/* A step that leaves the encoder as it is and lets a critic of patches, which learns beside, sharpen the decoder: its
 * gradient is added with `sharpen` times the length of the reconstruction's. Otherwise as xd_vae_trainer_step. */
xd_status xdi_vae_trainer_sharpen(xd_vae_trainer *trainer, xd_values *losses, const float *pictures,
                                  const float *targets, uint32_t count, float learning_rate);

/* All that the next steps depend on. */
void xdi_vae_trainer_archive(xd_vae_trainer *trainer, xdi_archive *archive);

/* The networks as they are now, frozen, their codes standardised over `set` unless it is NULL. The caller owns
 * both; on failure they are as they were. */
xd_status xdi_vae_trainer_take(const xd_vae_trainer *trainer, xd_encoder **encoder, xd_decoder **decoder,
                               const xd_dataset *set);

/* What the encoder's window makes of pictures on the device, in place; without one it leaves them. */
xd_status xdi_vae_trainer_normalise(const xd_vae_trainer *trainer, xd_slice pictures, uint32_t count);

#endif
