/* Whether what was trained tells its inputs apart, measured on what it was trained on. A training that
 * diverged can end in networks that give one picture for all, with losses that are numbers. */
#ifndef XDI_TRAIN_VARIETY_H
#define XDI_TRAIN_VARIETY_H

#include "train/mapping_material.h"

/* XD_ERROR_COLLAPSED: the reconstructions of training pictures of domain 0 or 1 are all the same, unless the
 * pictures are, or the option allow_collapse is 1. */
xd_status xdi_check_vae_variety(const xdi_training *training, uint32_t domain, const xd_encoder *encoder,
                                const xd_decoder *decoder);

/* The same of what direction 0 or 1 gives for training pictures and different noise; or, where the pairing has
 * more than one group of classes, of what it gives for different pictures. */
xd_status xdi_check_mapping_variety(const xdi_training *training, const xdi_mapping_material *material,
                                    uint32_t direction, const xd_latent_generator *generator);

#endif
