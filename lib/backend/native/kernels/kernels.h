/* What the variants of the kernels (AVX-512, AVX2, NEON, portable) offer to the drivers. */
#ifndef XDI_NATIVE_KERNELS_H
#define XDI_NATIVE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdomain/sys/backend.h"

#define XDI_TILE_ROWS 14   /* no variant has taller tiles */
#define XDI_TILE_VECTORS 2 /* a tile is one or two vectors wide */

/* One tile of a product: c[rows][columns] = sum over k of a[row][k] b[k][column].
 * k runs through a nest of three loops (planes, runs, steps), each with strides of its own for a and
 * b: so a matrix, its transpose and the patches of a padded picture are read where they stand.
 * Strides are in floats. b is read in whole vectors. */
typedef struct xdi_tile {
  const float *a, *b;
  const float *next; /* or NULL: where the next tile's a begins, to be fetched meanwhile; one run, a_step 1 */
  const void *narrow; /* instead of b, numbers of fewer bytes; rows of xdi_narrow only */
  ptrdiff_t a_row, a_step, a_run, a_plane;
  ptrdiff_t b_step, b_run, b_plane;
  uint32_t steps, runs, planes;
  uint32_t columns; /* 1 .. vectors * lanes */
  float *c;
  ptrdiff_t c_row;
  const ptrdiff_t *a_rows,
      *c_rows;         /* of tiles of scattered rows: where each begins, instead of a_row and c_row */
  bool accumulate;     /* adds to what c holds */
  float scale;         /* 0: none; else then v * scale */
  const float *scales; /* [columns], or NULL; then v * scales[column] */
  const float *bias;   /* [columns], or NULL */
  float slope;         /* then f(v) = v above zero, else slope * v */
  const float *x;      /* or NULL: like c; then v * (x > 0 ? 1 : x_slope) */
  float x_slope;
} xdi_tile;

/* Constants of the reconstruction loss: da = w error (pixel_slope x_hat (1 - x_hat) + bernoulli_slope). */
typedef struct xdi_reconstruction {
  float bernoulli; /* 0: its loss is not wanted */
  float pixel_slope, bernoulli_slope;
} xdi_reconstruction;

/* Constants of an Adam step:
 * parameter = kept parameter - rate moment1 / (inverse_root sqrt(moment2) + epsilon). */
typedef struct xdi_adam_step {
  float beta1, rest1, beta2, rest2; /* rest = 1 - beta */
  float inverse_root, epsilon, rate, kept;
} xdi_adam_step;

/* One term of a row that is collected: from[j] for begin <= j < end. */
typedef struct xdi_term {
  const float *from;
  uint32_t begin, end;
} xdi_term;

/* The points of a tile (winograd_kernels.h), and the cells or taps that their sums become. */
typedef struct xdi_points {
  const float *from;
  ptrdiff_t from_point;
  float *to;
  ptrdiff_t to_row, to_column;
  size_t count;      /* floats of a cell, a multiple of the lanes */
  const float *bias; /* [count], or NULL; what follows is as in a tile */
  float slope;
  const float *x;
  float x_slope;
} xdi_points;

/* From cells, or taps, to points: point p at to + p * to_point. */
typedef void (*xdi_spread_kernel)(float *to, ptrdiff_t to_point, const float *from, ptrdiff_t from_row,
                                  ptrdiff_t from_column, size_t count);

/* Minimal filtering of 2 x 2 cells by so many taps an axis. */
typedef struct xdi_filter {
  uint32_t taps, points;
  uint32_t least_tiles,
      least_channels; /* of both sides: with fewer, transforms cost more than products save */
  xdi_spread_kernel spread_data, spread_taps;
  xdi_spread_kernel spread_cells; /* 2 x 2 cells in the taps' role, for the taps' gradients */
  void (*join_cells)(const xdi_points *points);
  void (*join_taps)(const xdi_points *points);
} xdi_filter;

#define XDI_FILTERS 2 /* of 2 and of 3 taps */
#define XDI_MOST_POINTS 16

/* A channel's share in a normalisation's gradient, [channels] each. */
typedef struct xdi_channel_map {
  const float *dy, *x, *about, *shift;
  float slope; /* of what was applied to x, below zero */
} xdi_channel_map;

typedef void (*xdi_tile_kernel)(const xdi_tile *tile);

/* One row of up to XDI_ROW_PANELS panels: a tile whose b, or narrow, is the first of its panels, the others
 * panel_stride numbers apart. Sums in the same order as tiles, so that a picture's result does not depend on
 * its batch. */
#define XDI_ROW_PANELS 4
typedef void (*xdi_row_kernel)(const xdi_tile *tile, ptrdiff_t panel_stride);

/* What panels hold besides floats: binary16, or the bytes of two steps side by side, which `row` multiplies with
 * rows of whole numbers (fix_row) that lie in pairs where a's floats would, each pair a step. */
typedef struct xdi_narrow {
  size_t size;                                               /* bytes of a step in a column */
  xdi_row_kernel row;                                        /* NULL where the processor does not know them */
  void (*expand)(float *to, const void *from, size_t count); /* or NULL: all rows are read one by one */
} xdi_narrow;

/* Rows of whole numbers reach so far; so many pairs of them times bytes add up to less than 2^31. */
#define XDI_FIXED_MOST 32767
#define XDI_FIXED_PAIRS 256

/* The kernels that every variant has, each written once: kernel(result, name, parameters). The list makes the
 * table's fields below and their values in variant.h. */
/* clang-format off */
#define XDI_KERNELS(kernel) \
  /* to[n][m] = from[m][n] for m < rows, n < columns. */ \
  kernel(void, transpose, (float *to, ptrdiff_t to_row, const float *from, ptrdiff_t from_row, uint32_t rows, \
                           uint32_t columns)) \
  /* to[depth][two vectors] = from[depth][columns], zero beyond the columns. */ \
  kernel(void, pack_rows, (float *to, const float *from, ptrdiff_t from_row, uint32_t depth, uint32_t columns)) \
  /* to[n] = the largest |panel[k][n]| for k < depth, n < two vectors. */ \
  kernel(void, panel_maxima, (float *to, const float *panel, uint32_t depth)) \
  /* A panel of floats as bytes, multiples of its columns' scales, in pairs of steps; whether they are so exactly. */ \
  kernel(bool, shrink_to_bytes, (int8_t *to, const float *panel, const float *scales, uint32_t depth)) \
  /* A row as whole numbers times one scale, in pairs, to the nearest; NaN where one is not finite. */ \
  kernel(void, fix_row, (int16_t *to, float *scale, const float *from, uint32_t count)) \
  /* to[j * to_step] = start + the terms' sum at j, for j < width. Each term is read in whole vectors. */ \
  kernel(void, collect, (float *to, ptrdiff_t to_step, float start, const xdi_term *terms, uint32_t count, \
                         uint32_t width)) \
  /* to[n] = sum over m of from[m][n]; adds to `to` if asked. */ \
  kernel(void, sum_rows, (float *to, const float *from, ptrdiff_t from_row, uint32_t rows, uint32_t columns, \
                          bool add)) \
  /* y[m] = dot(a[m], b) */ \
  kernel(void, dots, (float *y, ptrdiff_t y_row, const float *a, ptrdiff_t a_row, const float *b, uint32_t rows, \
                      uint32_t depth)) \
  kernel(void, activate, (xd_activation activation, float *y, const float *x, size_t count)) \
  /* dx = dy * f'(y) */ \
  kernel(void, derive, (xd_activation activation, float *dx, const float *y, const float *dy, size_t count)) \
  kernel(void, scale_add, (float alpha, const float *x, float beta, float *y, size_t count)) \
  kernel(double, dot, (const float *a, const float *b, size_t count)) \
  /* channel_kernels.h */ \
  kernel(void, channel_moments, (double *sums, double *squares, const float *x, const float *about, \
                                 size_t cells, size_t stride, size_t channels)) \
  kernel(void, channel_products, (double *sums, double *products, const float *dy, const float *x, \
                                  const float *about, size_t cells, size_t stride, size_t channels)) \
  kernel(void, channel_map, (float *y, const float *x, const float *about, const float *scale, \
                             const float *shift, float slope, size_t cells, size_t stride, size_t channels)) \
  kernel(void, channel_map_back, (float *dx, const float *dy, const float *x, const xdi_channel_map *map, \
                                  size_t cells, size_t stride, size_t channels)) \
  kernel(void, double_columns, (float *to, const float *from, size_t columns, size_t channels)) \
  kernel(void, halve_columns, (float *to, const float *first, const float *second, size_t columns, \
                               size_t limit, size_t channels)) \
  kernel(void, add_cells, (float *y, const float *a, const float *b, float slope, size_t count)) \
  /* loss_kernels.h */ \
  kernel(void, reconstruct, (const xdi_reconstruction *constants, const float *x, const float *x_hat, \
                             const float *window, float *da, size_t count, double sums[2])) \
  kernel(void, sample, (float *z, const float *mean, const float *log_variance, const float *epsilon, \
                        size_t count)) \
  kernel(double, sample_back, (float *dmean, float *dlog_variance, const float *mean, const float *log_variance, \
                               const float *epsilon, const float *dz, float weight, size_t count)) \
  kernel(double, logistic, (float *dlogits, const float *logits, float sign, float weight, size_t count)) \
  kernel(double, squared_distance, (float *da, const float *a, const float *b, float weight, size_t count)) \
  kernel(double, soften, (float *dlogits, const float *logits, float top, float rest, float scale, \
                          size_t classes)) \
  /* optimiser_kernels.h */ \
  kernel(void, adam, (const xdi_adam_step *step, float *parameters, const float *gradients, float *moment1, \
                      float *moment2, size_t count)) \
  /* random_kernels.h */ \
  kernel(void, normals, (float *to, size_t count, uint64_t seed, uint64_t stream, uint64_t first)) \
  kernel(void, drop, (float *to, const float *from, size_t count, float rate, float scale, uint64_t seed, \
                      uint64_t stream, uint64_t first))
/* clang-format on */

#define XDI_KERNEL_FIELD(result, name, parameters) result(*name) parameters;

typedef struct xdi_kernels {
  const char *name;
  uint32_t lanes;                                        /* floats in a vector */
  uint32_t tile_rows;                                    /* the tallest tile */
  xdi_tile_kernel tile[XDI_TILE_VECTORS][XDI_TILE_ROWS]; /* [vectors - 1][rows - 1] */

  /* The same for rows that lie anywhere, by a_rows and c_rows; a_step is 1, one plane. NULL where tiles are so tall
   * that their rows' places do not fit the registers. */
  xdi_tile_kernel scattered_tile[XDI_TILE_VECTORS][XDI_TILE_ROWS];
  xdi_tile_kernel
      byte_tile[XDI_TILE_ROWS]; /* of two vectors of bytes, see xdi_narrow; a_step is 1, one plane */
  xdi_row_kernel row;
  xdi_narrow half, byte;

  /* Writes numbers as binary16; whether all of them are exactly so. NULL where half.row is. */
  bool (*shrink)(uint16_t *to, const float *from, size_t count);

  xdi_filter filters[XDI_FILTERS]; /* [taps - 2] */

  XDI_KERNELS(XDI_KERNEL_FIELD)
} xdi_kernels;

#if defined(__x86_64__)
extern const xdi_kernels xdi_kernels_avx512, xdi_kernels_avx2;
#elif defined(__aarch64__)
extern const xdi_kernels xdi_kernels_neon;
#endif
extern const xdi_kernels xdi_kernels_portable;

#endif
