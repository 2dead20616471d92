/* How sharp pictures are: the energies of their edges. */
#ifndef XDI_EVALUATE_SHARPNESS_H
#define XDI_EVALUATE_SHARPNESS_H

#include <stdbool.h>

#include "xdomain/network.h"

/* Sums over pictures: squared differences of neighbours across and down, and squares of the Laplacian,
 * 4 x - (its four neighbours), of all cells that have four. */
typedef struct xdi_edges {
  double gradient, laplacian;
  uint32_t count;
} xdi_edges;

/* Adds `count` pictures [height][width][channels]. */
void xdi_edges_add(xdi_edges *edges, const float *pictures, xd_shape shape, uint32_t count);

/* Mean energy a picture over that of the real ones; 1 where these have no edges at all. */
double xdi_sharpness(const xdi_edges *edges, const xdi_edges *real);
double xdi_detail(const xdi_edges *edges, const xdi_edges *real);

#endif
