/* The micro-kernels of all products. Included by each kernels_*.c after vector.h.
 *
 * A tile keeps rows x vectors sums in registers; a step of k loads `vectors` vectors of b, broadcasts
 * one float of a for each row, and does rows x vectors multiply-adds. The functions are expanded for
 * each number of rows and vectors, so that all loops over them vanish. */

typedef vf tile_sums[XDI_TILE_ROWS][XDI_TILE_VECTORS];

/* One step of k, for rows 0, 4, 8 and 12 of which there are pointers: they reach all rows by the addressing modes of
 * x86: base + {0, 1, 2, 3} * row. */
INLINE void add_step(tile_sums sums, const float *a, const float *a4, const float *a8, const float *a12,
                     ptrdiff_t row, ptrdiff_t row3, const float *b, const int rows, const int vectors) {
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
      add_product(&sums[i][v], av, bv[v]);
  }
}

/* The sums of one run of k. `next`, or NULL: what the next tile reads of a is asked for meanwhile, one cache line of 16
 * steps of each row in turn; what another core wrote is slow to come. a_step is 1 then. */
INLINE void add_run(tile_sums sums, const float *a, const float *b, const xdi_tile *t, const float *next,
                    const int rows, const int vectors) {
  const ptrdiff_t row = t->a_row, row3 = 3 * row, a_step = t->a_step, b_step = t->b_step;
  const float *a4 = a + 4 * row, *a8 = a4 + 4 * row, *a12 = a8 + 4 * row;
  uint32_t k = t->steps;
  if (next)
    for (; k >= 16; k -= 16, next += 16 - 4 * row)
      for (int quarter = 0; quarter < 4; quarter++, next += row) {
        UNROLL
        for (int i = 0; i < rows; i += 4)
          __builtin_prefetch(next + i * row);
        UNROLL
        for (int j = 0; j < 4; j++, b += b_step)
          add_step(sums, a + j, a4 + j, a8 + j, a12 + j, row, row3, b, rows, vectors);
        a += 4, a4 += 4, a8 += 4, a12 += 4;
      }
  for (; k > 0; k--) {
    add_step(sums, a, a4, a8, a12, row, row3, b, rows, vectors);
    a += a_step, a4 += a_step, a8 += a_step, a12 += a_step;
    b += b_step;
  }
}

INLINE void add_scattered_step(tile_sums sums, const float *const *of, ptrdiff_t k, const float *b,
                               const int rows, const int vectors) {
  vf bv[XDI_TILE_VECTORS];
  UNROLL
  for (int v = 0; v < vectors; v++)
    bv[v] = load(b + v * LANES);
  UNROLL
  for (int i = 0; i < rows; i++) {
    const vf av = all(of[i][k]);
    UNROLL
    for (int v = 0; v < vectors; v++)
      add_product(&sums[i][v], av, bv[v]);
  }
}

/* The same for rows that lie anywhere: each has a pointer, the step is their common index; b is a panel. */
INLINE void add_scattered_runs(tile_sums sums, const xdi_tile *t, const int rows, const int vectors) {
  enum { WIDTH = XDI_TILE_VECTORS * LANES, AT_ONCE = 4 };
  const float *of[XDI_TILE_ROWS], *b = t->b;
  UNROLL
  for (int i = 0; i < rows; i++)
    of[i] = t->a + t->a_rows[i];
  ptrdiff_t k = 0;
  const ptrdiff_t steps = (ptrdiff_t)t->steps, between = t->a_run - steps;
  for (uint32_t run = t->runs; run > 0; run--, k += between) {
    ptrdiff_t left = steps;
    for (; left >= AT_ONCE; left -= AT_ONCE, k += AT_ONCE, b += AT_ONCE * WIDTH) {
      UNROLL
      for (int j = 0; j < AT_ONCE; j++)
        add_scattered_step(sums, of, k + j, b + j * WIDTH, rows, vectors);
    }
    for (; left > 0; left--, k++, b += WIDTH)
      add_scattered_step(sums, of, k, b, rows, vectors);
  }
}

/* Where a row of c and x begins. */
#define ROW_PLACE(i) (scattered ? t->c_rows[i] : (i)*t->c_row)

/* What happens to the finished sums; `whole` tells that the last vector has all its lanes. */
INLINE void store_tile(tile_sums sums, const xdi_tile *t, const int rows, const int vectors, const bool whole,
                       const bool scattered) {
  const uint32_t last = t->columns - (uint32_t)(vectors - 1) * LANES;
#define PARTIAL (!whole && v == vectors - 1)
#define FETCH(place) (PARTIAL ? load_first((place) + v * LANES, last) : load((place) + v * LANES))
  if (t->accumulate) {
    UNROLL
    for (int i = 0; i < rows; i++) {
      const float *c = t->c + ROW_PLACE(i);
      UNROLL
      for (int v = 0; v < vectors; v++)
        sums[i][v] += FETCH(c);
    }
  }
  if (t->scales) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
      const vf scale = FETCH(t->scales);
      UNROLL
      for (int i = 0; i < rows; i++)
        sums[i][v] *= scale;
    }
  }
  if (t->scale != 0.0f) {
    const vf scale = all(t->scale);
    UNROLL
    for (int i = 0; i < rows; i++) {
      UNROLL
      for (int v = 0; v < vectors; v++)
        sums[i][v] *= scale;
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
    UNROLL
    for (int i = 0; i < rows; i++) {
      const float *x = t->x + ROW_PLACE(i);
      UNROLL
      for (int v = 0; v < vectors; v++)
        sums[i][v] = where_above(FETCH(x), zero(), sums[i][v], slope * sums[i][v]);
    }
  }
  UNROLL
  for (int i = 0; i < rows; i++) {
    float *c = t->c + ROW_PLACE(i);
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
INLINE void prefetch_tile(const xdi_tile *t, const int rows, const int vectors, const bool scattered) {
  UNROLL
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v += 16 / LANES)
      __builtin_prefetch(t->x + ROW_PLACE(i) + v * LANES);
}
#undef ROW_PLACE

INLINE void run_tile(const xdi_tile *t, const int rows, const int vectors, const bool scattered) {
  tile_sums sums;
  if (t->x)
    prefetch_tile(t, rows, vectors, scattered);
  UNROLL
  for (int i = 0; i < rows; i++) {
    UNROLL
    for (int v = 0; v < vectors; v++)
      sums[i][v] = zero();
  }
  if (scattered)
    add_scattered_runs(sums, t, rows, vectors);
  else if (t->next)
    add_run(sums, t->a, t->b, t, t->next, rows, vectors);
  else
    for (uint32_t plane = 0; plane < t->planes; plane++) {
      const float *a = t->a + (ptrdiff_t)plane * t->a_plane, *b = t->b + (ptrdiff_t)plane * t->b_plane;
      for (uint32_t run = 0; run < t->runs; run++, a += t->a_run, b += t->b_run)
        add_run(sums, a, b, t, NULL, rows, vectors);
    }
  if (t->columns == (uint32_t)vectors * LANES)
    store_tile(sums, t, rows, vectors, true, scattered);
  else
    store_tile(sums, t, rows, vectors, false, scattered);
}

/* DO of each number of rows that a tile may have. */
#if TILE_ROWS > 12
#define EACH_HEIGHT(DO) \
  DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14)
#elif TILE_ROWS > 6
#define EACH_HEIGHT(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12)
#else
#define EACH_HEIGHT(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6)
#endif

#define TILE_OF(rows, vectors) XDI_LOCAL(tile_##rows##x##vectors)
#define TILE(rows) \
  static void TILE_OF(rows, 1)(const xdi_tile *t) { \
    run_tile(t, rows, 1, false); \
  } \
  static void TILE_OF(rows, 2)(const xdi_tile *t) { \
    run_tile(t, rows, 2, false); \
  }
EACH_HEIGHT(TILE)
#undef TILE

/* Rows' places in registers: as many as x86 has beside the others that a tile needs. */
#define HAS_SCATTERED_TILES (TILE_ROWS <= 6)

#if HAS_SCATTERED_TILES
#define SCATTERED_TILE_OF(rows, vectors) XDI_LOCAL(scattered_tile_##rows##x##vectors)
#define SCATTERED_TILE(rows) \
  static void SCATTERED_TILE_OF(rows, 1)(const xdi_tile *t) { \
    run_tile(t, rows, 1, true); \
  } \
  static void SCATTERED_TILE_OF(rows, 2)(const xdi_tile *t) { \
    run_tile(t, rows, 2, true); \
  }
EACH_HEIGHT(SCATTERED_TILE)
#undef SCATTERED_TILE
#endif

/* clang-format off */
#define TILE_ENTRY_1(rows) TILE_OF(rows, 1),
#define TILE_ENTRY_2(rows) TILE_OF(rows, 2),
#define TILES(n) { EACH_HEIGHT(TILE_ENTRY_##n) }
#define SCATTERED_TILE_ENTRY_1(rows) SCATTERED_TILE_OF(rows, 1),
#define SCATTERED_TILE_ENTRY_2(rows) SCATTERED_TILE_OF(rows, 2),
#define SCATTERED_TILES(n) { EACH_HEIGHT(SCATTERED_TILE_ENTRY_##n) }
/* clang-format on */

/* ---- one row ---- */

/* The finish of a row of several panels. */
INLINE void store_row(tile_sums sums[XDI_ROW_PANELS], const xdi_tile *t, const int panels) {
  UNROLL
  for (int p = 0; p < panels; p++) {
    const uint32_t before = (uint32_t)p * XDI_TILE_VECTORS * LANES, left = t->columns - before;
    xdi_tile part = *t;
    part.columns = left < XDI_TILE_VECTORS * LANES ? left : XDI_TILE_VECTORS * LANES;
    part.c += before;
    part.scales = t->scales ? t->scales + before : NULL;
    part.bias = t->bias ? t->bias + before : NULL;
    part.x = t->x ? t->x + before : NULL;
    if (part.columns == XDI_TILE_VECTORS * LANES)
      store_tile(sums[p], &part, 1, 2, true, false);
    else if (part.columns > LANES)
      store_tile(sums[p], &part, 1, 2, false, false);
    else
      store_tile(sums[p], &part, 1, 1, false, false);
  }
}

/* A single row has too few sums to hide the latency of the multiply-adds, so it takes several panels side by
 * side. */
INLINE void run_row(const xdi_tile *t, ptrdiff_t panel_stride, const int panels, const bool half) {
  tile_sums sums[XDI_ROW_PANELS];
  UNROLL
  for (int p = 0; p < panels; p++)
    sums[p][0][0] = sums[p][0][1] = zero();
  const float *a = t->a, *b = t->b;
  const uint16_t *h = t->narrow;
  for (uint32_t k = t->steps; k > 0; k--, a += t->a_step) {
    const vf av = all(*a);
    UNROLL
    for (int p = 0; p < panels; p++) {
      UNROLL
      for (int v = 0; v < XDI_TILE_VECTORS; v++) {
        const ptrdiff_t place = p * panel_stride + v * LANES;
#if HAS_HALF
        const vf bv = half ? load_half(h + place) : load(b + place);
#else
        (void)h;
        const vf bv = load(b + place);
#endif
        sums[p][0][v] = multiply_add(av, bv, sums[p][0][v]);
      }
    }
    if (half)
      h += t->b_step;
    else
      b += t->b_step;
  }
  store_row(sums, t, panels);
}

/* Whole numbers, two steps at a time. */
INLINE void run_byte_row(const xdi_tile *t, ptrdiff_t panel_stride, const int panels) {
  vi pairs[XDI_ROW_PANELS][XDI_TILE_VECTORS];
  tile_sums sums[XDI_ROW_PANELS];
  UNROLL
  for (int p = 0; p < panels; p++)
    pairs[p][0] = pairs[p][1] = all_int(0);
  const float *a = t->a;
  const int8_t *b = t->narrow;
  for (uint32_t k = t->steps; k > 0; k--, a += t->a_step, b += 2 * t->b_step) {
    int32_t pair;
    memcpy(&pair, a, sizeof pair);
    const vi av = all_int(pair);
    UNROLL
    for (int p = 0; p < panels; p++) {
      UNROLL
      for (int v = 0; v < XDI_TILE_VECTORS; v++)
        pairs[p][v] = add_pairs(pairs[p][v], av, load_bytes(b + 2 * (p * panel_stride + v * LANES)));
    }
  }
  UNROLL
  for (int p = 0; p < panels; p++) {
    UNROLL
    for (int v = 0; v < XDI_TILE_VECTORS; v++)
      sums[p][0][v] = to_float(pairs[p][v]);
  }
  store_row(sums, t, panels);
}

INLINE uint32_t panels_of(const xdi_tile *t) {
  return (t->columns + XDI_TILE_VECTORS * LANES - 1) / (XDI_TILE_VECTORS * LANES);
}

INLINE void run_row_of(const xdi_tile *t, ptrdiff_t panel_stride, const bool half) {
  const uint32_t panels = panels_of(t);
  if (panels == 4)
    run_row(t, panel_stride, 4, half);
  else if (panels == 3)
    run_row(t, panel_stride, 3, half);
  else if (panels == 2)
    run_row(t, panel_stride, 2, half);
  else
    run_row(t, panel_stride, 1, half);
}

static void byte_row(const xdi_tile *t, ptrdiff_t panel_stride) {
  const uint32_t panels = panels_of(t);
  if (panels == 4)
    run_byte_row(t, panel_stride, 4);
  else if (panels == 3)
    run_byte_row(t, panel_stride, 3);
  else if (panels == 2)
    run_byte_row(t, panel_stride, 2);
  else
    run_byte_row(t, panel_stride, 1);
}

static void row(const xdi_tile *t, ptrdiff_t panel_stride) {
  run_row_of(t, panel_stride, false);
}
