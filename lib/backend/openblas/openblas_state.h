/* What the files of the openblas backend share: its state, scratch memory, and the passes around the
 * products. */
#ifndef XDI_BACKEND_OPENBLAS_STATE_H
#define XDI_BACKEND_OPENBLAS_STATE_H

#include <stdbool.h>

#include "backend/openblas/openblas_library.h"
#include "xdomain/sys/backend.h"

typedef enum xdi_scratch {
  XDI_SCRATCH_PATCHES, /* one chunk of picture patches */
  XDI_SCRATCH_TURNED,  /* conv_transpose2d's weights as one matrix */
  XDI_SCRATCH_COUNT
} xdi_scratch;

struct xd_backend {
  const xd_allocator *allocator;
  const xd_runner *runner;
  xdi_openblas library;
  float *scratch[XDI_SCRATCH_COUNT];
  size_t scratch_size[XDI_SCRATCH_COUNT];
  char detail[256];
};

/* conv_transpose2d's weights as one matrix [in_channels][kernel_height * kernel_width * out_channels]. */
struct xd_prepared {
  float *turned;
};

/* A row-major matrix where it stands; `turned` reads it as its transpose. */
typedef struct xdi_matrix {
  const float *cells;
  size_t stride;
  bool turned;
} xdi_matrix;

/* What follows a product: bias (or NULL) and activation; or, with x, the slope at x. */
typedef struct xdi_finish {
  const float *bias;
  const float *x;
  xd_activation activation;
} xdi_finish;

/* At least `count` floats, undefined; they stay as long as no larger ones are asked for. NULL when
 * memory is refused. */
float *xdi_openblas_scratch(xd_backend *backend, xdi_scratch which, size_t count);

/* to[rows][columns] = alpha a[rows][depth] b[depth][columns] + beta to; rows of `to` are `columns` long.
 * XD_ERROR_TOO_LARGE beyond OpenBLAS's 32-bit sizes. */
xd_status xdi_openblas_product(xd_backend *backend, float *to, xdi_matrix a, xdi_matrix b, size_t rows,
                               size_t depth, size_t columns, float alpha, float beta);

/* In place, on rows of `columns` cells. */
xd_status xdi_openblas_finish(xd_backend *backend, float *cells, size_t rows, size_t columns,
                              const xdi_finish *how);

/* The kernels that the backend has of its own; the others of the list are the reference's. */
#define XDI_OPENBLAS_KERNEL(name, parameters) xd_status xdi_openblas_##name parameters;
XD_BACKEND_KERNELS(XDI_OPENBLAS_KERNEL)

xd_status xdi_openblas_conv_transpose2d_prepare(xd_backend *backend, xd_prepared **out,
                                                const xd_convolution *args);
void xdi_openblas_prepared_destroy(xd_backend *backend, xd_prepared *prepared);

#endif
