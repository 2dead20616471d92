/* The order in which a set's pictures are trained on: epochs of batches, each epoch shuffled anew. */
#ifndef XDI_TRAIN_EPOCHS_H
#define XDI_TRAIN_EPOCHS_H

#include "base/context.h"

typedef struct xdi_epochs {
  xd_allocator allocator;
  uint32_t *order;
  uint32_t count;     /* pictures */
  uint32_t batch;     /* pictures of a step: the size asked for, or all when there are fewer */
  uint32_t per_epoch; /* steps; what does not fill a batch is left out of that epoch */
  uint32_t epoch;     /* that `order` holds; from 1, 0: none yet */
  uint64_t seed;
} xdi_epochs;

xd_status xdi_epochs_open(xdi_epochs *epochs, xd_context *context, uint32_t count, uint32_t batch,
                          uint64_t seed);
void xdi_epochs_close(xdi_epochs *epochs); /* a zeroed one is legal */

/* The `batch` pictures of a step, counted from 0. Steps are to be asked for in their order. */
const uint32_t *xdi_epochs_step(xdi_epochs *epochs, uint32_t step);

/* A learning rate that falls from `rate` at step 0 to rate * final along half a cosine. */
float xdi_cosine_rate(float rate, float final, uint32_t step, uint32_t steps);

/* One that is constant for the first half, then falls linearly to rate * final, where it stays. */
float xdi_linear_rate(float rate, float final, uint32_t step, uint32_t steps);

#endif
