/* Matrix products of any layout, and the panels they read their right factor from. */
#ifndef XDI_NATIVE_GEMM_H
#define XDI_NATIVE_GEMM_H

#include "backend/native/native_state.h"

/* c[rows][columns] = finish(a[rows][depth] b[depth][columns] scale). Strides in floats. */
typedef struct xdi_product {
  size_t rows, columns, depth;
  const float *a;
  ptrdiff_t a_row, a_step; /* a[m][k] = a[m * a_row + k * a_step] */
  const float *b;
  ptrdiff_t b_step, b_column; /* b[k][n] = b[k * b_step + n * b_column]; one of the two is 1 */
  const float *panels;        /* b in panels already, or NULL */
  const uint16_t *halves;     /* the same as binary16, or NULL */
  float *c;
  ptrdiff_t c_row;
  float scale;       /* 0: none */
  const float *bias; /* [columns], or NULL */
  xd_activation activation;
  const float *x; /* or NULL: like c; the result is multiplied by f'(x), f = x_activation */
  xd_activation x_activation;
  float *sums; /* or NULL: [columns] the sums of b's columns, whose cells lie side by side in a row */
} xdi_product;

xd_status xdi_product_run(xd_backend *backend, const xdi_product *product);

/* Two products that do not read each other's results, in one loop; second may be NULL. */
xd_status xdi_products_run(xd_backend *backend, const xdi_product *first, const xdi_product *second);

/* A panel is the part of b that tiles of one column read: [depth][width], width being two vectors, the
 * columns beyond the last zero. A matrix in panels is [ceil(columns / width)][depth][width]. */
static inline size_t xdi_panel_width(const xdi_kernels *kernels) {
  return XDI_TILE_VECTORS * kernels->lanes;
}

static inline size_t xdi_panel_count(const xdi_kernels *kernels, size_t columns) {
  return xdi_native_ceil(columns, xdi_panel_width(kernels));
}

/* Writes a part of b, `depth` rows of all `columns` columns, into panels that are `panel_depth` rows
 * deep; `to` is the place of the part's first row in the first panel. */
void xdi_pack_panels(const xdi_kernels *kernels, float *to, size_t panel_depth, const float *b,
                     ptrdiff_t b_step, ptrdiff_t b_column, size_t depth, size_t columns);

/* Whether an activation is more than a slope below zero, so that the kernels cannot finish it in registers. */
bool xdi_is_curved(xd_activation activation);

/* The finish of a product: sets the tile's own fields for what the kernels can do in registers. */
void xdi_set_finish(xdi_tile *tile, const float *bias, xd_activation activation, const float *x,
                    xd_activation x_activation);

/* Runs one tile of rows x tile->columns, and what its finish needs beyond the kernels. */
void xdi_run_tile(const xdi_kernels *kernels, const xdi_tile *tile, size_t rows, xd_activation activation,
                  const float *x, xd_activation x_activation);

#endif
