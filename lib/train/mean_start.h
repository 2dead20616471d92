/* The start of a VAE's reconstructions: the mean colour of the training pictures. */
#ifndef XDI_TRAIN_MEAN_START_H
#define XDI_TRAIN_MEAN_START_H

#include "xdomain/dataset.h"
#include "xdomain/unstable/vae_trainer.h"

/* The decoder of a trainer that made no step draws the set's mean colour, with little contrast, so that units
 * that are off mean the pictures' ground, light or dark, and not a middle grey. The set's pictures must have
 * the encoder's shape. */
xd_status xdi_mean_start(xd_vae_trainer *trainer, const xd_dataset *set);

#endif
