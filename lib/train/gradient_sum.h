/* The gradients of one network, and numbers beside them, as means over the parts of a batch: those that this rank
 * computes one after another (option parts), and those of the other ranks (xdomain/unstable/reduce.h). Of a batch
 * that is one part nothing here does anything.
 *
 * Neighbours are added in pairs, then pairs of pairs, so that a power of two of parts has one sum, however the ranks
 * share them. */
#ifndef XDI_TRAIN_GRADIENT_SUM_H
#define XDI_TRAIN_GRADIENT_SUM_H

#include "base/context.h"
#include "tensor/device.h"

/* The most numbers beside a block of gradients. */
#define XDI_SUMMED_NUMBERS 8u

typedef struct xdi_gradient_sum {
  xd_context *context;
  xd_reduce reduce; /* the context's when it was opened */
  uint32_t parts;   /* that this rank computes */
  float *staged;    /* sums of parts, each of gradients and then numbers; NULL: there is one part */
  size_t count;     /* of the gradients */
  bool begun;
} xdi_gradient_sum;

/* For blocks of `count` gradients, of `parts` parts of this rank. */
xd_status xdi_gradient_sum_open(xdi_gradient_sum *sum, xd_context *context, size_t count, uint32_t parts);
void xdi_gradient_sum_close(xdi_gradient_sum *sum); /* a zeroed one is legal; ends what was begun */

/* Adds parts 0, 1, .. of this rank; with the last one the sum over the ranks begins, and until `end` further work may
 * be done. `end` puts the means where its arguments say. */
xd_status xdi_gradient_sum_add(xdi_gradient_sum *sum, uint32_t part, xd_slice gradients,
                               double *const *numbers, uint32_t number_count);
xd_status xdi_gradient_sum_end(xdi_gradient_sum *sum, xd_slice gradients, double *const *numbers,
                               uint32_t number_count);

/* All parts of a batch, and the number of a rank's part among them. */
static inline uint32_t xdi_gradient_sum_all(const xdi_gradient_sum *sum) {
  return sum->reduce.ranks * sum->parts;
}
static inline uint32_t xdi_gradient_sum_place(const xdi_gradient_sum *sum, uint32_t part) {
  return sum->reduce.rank * sum->parts + part;
}

#endif
