/* The gradient of a convolution's weights: each cell of the narrow side paired with the wide cells that
 * its taps meet, summed over all cells and pictures. */
#ifndef XDI_NATIVE_PAIR_H
#define XDI_NATIVE_PAIR_H

#include "backend/geometry.h"
#include "backend/native/gemm.h"

/* dweights[tap][wide channel][narrow channel], or turned: [tap][narrow channel][wide channel]; and the
 * sums of dy, which is one of the sides, over its cells in dbias unless that is NULL. */
xd_status xdi_pair_run(xd_backend *backend, const xdi_geometry *geometry, const float *wide,
                       const float *narrow, bool turned, float *dweights, bool bias_from_wide, float *dbias);

#endif
