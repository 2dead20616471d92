/* Tiles and the panels they read: what products and convolutions of any kind are made of. */
#ifndef XDI_NATIVE_TILES_H
#define XDI_NATIVE_TILES_H

#include "backend/native/native_state.h"

/* What a finished sum costs besides its products, in multiply-adds: where it stays in its register until it is
 * stored, and where it is written and read again. */
#define XDI_SUM_COST 16.0
#define XDI_MOVED_SUM_COST 32.0

/* Minimal filtering takes rows of at most so many places: a band has at least one row of tiles. */
#define XDI_MINIMAL_COLUMNS 256

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

/* The slope below zero of one that is not: 1 of the identity. */
float xdi_slope_of(xd_activation activation);

/* The finish of a product: sets the tile's own fields for what the kernels can do in registers. */
void xdi_set_finish(xdi_tile *tile, const float *bias, xd_activation activation, const float *x,
                    xd_activation x_activation);

/* What the kernels cannot do in registers, to a tile's finished rows. */
void xdi_finish_curved(const xdi_kernels *kernels, const xdi_tile *tile, size_t rows,
                       xd_activation activation, const float *x, xd_activation x_activation);

/* Runs one tile of rows x tile->columns, and what its finish needs beyond the kernels. */
void xdi_run_tile(const xdi_kernels *kernels, const xdi_tile *tile, size_t rows, xd_activation activation,
                  const float *x, xd_activation x_activation);

#endif
