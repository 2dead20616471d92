/* OpenBLAS's products and the backend's scratch memory. No product is cut over the runner, so that the context's
 * threads cannot change a result. */
#include "backend/openblas/openblas_state.h"

#include <stdint.h>

#include "base/memory.h"

float *xdi_openblas_scratch(xd_backend *backend, xdi_scratch which, size_t count) {
  if (count <= backend->scratch_size[which])
    return backend->scratch[which];
  xdi_release(backend->allocator, backend->scratch[which]);
  backend->scratch[which] = xdi_allocate(backend->allocator, count, sizeof(float));
  backend->scratch_size[which] = backend->scratch[which] ? count : 0;
  return backend->scratch[which];
}

static bool fits(size_t size) {
  return size <= INT32_MAX;
}

xd_status xdi_openblas_product(xd_backend *backend, float *to, xdi_matrix a, xdi_matrix b, size_t rows,
                               size_t depth, size_t columns, float alpha, float beta) {
  if (!fits(rows) || !fits(depth) || !fits(columns) || !fits(a.stride) || !fits(b.stride))
    return XD_ERROR_TOO_LARGE;
  if (rows == 1 && !a.turned) /* sgemm would copy all of b first */
    backend->library.sgemv(CblasRowMajor, b.turned ? CblasNoTrans : CblasTrans,
                           (blasint)(b.turned ? columns : depth), (blasint)(b.turned ? depth : columns),
                           alpha, b.cells, (blasint)b.stride, a.cells, 1, beta, to, 1);
  else
    backend->library.sgemm(CblasRowMajor, a.turned ? CblasTrans : CblasNoTrans,
                           b.turned ? CblasTrans : CblasNoTrans, (blasint)rows, (blasint)columns,
                           (blasint)depth, alpha, a.cells, (blasint)a.stride, b.cells, (blasint)b.stride,
                           beta, to, (blasint)columns);
  return XD_OK;
}
