/* A set's codes, encoded once: the mapping is trained on these alone. */
#ifndef XDI_TRAIN_CODES_H
#define XDI_TRAIN_CODES_H

#include "layer/network.h"
#include "train/augment.h"
#include "xdomain/dataset.h"

typedef struct xdi_codes {
  xd_allocator allocator;
  uint32_t count, latent_dim;
  uint32_t samples; /* kept of each picture; 0: the posterior itself is kept, samples are drawn anew */
  float *values;    /* [count][samples][latent_dim], or [count][mean, deviation][latent_dim] */
} xdi_codes;

typedef struct xdi_codes_options {
  uint32_t samples;
  xdi_augmentation augmentation; /* of the pictures, for each kept sample anew */
  uint64_t seed;
  bool inverted; /* of the pictures with light and dark exchanged */
} xdi_codes_options;

/* On failure the codes are to be closed. */
xd_status xdi_codes_open(xdi_codes *codes, xd_context *context, const xd_network *encoder,
                         const xd_dataset *set, const xdi_codes_options *options);
void xdi_codes_close(xdi_codes *codes); /* a zeroed one is legal */

/* What a picture's samples are drawn around: its posterior's mean, or the mean of the kept samples. */
void xdi_codes_add_mean(double *to, const xdi_codes *codes, uint32_t picture, double weight);

/* One sample of a picture's posterior: from latent_dim standard normals, or the kept sample that `choice`
 * in [0, 1) points at. */
void xdi_codes_draw(float *to, const xdi_codes *codes, uint32_t picture, const float *normals, float choice);

#endif
