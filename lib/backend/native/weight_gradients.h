/* The gradient of a convolution's weights: each cell of the narrow side paired with the wide cells that
 * its taps meet, summed over all cells and pictures. */
#ifndef XDI_NATIVE_WEIGHT_GRADIENTS_H
#define XDI_NATIVE_WEIGHT_GRADIENTS_H

#include "backend/geometry.h"
#include "backend/native/tiles.h"

typedef struct xdi_weight_gradients {
  xdi_geometry geometry;
  const float *wide, *narrow;
  float *
      dweights; /* out: [tap][wide channel][narrow channel], or turned: [tap][narrow channel][wide channel] */
  bool turned;
  bool reversed;       /* the last tap first */
  bool bias_from_wide; /* which of the sides is dy */
  float *dbias;        /* out: the sums of dy over its cells; or NULL */
} xdi_weight_gradients;

xd_status xdi_weight_gradients_run(xd_backend *backend, const xdi_weight_gradients *args);

#endif
