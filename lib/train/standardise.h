/* Standardised codes: each dimension of the aggregate posterior gets mean 0 and deviation 1. */
#ifndef XDI_TRAIN_STANDARDISE_H
#define XDI_TRAIN_STANDARDISE_H

#include "layer/network.h"
#include "xdomain/dataset.h"

/* mean[latent_dim] and deviation[latent_dim] of the aggregate posterior over the set:
 * deviation = sqrt(variance of the means + mean of the variances). XD_ERROR_NUMERIC: not finite or 0. */
xd_status xdi_standardise_measure(xd_context *context, double *mean, double *deviation,
                                  const xd_network *encoder, const xd_dataset *set);

/* Changes the encoder's last and the decoder's first dense layer so that codes become
 * (code - mean) / deviation and reconstructions stay. XD_ERROR_UNSUPPORTED: a network does not end, or
 * begin, in a dense layer. Neither network is frozen, and nothing is changed on failure. */
xd_status xdi_standardise_fold(xd_context *context, xd_network *encoder, xd_network *decoder,
                               const double *mean, const double *deviation);

/* Whether they can be changed so. */
xd_status xdi_standardise_check(xd_context *context, xd_network *encoder, xd_network *decoder);

#endif
