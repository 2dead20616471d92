/* The micro-kernels of all products. Included by each kernels_*.c after vector.h.
 *
 * A tile keeps rows x vectors sums in registers; a step of k loads `vectors` vectors of b, broadcasts
 * one float of a for each row, and does rows x vectors multiply-adds. The functions are expanded for
 * each number of rows and vectors, so that all loops over them vanish. */

typedef vf tile_sums[XDI_TILE_ROWS][XDI_TILE_VECTORS];

/* The sums of one run of k. Four pointers, for rows 0, 4, 8 and 12, reach all rows by the addressing
 * modes of x86: base + {0, 1, 2, 3} * row. */
INLINE void add_run(tile_sums sums, const float *a, const float *b, const xdi_tile *t, const int rows,
                    const int vectors) {
  const ptrdiff_t row = t->a_row, row3 = 3 * row, a_step = t->a_step, b_step = t->b_step;
  const float *a4 = a + 4 * row, *a8 = a4 + 4 * row, *a12 = a8 + 4 * row;
  for (uint32_t k = t->steps; k > 0; k--) {
    vf bv[XDI_TILE_VECTORS];
    UNROLL
    for (int v = 0; v < vectors; v++)
      bv[v] = load(b + v * LANES);
    UNROLL
    for (int i = 0; i < rows; i++) {
      const float *base = i < 4 ? a : i < 8 ? a4 : i < 12 ? a8 : a12;
      const vf av = all(base[(i & 3) == 3 ? row3 : (i & 3) * row]);
      UNROLL
      for (int v = 0; v < vectors; v++)
        sums[i][v] = multiply_add(av, bv[v], sums[i][v]);
    }
    a += a_step, a4 += a_step, a8 += a_step, a12 += a_step;
    b += b_step;
  }
}

/* What happens to the finished sums; `whole` tells that the last vector has all its lanes. */
INLINE void store_tile(tile_sums sums, const xdi_tile *t, const int rows, const int vectors,
                       const bool whole) {
  const uint32_t last = t->columns - (uint32_t)(vectors - 1) * LANES;
#define PARTIAL (!whole && v == vectors - 1)
#define FETCH(place) (PARTIAL ? load_first((place) + v * LANES, last) : load((place) + v * LANES))
  if (t->accumulate) {
    const float *c = t->c;
    UNROLL
    for (int i = 0; i < rows; i++, c += t->c_row) {
      UNROLL
      for (int v = 0; v < vectors; v++)
        sums[i][v] += FETCH(c);
    }
  }
  if (t->bias) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
      const vf bias = FETCH(t->bias);
      UNROLL
      for (int i = 0; i < rows; i++)
        sums[i][v] += bias;
    }
  }
  if (t->slope != 1.0f) {
    const vf slope = all(t->slope);
    UNROLL
    for (int i = 0; i < rows; i++) {
      UNROLL
      for (int v = 0; v < vectors; v++)
        sums[i][v] = larger(slope * sums[i][v], sums[i][v]);
    }
  }
  if (t->x) {
    const vf slope = all(t->x_slope);
    const float *x = t->x;
    UNROLL
    for (int i = 0; i < rows; i++, x += t->c_row) {
      UNROLL
      for (int v = 0; v < vectors; v++)
        sums[i][v] = where_above(FETCH(x), zero(), sums[i][v], slope * sums[i][v]);
    }
  }
  float *c = t->c;
  UNROLL
  for (int i = 0; i < rows; i++, c += t->c_row) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
      if (PARTIAL)
        store_first(c + v * LANES, sums[i][v], last);
      else
        store(c + v * LANES, sums[i][v]);
    }
  }
#undef FETCH
#undef PARTIAL
}

/* x is read when the sums are ready: too late to wait for it then. */
INLINE void prefetch_tile(const float *from, ptrdiff_t row, const int rows, const int vectors) {
  UNROLL
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v += 16 / LANES)
      __builtin_prefetch(from + i * row + v * LANES);
}

INLINE void run_tile(const xdi_tile *t, const int rows, const int vectors) {
  tile_sums sums;
  if (t->x)
    prefetch_tile(t->x, t->c_row, rows, vectors);
  UNROLL
  for (int i = 0; i < rows; i++) {
    UNROLL
    for (int v = 0; v < vectors; v++)
      sums[i][v] = zero();
  }
  for (uint32_t plane = 0; plane < t->planes; plane++) {
    const float *a = t->a + (ptrdiff_t)plane * t->a_plane, *b = t->b + (ptrdiff_t)plane * t->b_plane;
    for (uint32_t run = 0; run < t->runs; run++, a += t->a_run, b += t->b_run)
      add_run(sums, a, b, t, rows, vectors);
  }
  if (t->columns == (uint32_t)vectors * LANES)
    store_tile(sums, t, rows, vectors, true);
  else
    store_tile(sums, t, rows, vectors, false);
}

#define TILE(rows) \
  static void tile_##rows##x1(const xdi_tile *t) { \
    run_tile(t, rows, 1); \
  } \
  static void tile_##rows##x2(const xdi_tile *t) { \
    run_tile(t, rows, 2); \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if TILE_ROWS > 6
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)
#endif
#undef TILE

#if TILE_ROWS > 6
#define TILES(n) \
  { \
    tile_1x##n, tile_2x##n, tile_3x##n, tile_4x##n, tile_5x##n, tile_6x##n, tile_7x##n, tile_8x##n, \
        tile_9x##n, tile_10x##n, tile_11x##n, tile_12x##n, tile_13x##n, tile_14x##n \
  }
#else
#define TILES(n) \
  { tile_1x##n, tile_2x##n, tile_3x##n, tile_4x##n, tile_5x##n, tile_6x##n }
#endif
