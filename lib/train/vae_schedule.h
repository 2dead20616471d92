/* The schedule of one domain's VAE. */
#ifndef XDI_TRAIN_VAE_SCHEDULE_H
#define XDI_TRAIN_VAE_SCHEDULE_H

#include "train/training.h"

/* Trains the VAE of domain 0 or 1, which training->done gets; its losses go into the report
 * behind `prefix`. */
xd_status xdi_train_vae(xdi_training *training, uint32_t domain, const char *prefix);

#endif
