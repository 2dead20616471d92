/* The micro-kernels of all products. Included by each kernels_*.c after vector.h.
 *
 * A tile keeps rows x vectors sums in registers; a step of k loads `vectors` vectors of b, broadcasts
 * one float of a for each row, and does rows x vectors multiply-adds. The functions are expanded for
 * each number of rows and vectors, so that all loops over them vanish. */

typedef vf tile_sums[XDI_TILE_ROWS][XDI_TILE_VECTORS];

/* The sums of one run of k. Four pointers, for rows 0, 4, 8 and 12, reach all rows by the addressing
 * modes of x86: base + {0, 1, 2, 3} * row. `ahead`: each step asks for one cache line of the next tile's a,
 * 16 floats of each of its rows in turn; what another core wrote is slow to come. */
INLINE void add_run(tile_sums sums, const float *a, const float *b, const xdi_tile *t, const int rows,
                    const int vectors, const bool ahead) {
  const ptrdiff_t row = t->a_row, row3 = 3 * row, a_step = t->a_step, b_step = t->b_step;
  const float *a4 = a + 4 * row, *a8 = a4 + 4 * row, *a12 = a8 + 4 * row;
  for (uint32_t k = t->steps; k > 0; k--) {
    if (ahead) {
      const uint32_t done = t->steps - k;
      __builtin_prefetch(t->next + (done & 15) * row + (done & ~(uint32_t)15));
    }
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
  if (t->next)
    add_run(sums, t->a, t->b, t, rows, vectors, true);
  else
    for (uint32_t plane = 0; plane < t->planes; plane++) {
      const float *a = t->a + (ptrdiff_t)plane * t->a_plane, *b = t->b + (ptrdiff_t)plane * t->b_plane;
      for (uint32_t run = 0; run < t->runs; run++, a += t->a_run, b += t->b_run)
        add_run(sums, a, b, t, rows, vectors, false);
    }
  if (t->columns == (uint32_t)vectors * LANES)
    store_tile(sums, t, rows, vectors, true);
  else
    store_tile(sums, t, rows, vectors, false);
}

#define TILE_OF(rows, vectors) XDI_LOCAL(tile_##rows##x##vectors)
#define TILE(rows) \
  static void TILE_OF(rows, 1)(const xdi_tile *t) { \
    run_tile(t, rows, 1); \
  } \
  static void TILE_OF(rows, 2)(const xdi_tile *t) { \
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
#endif
#if TILE_ROWS > 12
TILE(13)
TILE(14)
#endif
#undef TILE

/* clang-format off */
#define TILES_TO_6(n) \
  TILE_OF(1, n), TILE_OF(2, n), TILE_OF(3, n), TILE_OF(4, n), TILE_OF(5, n), TILE_OF(6, n)
#define TILES_TO_12(n) TILES_TO_6(n), \
  TILE_OF(7, n), TILE_OF(8, n), TILE_OF(9, n), TILE_OF(10, n), TILE_OF(11, n), TILE_OF(12, n)
#if TILE_ROWS > 12
#define TILES(n) { TILES_TO_12(n), TILE_OF(13, n), TILE_OF(14, n) }
#elif TILE_ROWS > 6
#define TILES(n) { TILES_TO_12(n) }
#else
#define TILES(n) { TILES_TO_6(n) }
#endif
/* clang-format on */

/* ---- one row ---- */

/* Steps of k that a row asks for in advance, where the processor would not of itself: numbers of fewer bytes, and
 * weights that are no panels, whose next step lies elsewhere. */
#define ROW_AHEAD 32

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
      store_tile(sums[p], &part, 1, 2, true);
    else if (part.columns > LANES)
      store_tile(sums[p], &part, 1, 2, false);
    else
      store_tile(sums[p], &part, 1, 1, false);
  }
}

/* A single row has too few sums to hide the latency of the multiply-adds, so it takes several panels side by
 * side. */
INLINE void run_row(const xdi_tile *t, ptrdiff_t panel_stride, const int panels, const bool half,
                    const bool ahead) {
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
      if (half)
        __builtin_prefetch(h + p * panel_stride + ROW_AHEAD * t->b_step);
      else if (ahead) {
        __builtin_prefetch(b + p * panel_stride + ROW_AHEAD * t->b_step);
        __builtin_prefetch(b + p * panel_stride + ROW_AHEAD * t->b_step + LANES);
      }
      UNROLL
      for (int v = 0; v < XDI_TILE_VECTORS; v++) {
        const ptrdiff_t place = p * panel_stride + v * LANES;
#if HAS_HALF
        const vf bv = half ? load_half(h + place) : load(b + place);
#else
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
      __builtin_prefetch(b + 2 * (p * panel_stride + ROW_AHEAD * t->b_step));
      UNROLL
      for (int v = 0; v < XDI_TILE_VECTORS; v++)
        pairs[p][v] = add_pairs(pairs[p][v], av, b + 2 * (p * panel_stride + v * LANES));
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

INLINE void run_row_of(const xdi_tile *t, ptrdiff_t panel_stride, const bool half, const bool ahead) {
  const uint32_t panels = panels_of(t);
  if (panels == 4)
    run_row(t, panel_stride, 4, half, ahead);
  else if (panels == 3)
    run_row(t, panel_stride, 3, half, ahead);
  else if (panels == 2)
    run_row(t, panel_stride, 2, half, ahead);
  else
    run_row(t, panel_stride, 1, half, ahead);
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
  if (panel_stride == XDI_TILE_VECTORS * LANES)
    run_row_of(t, panel_stride, false, true);
  else
    run_row_of(t, panel_stride, false, false);
}

/* ---- numbers of fewer bytes ---- */

#if HAS_HALF
static void half_row(const xdi_tile *t, ptrdiff_t panel_stride) {
  run_row_of(t, panel_stride, true, false);
}

static bool shrink(uint16_t *to, const float *from, size_t count) {
  bool exact = true;
  for (size_t i = 0; i < count; i += LANES) {
    const vf a = load(from + i);
    store_half(to + i, a);
    vi same = load_half(to + i) == a;
    for (int lane = 0; lane < LANES; lane++)
      exact &= same[lane] != 0;
  }
  return exact;
}

static void expand_halves(float *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; i += LANES)
    store(to + i, load_half((const uint16_t *)from + i));
}
#endif

static void panel_maxima(float *to, const float *panel, uint32_t depth) {
  vf largest[XDI_TILE_VECTORS] = {zero(), zero()};
  for (uint32_t k = 0; k < depth; k++)
    UNROLL
  for (int v = 0; v < XDI_TILE_VECTORS; v++, panel += LANES) {
    const vf a = load(panel);
    largest[v] = larger(larger(a, -a), largest[v]);
  }
  for (int v = 0; v < XDI_TILE_VECTORS; v++)
    store(to + v * LANES, largest[v]);
}

/* Two vectors as bytes; lanes of `other` become -1 where they are not so exactly. What is no number becomes -127, and
 * is not the same then. */
INLINE void shrink_step(int8_t *to, vi *other, const float *from, const float *scales) {
  UNROLL
  for (int v = 0; v < XDI_TILE_VECTORS; v++) {
    const vf a = load(from + v * LANES), scale = load(scales + v * LANES);
    const vf units = nearest(smaller(larger(a / scale, all(-127.0f)), all(127.0f)));
    *other |= units * scale != a;
    store_bytes(to + v * LANES, to_int(units));
  }
}

static bool shrink_to_bytes(int8_t *to, const float *panel, const float *scales, uint32_t depth) {
  enum { WIDTH = XDI_TILE_VECTORS * LANES };
  int8_t pair[2][WIDTH];
  vi other = all_int(0);
  for (uint32_t k = 0; k < depth; k += 2, to += 2 * WIDTH) {
    memset(pair[1], 0, sizeof pair[1]);
    for (uint32_t i = 0; i < 2 && k + i < depth; i++, panel += WIDTH)
      shrink_step(pair[i], &other, panel, scales);
    for (int n = 0; n < WIDTH; n++) {
      to[2 * n] = pair[0][n];
      to[2 * n + 1] = pair[1][n];
    }
  }
  bool exact = true;
  for (int lane = 0; lane < LANES; lane++)
    exact &= other[lane] == 0;
  return exact;
}

/* The largest magnitude of a row; NaN where one of its numbers is not finite. */
INLINE float row_maximum(const float *from, uint32_t count) {
  vf largest = zero(), odd = zero();
  for (uint32_t i = 0; i < count; i += LANES) {
    const vf a = count - i < LANES ? load_first(from + i, count - i) : load(from + i);
    largest = larger(larger(a, -a), largest);
    odd += a * zero();
  }
  float most = 0.0f;
  for (int lane = 0; lane < LANES; lane++)
    most = largest[lane] > most ? largest[lane] : most;
  return most + sum(odd);
}

static void fix_row(int16_t *to, float *scale, const float *from, uint32_t count) {
  const float whole = (float)XDI_FIXED_MOST, most = row_maximum(from, count);
  const vf units = all(most > 1e-30f ? whole / most : 0.0f), end = all(whole);
  int16_t rest[LANES];
  for (uint32_t i = 0; i < count; i += LANES) {
    const uint32_t left = count - i;
    const vf a = left < LANES ? load_first(from + i, left) : load(from + i);
    store_shorts(left < LANES ? rest : to + i, to_int(nearest(smaller(larger(a * units, -end), end))));
    if (left < LANES)
      memcpy(to + i, rest, left * sizeof *rest);
  }
  if (count % 2)
    to[count] = 0;
  *scale = most > 1e-30f ? most / whole : most * 0.0f;
}
