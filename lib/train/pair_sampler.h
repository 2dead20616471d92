/* Draws the mapping trainer's batches from two sets' codes. */
#ifndef XDI_TRAIN_PAIR_SAMPLER_H
#define XDI_TRAIN_PAIR_SAMPLER_H

#include "train/codes.h"
#include "train/pools.h"
#include "train/style_reader.h"
#include "xdomain/unstable/mapping_trainer.h"

typedef struct xdi_pair_sampler {
  xd_context *context;
  const xdi_codes *source_codes, *target_codes; /* borrowed, like the pools */
  const xdi_pools *source_pools, *target_pools;
  float mixing;
  bool twins;
  const xdi_style_reader *reader; /* NULL: no style is asked for */
  uint64_t seed;
  uint32_t batch, step;                           /* of the batch that is drawn, */
  uint32_t first, rows;                           /* and which rows of it: this rank's */
  float *twin;                                    /* [rows][dim] like source; or NULL */
  float *style;                                   /* [rows][reader->dim]; or NULL */
  float *source, *anchor, *positive, *mismatched; /* [rows][dim]; mismatched NULL: one group only */
  uint32_t anchor_codes;                          /* averaged in an anchor */
  float anchor_scale;
  float *wrong_anchor; /* [rows][dim]; NULL: mismatched serves */
  xd_buffer *drawn;    /* the step's normal numbers, by the backend's kernel, */
  float *normals;      /* and read from it: of each row, then of the averages' further codes, */
  size_t row_normals, further_normals; /* so many of all rows, and of all further codes */
} xdi_pair_sampler;

typedef struct xdi_pair_sampler_options {
  const xdi_codes *source_codes, *target_codes;
  const xdi_pools *source_pools, *target_pools;
  uint32_t batch;
  float mixing;
  uint64_t seed;
  uint32_t anchor_codes;          /* 0 as 1: an anchor is one code */
  bool twins;                     /* further codes of the source's class */
  const xdi_style_reader *reader; /* borrowed; NULL: no style is asked for */
} xdi_pair_sampler_options;

/* On failure the sampler is to be closed. */
xd_status xdi_pair_sampler_open(xdi_pair_sampler *sampler, xd_context *context,
                                const xdi_pair_sampler_options *options);
void xdi_pair_sampler_close(xdi_pair_sampler *sampler); /* a zeroed one is legal */

/* This rank's rows of the batch of that step, which is a matter of the seed and the step alone. It points into the sampler. */
xd_status xdi_pair_sampler_draw(xdi_pair_sampler *sampler, xd_mapping_batch *out, uint32_t step);

#endif
