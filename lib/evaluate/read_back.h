/* How much of some numbers a linear map reads from others. */
#ifndef XDI_EVALUATE_READ_BACK_H
#define XDI_EVALUATE_READ_BACK_H

#include "base/context.h"

/* R^2 of to[count][to_dim], read from[count][from_dim] by ridge regression without an intercept. Rows of half 0
 * are read by the map that fits those of half 1, and the other way round; at least 0, and 0 where nothing varies.
 * The penalty is the mean squared length of a row. */
xd_status xdi_read_back(xd_context *context, double *share, const float *to, uint32_t to_dim,
                        const float *from, uint32_t from_dim, const uint32_t *half, uint32_t count);

#endif
