/* Rows of numbers that belong to classes, and how they vary within them. */
#ifndef XDI_EVALUATE_WITHIN_CLASS_H
#define XDI_EVALUATE_WITHIN_CLASS_H

#include "base/context.h"

/* Takes its class's mean from each of rows[count][dim]; class[i] < classes. */
xd_status xdi_centre_rows(xd_context *context, float *rows, uint32_t count, uint32_t dim,
                          const uint32_t *class, uint32_t classes);

/* The first principal components of centred rows. */
typedef struct xdi_components {
  xd_allocator allocator;
  uint32_t dim, count;
  double *variances; /* [count], falling */
  double *vectors;   /* [count][dim], orthonormal */
} xdi_components;

/* As many as hold `share` of the variance of rows[count][dim], 0 < share <= 1; none where nothing varies. On
 * failure they may, and need not, be closed. */
xd_status xdi_components_open(xdi_components *components, xd_context *context, const float *rows,
                              uint32_t count, uint32_t dim, double share);
void xdi_components_close(xdi_components *components); /* zeroed ones are legal */

/* to[components->count] = vectors row. */
void xdi_components_project(float *to, const xdi_components *components, const float *row);

#endif
