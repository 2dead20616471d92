/* OpenBLAS itself, loaded when it is asked for: linked, it would cost every process that starts the
 * library several milliseconds and a pool of threads, also where nothing is computed with it. */
#ifndef XDI_BACKEND_OPENBLAS_LIBRARY_H
#define XDI_BACKEND_OPENBLAS_LIBRARY_H

#include <cblas.h>
#include <stdbool.h>

#include "xdomain/status.h"

/* The functions that are called, of the types that cblas.h gives them. */
typedef struct xdi_openblas {
  void *handle;
  __typeof__(cblas_sgemm) *sgemm;
  __typeof__(cblas_sgemv) *sgemv;
  __typeof__(openblas_get_config) *get_config;
  __typeof__(openblas_get_corename) *get_corename;
  __typeof__(openblas_get_num_threads) *get_num_threads;
} xdi_openblas;

/* XD_ERROR_NOT_FOUND: no such library on this machine; XD_ERROR_UNSUPPORTED: one that lacks a function.
 * *why (static) then says so. */
xd_status xdi_openblas_load(xdi_openblas *out, const char **why);

/* Gives the handle back; the library itself stays, for its threads do not outlive being unloaded. */
void xdi_openblas_unload(xdi_openblas *library); /* a zeroed one is legal */

/* The processor type whose kernels OpenBLAS chose, such as "Haswell"; never NULL. */
const char *xdi_openblas_core(const xdi_openblas *library);

/* Whether those kernels are the ones for any processor of the family, as when OpenBLAS does not know
 * this one. */
bool xdi_openblas_is_poor(const xdi_openblas *library);

#endif
