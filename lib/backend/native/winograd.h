/* Minimal filtering F(2 x 2, 2 x 2) for convolutions with two taps an axis, or two for each residue of the
 * stride: Winograd, Arithmetic Complexity of Computations, 1980; Lavin and Gray, arXiv 1509.09308. Two
 * neighbouring places of two taps take three products instead of four, and 2 x 2 of them nine instead of
 * sixteen; the last place of an odd number stays single and takes its two. */
#ifndef XDI_NATIVE_WINOGRAD_H
#define XDI_NATIVE_WINOGRAD_H

#include "backend/native/gather.h"

/* The tiles of 2 x 2 places of some pictures, and their rows in the nine matrices of points. A tile whose place
 * along an axis is single has no middle point there. So tiles stand in this order: single rows; whole ones;
 * single columns; single in both. Then those that have a point are neighbours. */
typedef struct xdi_tiling {
  size_t pictures, rows, columns; /* whole tiles */
  bool single_row, single_column; /* and one more */
} xdi_tiling;

static inline size_t xdi_tiling_count(const xdi_tiling *t) {
  return t->pictures * (t->rows + t->single_row) * (t->columns + t->single_column);
}

static inline size_t xdi_tiling_row(const xdi_tiling *t, size_t picture, size_t i, size_t j) {
  const size_t single_rows = t->single_row ? t->pictures * t->columns : 0,
               whole = t->pictures * t->rows * t->columns;
  if (i < t->rows && j < t->columns)
    return single_rows + (picture * t->rows + i) * t->columns + j;
  if (j < t->columns)
    return picture * t->columns + j;
  if (i < t->rows)
    return single_rows + whole + picture * t->rows + i;
  return single_rows + whole + t->pictures * t->rows + picture;
}

/* The rows of the tiles that have a point. */
static inline xdi_range xdi_tiling_rows(const xdi_tiling *t, size_t point) {
  const size_t count = xdi_tiling_count(t), single_rows = t->single_row ? t->pictures * t->columns : 0;
  const size_t whole = t->pictures * t->rows * t->columns,
               single_columns = t->single_column ? t->pictures * t->rows : 0;
  const bool middle_row = point / 3 == 1, middle_column = point % 3 == 1;
  return (xdi_range){middle_row ? single_rows : 0, middle_column ? single_rows + whole
                                                   : middle_row  ? single_rows + whole + single_columns
                                                                 : count};
}

/* Whether the convolution has that form, whole vectors of channels, and tiles enough to gain by it. */
bool xdi_winograd_fits(const xdi_kernels *kernels, const xdi_gather *gather);

xd_status xdi_winograd_run(xd_backend *backend, const xdi_gather *gather);

#endif
