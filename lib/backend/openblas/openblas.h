/* The openblas backend: products by OpenBLAS's sgemm, the passes around them by simple loops in
 * float, the rest by the reference kernels. */
#ifndef XDI_BACKEND_OPENBLAS_H
#define XDI_BACKEND_OPENBLAS_H

#include "xdomain/sys/backend.h"

extern const xd_backend_table xdi_openblas_table;

#endif
