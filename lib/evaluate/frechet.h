/* The Frechet distance between two clouds of features, each taken as a normal distribution. */
#ifndef XDI_EVALUATE_FRECHET_H
#define XDI_EVALUATE_FRECHET_H

#include "base/context.h"

/* Mean and covariance (of n - 1 degrees of freedom; zero for a single sample). */
typedef struct xdi_moments {
  xd_allocator allocator;
  uint32_t dim;
  double *mean;       /* [dim] */
  double *covariance; /* [dim][dim] */
} xdi_moments;

/* Of features[count][dim]; count > 0, dim at most 1024. On failure the moments are to be closed. */
xd_status xdi_moments_open(xdi_moments *moments, xd_context *context, const float *features, size_t count,
                           uint32_t dim);
void xdi_moments_close(xdi_moments *moments); /* a zeroed one is legal */

/* |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)); both have one dim. */
xd_status xdi_frechet_distance(xd_context *context, double *out, const xdi_moments *first,
                               const xdi_moments *second);

#endif
