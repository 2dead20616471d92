/* The latent generator's handle, for the rooms that load and train generators. */
#ifndef XDI_MODEL_LATENT_GENERATOR_H
#define XDI_MODEL_LATENT_GENERATOR_H

#include "model/part.h"
#include "options/settings.h"
#include "xdomain/latent_generator.h"

struct xd_latent_generator {
  xdi_part part;
};

/* A handle around a network, which gets one more owner (the caller keeps its own reference). Rows of the
 * network's input are [noise | code]: target_dim is its output, source_dim the rest of its input.
 * XD_ERROR_SHAPE_MISMATCH, with a message: sizes beyond 1..1024, or an activation at the end. */
xd_status xdi_latent_generator_wrap(xd_latent_generator **out, xd_context *context, xd_network *network);

/* xd_latent_generator_create from settings. */
xd_status xdi_latent_generator_build(xd_latent_generator **out, xd_context *context,
                                     const xdi_mapping_settings *settings);

#endif
