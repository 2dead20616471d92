/* The gradients of one network, and numbers beside them, as means over the ranks that share a training
 * (xdomain/unstable/reduce.h). Without other ranks nothing here does anything. */
#ifndef XDI_TRAIN_GRADIENT_SUM_H
#define XDI_TRAIN_GRADIENT_SUM_H

#include "base/context.h"
#include "tensor/device.h"

/* The most numbers beside a block of gradients. */
#define XDI_SUMMED_NUMBERS 8u

typedef struct xdi_gradient_sum {
  xd_context *context;
  xd_reduce reduce; /* the context's when it was opened */
  float *staged;    /* the gradients, then the numbers; NULL: there are no other ranks */
  size_t count;     /* of the gradients */
  bool begun;
} xdi_gradient_sum;

/* For blocks of `count` gradients. */
xd_status xdi_gradient_sum_open(xdi_gradient_sum *sum, xd_context *context, size_t count);
void xdi_gradient_sum_close(xdi_gradient_sum *sum); /* a zeroed one is legal; ends what was begun */

/* Between the two, further work may be done. `end` puts the means where the same arguments say. */
xd_status xdi_gradient_sum_begin(xdi_gradient_sum *sum, xd_slice gradients, double *const *numbers,
                                 uint32_t number_count);
xd_status xdi_gradient_sum_end(xdi_gradient_sum *sum, xd_slice gradients, double *const *numbers,
                               uint32_t number_count);

/* Both, where there is no further work. */
xd_status xdi_gradient_sum_run(xdi_gradient_sum *sum, xd_slice gradients, double *const *numbers,
                               uint32_t number_count);

#endif
