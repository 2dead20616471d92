/* Matrix products of any layout. */
#ifndef XDI_NATIVE_GEMM_H
#define XDI_NATIVE_GEMM_H

#include "backend/native/tiles.h"

/* c[rows][columns] = finish(a[rows][depth] b[depth][columns] scale), or by scales of rows and columns. Strides in
 * floats. */
typedef struct xdi_product {
  size_t rows, columns, depth;
  const float *a;
  ptrdiff_t a_row, a_step; /* a[m][k] = a[m * a_row + k * a_step] */
  const float *b;
  ptrdiff_t b_step, b_column; /* b[k][n] = b[k * b_step + n * b_column]; one of the two is 1 */
  const float *panels;        /* b in panels already, or NULL */
  const void *narrow;         /* the same as numbers of fewer bytes, or NULL */
  const xdi_narrow *kind;     /* which they are */
  float *c;
  ptrdiff_t c_row;
  float scale;                      /* 0: none */
  const float *scales, *row_scales; /* [columns] and [rows], or NULL: of each one */
  const float *bias;                /* [columns], or NULL */
  xd_activation activation;
  const float *x; /* or NULL: like c; the result is multiplied by f'(x), f = x_activation */
  xd_activation x_activation;
  float *sums; /* or NULL: [columns] the sums of b's columns, whose cells lie side by side in a row */
} xdi_product;

xd_status xdi_product_run(xd_backend *backend, const xdi_product *product);

/* Two products that do not read each other's results, in one loop; second may be NULL. */
xd_status xdi_products_run(xd_backend *backend, const xdi_product *first, const xdi_product *second);

#endif
