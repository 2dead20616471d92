/* The transforms of Winograd's F(2 x 2, 2 x 2) on vectors of channels (see winograd.h). Along one axis
 *   data    d0 d1 d2  ->  d0 - d1, d1, d2 - d1
 *   taps    g0 g1     ->  g0, g0 + g1, g1
 *   sums    m0 m1 m2  ->  m0 + m1, m1 + m2
 * so that the sums of the products are d0 g0 + d1 g1 and d1 g0 + d2 g1. Of a single place the middle point is
 * left out: d0, -, d1 and m0 + m2. Included after vector.h. */

/* Nine points from 3 x 3 cells, 2 where a place is single. */
static void spread_data(const xdi_spread *s) {
  for (size_t c = 0; c < s->count; c += LANES) {
    vf rows[3][3];
    UNROLL
    for (int j = 0; j < 3; j++) {
      if (j == 2 && s->single_column) {
        rows[0][2] = rows[1][2] = rows[2][2] = zero();
        break;
      }
      const float *cell = s->from + j * s->from_column + c;
      rows[0][j] = load(cell);
      rows[1][j] = rows[2][j] = load(cell + s->from_row);
      if (!s->single_row) {
        rows[0][j] -= rows[1][j];
        rows[2][j] = load(cell + 2 * s->from_row) - rows[1][j];
      }
    }
    UNROLL
    for (int i = 0; i < 3; i++) {
      float *to = s->to + 3 * i * s->to_point + c;
      if (s->single_column) {
        store(to, rows[i][0]);
        store(to + 2 * s->to_point, rows[i][1]);
        continue;
      }
      store(to, rows[i][0] - rows[i][1]);
      store(to + s->to_point, rows[i][1]);
      store(to + 2 * s->to_point, rows[i][2] - rows[i][1]);
    }
  }
}

/* Nine points from 2 x 2 taps. In the gradient of the taps the places' cells play their part: a single one
 * counts at both ends. */
static void spread_taps(const xdi_spread *s) {
  for (size_t c = 0; c < s->count; c += LANES) {
    vf rows[3][2];
    UNROLL
    for (int j = 0; j < 2; j++) {
      if (j == 1 && s->single_column) {
        rows[0][1] = rows[1][1] = rows[2][1] = zero();
        break;
      }
      const float *cell = s->from + j * s->from_column + c;
      rows[0][j] = load(cell);
      rows[2][j] = s->single_row ? rows[0][j] : load(cell + s->from_row);
      rows[1][j] = rows[0][j] + rows[2][j];
    }
    UNROLL
    for (int i = 0; i < 3; i++) {
      float *to = s->to + 3 * i * s->to_point + c;
      store(to, rows[i][0]);
      if (!s->single_column)
        store(to + s->to_point, rows[i][0] + rows[i][1]);
      store(to + 2 * s->to_point, rows[i][!s->single_column]);
    }
  }
}

/* The cells of a tile, 2 x 2 of them where no place is single, from nine points. */
static void join_points(const xdi_points *p) {
  const ptrdiff_t point = p->from_point, second_row = (p->single_row ? 6 : 3) * point,
                  second = (p->single_column ? 2 : 1) * point;
  for (size_t c = 0; c < p->count; c += LANES) {
    const vf bias = p->bias ? load(p->bias + c) : zero();
    UNROLL
    for (int i = 0; i < 2; i++) {
      if (i == 1 && p->single_row)
        break;
      UNROLL
      for (int j = 0; j < 2; j++) {
        if (j == 1 && p->single_column)
          break;
        const float *first = p->from + i * 3 * point + j * point + c;
        const vf left = load(first) + load(first + second_row);
        vf cell = left + (load(first + second) + load(first + second + second_row)) + bias;
        const ptrdiff_t place = i * p->to_row + j * p->to_column + (ptrdiff_t)c;
        if (p->slope != 1.0f)
          cell = larger(p->slope * cell, cell);
        if (p->x)
          cell = where_above(load(p->x + place), zero(), cell, p->x_slope * cell);
        store(p->to + place, cell);
      }
    }
  }
}
