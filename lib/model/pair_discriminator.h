/* The pair discriminator's handle, for the rooms that load and train discriminators. */
#ifndef XDI_MODEL_PAIR_DISCRIMINATOR_H
#define XDI_MODEL_PAIR_DISCRIMINATOR_H

#include "model/part.h"
#include "options/settings.h"
#include "xdomain/pair_discriminator.h"

struct xd_pair_discriminator {
  xdi_part part;
};

/* A handle around a network, which gets one more owner (the caller keeps its own reference). Rows of the
 * network's input are [anchor | judged]. XD_ERROR_SHAPE_MISMATCH, with a message: not from
 * 2 * latent_dim values to one without an activation, latent_dim 1..1024. */
xd_status xdi_pair_discriminator_wrap(xd_pair_discriminator **out, xd_context *context, xd_network *network);

/* xd_pair_discriminator_create from settings. */
xd_status xdi_pair_discriminator_build(xd_pair_discriminator **out, xd_context *context,
                                       const xdi_mapping_settings *settings);

#endif
