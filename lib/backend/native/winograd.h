/* Gathering convolutions with two taps an axis (or two for each residue of the stride), by Winograd's minimal
 * filtering F(2 x 2, 2 x 2): Winograd, Arithmetic Complexity of Computations, 1980; Lavin and Gray,
 * arXiv 1509.09308. */
#ifndef XDI_NATIVE_WINOGRAD_H
#define XDI_NATIVE_WINOGRAD_H

#include "backend/native/gather.h"

/* Places in a row at most: a band has at least one row of tiles. */
#define XDI_WINOGRAD_COLUMNS 256

/* Whether the convolution has that form, whole vectors of channels, and tiles enough to gain by it. */
bool xdi_winograd_fits(const xdi_kernels *kernels, const xdi_gather *gather);

xd_status xdi_winograd_run(xd_backend *backend, const xdi_gather *gather);

#endif
