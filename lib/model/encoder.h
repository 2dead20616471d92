/* The encoder's handle, for the rooms that load and train encoders. */
#ifndef XDI_MODEL_ENCODER_H
#define XDI_MODEL_ENCODER_H

#include "model/part.h"
#include "options/settings.h"
#include "xdomain/encoder.h"

struct xd_encoder {
  xdi_part part;
};

/* A handle around a network, which gets one more owner (the caller keeps its own reference).
 * XD_ERROR_SHAPE_MISMATCH, with a message: not from pictures (sides 8..256, 1 or 3 channels) to
 * 2 * latent_dim values without an activation, latent_dim 1..1024. */
xd_status xdi_encoder_wrap(xd_encoder **out, xd_context *context, xd_network *network);

/* xd_encoder_create from settings. */
xd_status xdi_encoder_build(xd_encoder **out, xd_context *context, const xdi_vae_settings *settings);

#endif
