/* Draws the mapping trainer's batches from conditions and the codes of the pictures that they belong to. */
#ifndef XDI_TRAIN_CONDITION_SAMPLER_H
#define XDI_TRAIN_CONDITION_SAMPLER_H

#include "train/codes.h"
#include "xdomain/unstable/mapping_trainer.h"

typedef struct xdi_condition_sampler {
  xd_context *context;
  const xdi_codes *codes; /* of the pictures; borrowed */
  const float *vectors;   /* [][dim]; borrowed, */
  float *one_hot;         /* or these, of the labels */
  uint32_t dim, batch, group_count;
  uint32_t *pictures;    /* sorted, so that those of one condition stand together */
  uint32_t *group_first; /* each group's first place in pictures; the end stands last */
  uint32_t *group_row;   /* the row of `vectors` that is each group's condition */
  float *projection;     /* [dim][latent_dim] */
  uint64_t seed;
  float *rows; /* the batch, [batch][dim or latent_dim] each, one after another */
} xdi_condition_sampler;

typedef struct xdi_condition_sampler_options {
  const xd_dataset *set;
  const xdi_codes *codes;
  const float *vectors; /* [pictures][dim]; NULL: the labels */
  uint32_t dim, batch;
  uint64_t seed;
} xdi_condition_sampler_options;

/* On failure the sampler is to be closed, too. */
xd_status xdi_condition_sampler_open(xdi_condition_sampler *sampler, xd_context *context,
                                     const xdi_condition_sampler_options *options);
void xdi_condition_sampler_close(xdi_condition_sampler *sampler); /* a zeroed one is legal */

/* This rank's rows of the batch of that step, which is a matter of the seed and the step alone. It points into the sampler. With one
 * condition only it has no mismatches. */
void xdi_condition_sampler_draw(xdi_condition_sampler *sampler, xd_mapping_batch *out, uint32_t step);

#endif
