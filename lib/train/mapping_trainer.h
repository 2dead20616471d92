/* What a mapping's trainer holds: for its source and its tests. */
#ifndef XDI_TRAIN_MAPPING_TRAINER_H
#define XDI_TRAIN_MAPPING_TRAINER_H

#include "layer/executor.h"
#include "train/optimiser.h"
#include "train/spectral.h"
#include "xdomain/trainer.h"

/* The codes of one step on the backend, [batch][dim] each. */
enum {
  XDI_PLACE_CONDITION,
  XDI_PLACE_POSITIVE,
  XDI_PLACE_WRONG,
  XDI_PLACE_WRONG_CONDITION,
  XDI_PLACE_SOURCE,
  XDI_PLACE_EPSILON,
  XDI_PLACE_NOISE,
  XDI_PLACE_SCRATCH,
  XDI_PLACES
};

struct xd_mapping_trainer {
  xd_context *context;
  xd_mapping_options options;
  xd_latent_generator *generator; /* the layers; the weights that are trained lie in the executors */
  xd_pair_discriminator *discriminator;
  xdi_executor *generator_run, *discriminator_run;
  xdi_optimiser generator_optimiser, discriminator_optimiser;
  xdi_spectral spectral;
  xd_buffer *average; /* of G's weights; NULL: the last ones are kept */
  xd_buffer *codes;
  size_t places[XDI_PLACES]; /* in codes */
  uint32_t source_dim, target_dim;
  uint32_t step;
};

#endif
