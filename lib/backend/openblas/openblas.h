/* The openblas backend: products by OpenBLAS's sgemm, the passes around them by simple loops in
 * float, the rest by the reference kernels. */
#ifndef XDI_BACKEND_OPENBLAS_H
#define XDI_BACKEND_OPENBLAS_H

#include <stdbool.h>

#include "xdomain/sys/backend.h"

extern const xd_backend_table xdi_openblas_table;

/* The processor type whose kernels OpenBLAS chose, such as "Haswell"; never NULL. */
const char *xdi_openblas_core(void);

/* Whether those kernels are the ones for any processor of the family, as when OpenBLAS does not know
 * this one. */
bool xdi_openblas_is_poor(void);

#endif
