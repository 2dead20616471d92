/* The model that comes of a training. */
#ifndef XDI_TRAIN_TRAINED_MODEL_H
#define XDI_TRAIN_TRAINED_MODEL_H

#include "train/training.h"

/* Both VAEs alone, with names and classes. The caller owns *out. */
xd_status xdi_make_vae_model(xd_model **out, const xdi_training *training, xd_encoder *const encoders[2],
                             xd_decoder *const decoders[2]);

/* VAEs with the mapping networks that `parts` names. The caller owns *out. */
xd_status xdi_make_mapped_model(xd_model **out, const xdi_training *training, const xd_model *vaes,
                                xd_model_parts *parts);

#endif
