/* Labels that spread from a few pictures to others, along their codes' nearest neighbours. */
#ifndef XDI_TRAIN_SPREAD_H
#define XDI_TRAIN_SPREAD_H

#include "layer/network.h"
#include "xdomain/dataset.h"

/* For each picture of `unlabelled` the class of `labelled` that reaches it most, and the share that this class
 * has of all that reaches it: 0 where none does. The sets have the encoder's shape. A matter of the seed. */
xd_status xdi_spread_labels(uint32_t *labels, float *confidence, xd_context *context,
                            const xd_network *encoder, const xd_dataset *labelled,
                            const xd_dataset *unlabelled, uint64_t seed);

#endif
