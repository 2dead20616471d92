/* The transforms of Winograd's minimal filtering on vectors of channels (see winograd.c). Included after vector.h.
 *
 * F(2, 2): two outputs of two taps at three points. Along one axis
 *   data    d0 d1 d2     ->  d0 - d1, d1, d2 - d1
 *   taps    g0 g1        ->  g0, g0 + g1, g1
 *   sums    m0 m1 m2     ->  m0 + m1, m1 + m2
 * so that the sums of the products are d0 g0 + d1 g1 and d1 g0 + d2 g1.
 * F(2, 3): two outputs of three taps at four points
 *   data    d0 d1 d2 d3  ->  d0 - d2, d1 + d2, d2 - d1, d3 - d1
 *   taps    g0 g1 g2     ->  g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2
 *   sums    m0 .. m3     ->  m0 + m1 + m2, m1 - m2 + m3
 * and F(3, 2), three outputs of two taps, by which three taps have their gradients, at the same points
 *   taps    g0 g1        ->  g0, (g0 + g1) / 2, (g0 - g1) / 2, g1
 *   sums    m0 .. m3     ->  m0 + m1 + m2, m1 - m2, m1 + m2 + m3 */

typedef vf square[4][4];

/* Along one axis: `points` results from a line of data, taps or sums. */
INLINE void spread_line(vf to[4], const vf from[4], const int points) {
  if (points == 3) {
    to[0] = from[0] - from[1];
    to[1] = from[1];
    to[2] = from[2] - from[1];
  } else {
    to[0] = from[0] - from[2];
    to[1] = from[1] + from[2];
    to[2] = from[2] - from[1];
    to[3] = from[3] - from[1];
  }
}

INLINE void spread_tap_line(vf to[4], const vf from[4], const int taps, const int points) {
  if (points == 3) {
    to[0] = from[0];
    to[1] = from[0] + from[1];
    to[2] = from[1];
    return;
  }
  const vf even = (taps == 3 ? from[0] + from[2] : from[0]) * 0.5f, odd = from[1] * 0.5f;
  to[0] = from[0];
  to[1] = even + odd;
  to[2] = even - odd;
  to[3] = from[taps - 1];
}

INLINE void join_line(vf to[4], const vf from[4], const int points, const int outputs) {
  if (points == 3) {
    to[0] = from[0] + from[1];
    to[1] = from[1] + from[2];
    return;
  }
  to[0] = from[0] + from[1] + from[2];
  if (outputs == 2) {
    to[1] = from[1] - from[2] + from[3];
  } else {
    to[1] = from[1] - from[2];
    to[2] = from[1] + from[2] + from[3];
  }
}

INLINE void load_square(square to, const float *from, ptrdiff_t row, ptrdiff_t column, const int side) {
  UNROLL
  for (int j = 0; j < side; j++) {
    UNROLL
    for (int i = 0; i < side; i++)
      to[j][i] = load(from + i * row + j * column);
  }
}

INLINE void store_points(float *to, ptrdiff_t to_point, square from, const int points) {
  UNROLL
  for (int i = 0; i < points; i++) {
    UNROLL
    for (int j = 0; j < points; j++)
      store(to + (points * i + j) * to_point, from[i][j]);
  }
}

/* Points from points x points cells of data of `count` floats, a multiple of the lanes. */
INLINE void spread_square(float *to, ptrdiff_t to_point, const float *from, ptrdiff_t from_row,
                          ptrdiff_t from_column, size_t count, const int points) {
  for (size_t c = 0; c < count; c += LANES) {
    square cells, columns, lines, spread;
    load_square(cells, from + c, from_row, from_column, points);
    UNROLL
    for (int j = 0; j < points; j++)
      spread_line(columns[j], cells[j], points);
    UNROLL
    for (int i = 0; i < points; i++) {
      UNROLL
      for (int j = 0; j < points; j++)
        lines[i][j] = columns[j][i];
      spread_line(spread[i], lines[i], points);
    }
    store_points(to + c, to_point, spread, points);
  }
}

/* The same from taps x taps. */
INLINE void spread_tap_square(float *to, ptrdiff_t to_point, const float *from, ptrdiff_t from_row,
                              ptrdiff_t from_column, size_t count, const int taps, const int points) {
  for (size_t c = 0; c < count; c += LANES) {
    square cells, columns, lines, spread;
    load_square(cells, from + c, from_row, from_column, taps);
    UNROLL
    for (int j = 0; j < taps; j++)
      spread_tap_line(columns[j], cells[j], taps, points);
    UNROLL
    for (int i = 0; i < points; i++) {
      UNROLL
      for (int j = 0; j < taps; j++)
        lines[i][j] = columns[j][i];
      spread_tap_line(spread[i], lines[i], taps, points);
    }
    store_points(to + c, to_point, spread, points);
  }
}

/* outputs x outputs cells from the points, with what follows a product. */
INLINE void join_square(const xdi_points *p, const int points, const int outputs) {
  for (size_t c = 0; c < p->count; c += LANES) {
    square sums, columns, lines, cells;
    UNROLL
    for (int j = 0; j < points; j++) {
      UNROLL
      for (int i = 0; i < points; i++)
        sums[j][i] = load(p->from + (points * i + j) * p->from_point + c);
      join_line(columns[j], sums[j], points, outputs);
    }
    const vf bias = p->bias ? load(p->bias + c) : zero();
    UNROLL
    for (int i = 0; i < outputs; i++) {
      UNROLL
      for (int j = 0; j < points; j++)
        lines[i][j] = columns[j][i];
      join_line(cells[i], lines[i], points, outputs);
    }
    UNROLL
    for (int i = 0; i < outputs; i++) {
      UNROLL
      for (int j = 0; j < outputs; j++) {
        const ptrdiff_t place = i * p->to_row + j * p->to_column + (ptrdiff_t)c;
        vf cell = cells[i][j] + bias;
        if (p->slope != 1.0f)
          cell = larger(p->slope * cell, cell);
        if (p->x)
          cell = where_above(load(p->x + place), zero(), cell, p->x_slope * cell);
        store(p->to + place, cell);
      }
    }
  }
}

#define SPREAD(name, points) \
  static void name(float *to, ptrdiff_t to_point, const float *from, ptrdiff_t from_row, \
                   ptrdiff_t from_column, size_t count) { \
    spread_square(to, to_point, from, from_row, from_column, count, points); \
  }
#define SPREAD_TAPS(name, taps, points) \
  static void name(float *to, ptrdiff_t to_point, const float *from, ptrdiff_t from_row, \
                   ptrdiff_t from_column, size_t count) { \
    spread_tap_square(to, to_point, from, from_row, from_column, count, taps, points); \
  }
#define JOIN(name, points, outputs) \
  static void name(const xdi_points *p) { \
    join_square(p, points, outputs); \
  }

SPREAD(spread_data_3, 3)
SPREAD(spread_data_4, 4)
SPREAD_TAPS(spread_2_taps_to_3, 2, 3)
SPREAD_TAPS(spread_3_taps_to_4, 3, 4)
SPREAD_TAPS(spread_2_taps_to_4, 2, 4)
JOIN(join_3_to_2, 3, 2)
JOIN(join_4_to_2, 4, 2)
JOIN(join_4_to_3, 4, 3)

/* clang-format off */
#define FILTERS { \
  {.taps = 2, .points = 9, .least_tiles = 32, .least_channels = LANES, \
   .spread_data = spread_data_3, .spread_taps = spread_2_taps_to_3, .spread_cells = spread_2_taps_to_3, \
   .join_cells = join_3_to_2, .join_taps = join_3_to_2}, \
  {.taps = 3, .points = 16, .least_tiles = 16, .least_channels = 32, \
   .spread_data = spread_data_4, .spread_taps = spread_3_taps_to_4, .spread_cells = spread_2_taps_to_4, \
   .join_cells = join_4_to_2, .join_taps = join_4_to_3}}
/* clang-format on */
