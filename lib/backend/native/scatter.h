/* Adjoint convolutions to few channels, as a decoder's last layer is: gathering would leave most lanes
 * of a tile idle. Instead one product forms what each source cell gives to each of its taps, and the
 * target rows collect it. */
#ifndef XDI_NATIVE_SCATTER_H
#define XDI_NATIVE_SCATTER_H

#include "backend/native/gather.h"

/* Whether this way is the better one. */
bool xdi_scatter_fits(const xdi_kernels *kernels, const xdi_gather *gather);

xd_status xdi_scatter_run(xd_backend *backend, const xdi_gather *gather);

/* The packed weights: panels of the matrix [source channel][tap, target channel]. */
size_t xdi_scatter_panel_floats(const xdi_kernels *kernels, const xdi_gather *gather);
void xdi_scatter_pack(const xdi_kernels *kernels, const xdi_gather *gather, float *to);

#endif
