/* The decoder's handle, for the rooms that load and train decoders. */
#ifndef XDI_MODEL_DECODER_H
#define XDI_MODEL_DECODER_H

#include "model/part.h"
#include "options/settings.h"
#include "xdomain/decoder.h"

struct xd_decoder {
  xdi_part part;
};

/* A handle around a network, which gets one more owner (the caller keeps its own reference).
 * XD_ERROR_SHAPE_MISMATCH, with a message: not from 1..1024 values to a picture (sides 8..256, 1 or 3
 * channels) through a sigmoid. */
xd_status xdi_decoder_wrap(xd_decoder **out, xd_context *context, xd_network *network);

/* xd_decoder_create from settings. */
xd_status xdi_decoder_build(xd_decoder **out, xd_context *context, const xdi_vae_settings *settings);

#endif
