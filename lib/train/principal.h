/* The start of a VAE's linear skips: principal components of the training pictures. */
#ifndef XDI_TRAIN_PRINCIPAL_H
#define XDI_TRAIN_PRINCIPAL_H

#include "xdomain/dataset.h"
#include "xdomain/unstable/vae_trainer.h"

/* Sets the weights of a trainer whose networks have linear skips and made no step; leaves others alone. The
 * set's pictures must have the encoder's shape. */
xd_status xdi_principal_start(xd_vae_trainer *trainer, const xd_dataset *set);

#endif
