/* Batches of training pictures, changed at random: the same seed, stream and row give the same picture, at
 * any number of threads. */
#ifndef XDI_TRAIN_AUGMENT_H
#define XDI_TRAIN_AUGMENT_H

#include "base/context.h"
#include "xdomain/dataset.h"

/* Which pictures, and the random numbers of this batch. */
typedef struct xdi_picture_batch {
  const xd_dataset *set;
  const uint32_t *indices;
  uint32_t count;
  uint64_t seed, stream;
  uint32_t first; /* row 0 has the numbers of this one: of a larger batch's rows these are some */
} xdi_picture_batch;

/* Strengths, each from 0 for none (see the options of group "vae"). */
typedef struct xdi_augmentation {
  float affine;    /* turned, scaled, sheared and shifted */
  float elastic;   /* smooth bends besides */
  float colour;    /* gamma, contrast, brightness and each channel's gain */
  float blur;      /* a Gaussian up to this deviation, in pixels of a picture with sides of 28 */
  float unchanged; /* share of the pictures that the first two leave alone */
} xdi_augmentation;

static inline bool xdi_augmentation_degrades(const xdi_augmentation *strengths) {
  return strengths->colour > 0.0f || strengths->blur > 0.0f;
}

/* to[count][height][width][channels] in 0..1: map and bends, then colour and blur. clean, where not NULL: the
 * same pictures before colour and blur. */
xd_status xdi_augment(xd_context *context, float *to, float *clean, const xdi_picture_batch *batch,
                      const xdi_augmentation *strengths);

typedef struct xdi_distortion {
  float affine;   /* strength of an affine map, before all else */
  uint32_t shift; /* pixels each way */
  bool flip;      /* left and right, every other picture */
  float blur;     /* every other picture: a Gaussian up to this deviation, noise up to a tenth of it */
} xdi_distortion;

/* The same with what a judge must not heed. */
xd_status xdi_augment_distort(xd_context *context, float *to, const xdi_picture_batch *batch,
                              const xdi_distortion *distortion);

#endif
