/* An encoder's posteriors over a whole set, batch by batch. */
#ifndef XDI_TRAIN_POSTERIOR_H
#define XDI_TRAIN_POSTERIOR_H

#include "layer/network.h"
#include "train/augment.h"
#include "xdomain/dataset.h"

typedef struct xdi_posterior_pass {
  const xd_network *encoder;
  const xd_dataset *set;
  xdi_augmentation augmentation; /* all 0: the pictures themselves */
  uint64_t seed, stream;         /* of the augmentation: the stream's low half counts on by batches */
  bool inverted;                 /* light is dark and dark is light */
  /* Receives posterior[count][2 * latent_dim], rows [mean | log variance], of pictures first.. */
  void (*visit)(void *user, uint32_t first, uint32_t count, const float *posterior);
  void *user;
} xdi_posterior_pass;

/* Pictures of the set must have the encoder's shape. XD_ERROR_CANCELLED between batches. */
xd_status xdi_posterior_each(xd_context *context, const xdi_posterior_pass *pass);

/* The set's pictures fit the network, or XD_ERROR_SHAPE_MISMATCH with a message that begins with `what`. */
xd_status xdi_check_pictures(xd_context *context, const xd_network *network, const xd_dataset *set,
                             const char *what);

#endif
