/* The transforms of Winograd's F(2 x 2, 2 x 2) on vectors of channels (see winograd.c). Along one axis
 *   data    d0 d1 d2  ->  d0 - d1, d1, d2 - d1
 *   taps    g0 g1     ->  g0, g0 + g1, g1
 *   sums    m0 m1 m2  ->  m0 + m1, m1 + m2
 * so that the sums of the products are d0 g0 + d1 g1 and d1 g0 + d2 g1. Included after vector.h. */

/* Nine points from 3 x 3 cells of `count` floats, a multiple of the lanes. */
static void spread_data(float *to, ptrdiff_t to_point, const float *from, ptrdiff_t from_row,
                        ptrdiff_t from_column, size_t count) {
  for (size_t c = 0; c < count; c += LANES) {
    vf rows[3][3];
    UNROLL
    for (int j = 0; j < 3; j++) {
      const float *cell = from + j * from_column + c;
      const vf middle = load(cell + from_row);
      rows[0][j] = load(cell) - middle;
      rows[1][j] = middle;
      rows[2][j] = load(cell + 2 * from_row) - middle;
    }
    UNROLL
    for (int i = 0; i < 3; i++) {
      store(to + (3 * i) * to_point + c, rows[i][0] - rows[i][1]);
      store(to + (3 * i + 1) * to_point + c, rows[i][1]);
      store(to + (3 * i + 2) * to_point + c, rows[i][2] - rows[i][1]);
    }
  }
}

/* The same from 2 x 2 taps. */
static void spread_taps(float *to, ptrdiff_t to_point, const float *from, ptrdiff_t from_row,
                        ptrdiff_t from_column, size_t count) {
  for (size_t c = 0; c < count; c += LANES) {
    vf rows[3][2];
    UNROLL
    for (int j = 0; j < 2; j++) {
      rows[0][j] = load(from + j * from_column + c);
      rows[2][j] = load(from + from_row + j * from_column + c);
      rows[1][j] = rows[0][j] + rows[2][j];
    }
    UNROLL
    for (int i = 0; i < 3; i++) {
      store(to + (3 * i) * to_point + c, rows[i][0]);
      store(to + (3 * i + 1) * to_point + c, rows[i][0] + rows[i][1]);
      store(to + (3 * i + 2) * to_point + c, rows[i][1]);
    }
  }
}

/* 2 x 2 cells from nine points. */
static void join_points(const xdi_points *p) {
  for (size_t c = 0; c < p->count; c += LANES) {
    vf cells[2][2];
    vf sums[2][3];
    UNROLL
    for (int j = 0; j < 3; j++) {
      const float *point = p->from + j * p->from_point + c;
      const vf middle = load(point + 3 * p->from_point);
      sums[0][j] = load(point) + middle;
      sums[1][j] = middle + load(point + 6 * p->from_point);
    }
    const vf bias = p->bias ? load(p->bias + c) : zero();
    UNROLL
    for (int i = 0; i < 2; i++) {
      cells[i][0] = sums[i][0] + sums[i][1] + bias;
      cells[i][1] = sums[i][1] + sums[i][2] + bias;
    }
    UNROLL
    for (int i = 0; i < 2; i++) {
      UNROLL
      for (int j = 0; j < 2; j++) {
        const ptrdiff_t place = i * p->to_row + j * p->to_column + (ptrdiff_t)c;
        vf cell = cells[i][j];
        if (p->slope != 1.0f)
          cell = larger(p->slope * cell, cell);
        if (p->x)
          cell = where_above(load(p->x + place), zero(), cell, p->x_slope * cell);
        store(p->to + place, cell);
      }
    }
  }
}
