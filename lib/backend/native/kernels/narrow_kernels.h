/* Panels of numbers of fewer bytes than floats, binary16 and bytes with scales, and the rows of whole numbers that meet
 * bytes. Included by each kernels_*.c after tile_kernels.h. */

#if HAS_HALF
static void half_row(const xdi_tile *t, ptrdiff_t panel_stride) {
  run_row_of(t, panel_stride, true);
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

/* ---- tiles of whole numbers ---- */

typedef vi pair_sums[XDI_TILE_ROWS][XDI_TILE_VECTORS];

/* Tiles of bytes times whole numbers, in pairs that lie where floats would; their panels are whole. */
INLINE void run_byte_tile(const xdi_tile *t, const int rows, const bool scattered) {
  pair_sums pairs;
  tile_sums sums;
  ptrdiff_t places[XDI_TILE_ROWS];
  const int8_t *b_run = t->narrow;
  const float *a_run = t->a;
  UNROLL
  for (int i = 0; i < rows; i++) {
    pairs[i][0] = pairs[i][1] = all_int(0);
    places[i] = scattered ? t->a_rows[i] : i * t->a_row;
  }
  for (uint32_t run = t->runs; run > 0; run--, a_run += t->a_run, b_run += 2 * t->b_run) {
    const int8_t *b = b_run;
    const float *a = a_run;
    for (uint32_t k = t->steps; k > 0; k--, a++, b += 2 * t->b_step) {
      vi bv[XDI_TILE_VECTORS];
      UNROLL
      for (int v = 0; v < XDI_TILE_VECTORS; v++)
        bv[v] = load_bytes(b + 2 * v * LANES);
      UNROLL
      for (int i = 0; i < rows; i++) {
        int32_t pair;
        memcpy(&pair, a + places[i], sizeof pair);
        const vi av = all_int(pair);
        UNROLL
        for (int v = 0; v < XDI_TILE_VECTORS; v++)
          pairs[i][v] = add_pairs(pairs[i][v], av, bv[v]);
      }
    }
  }
  UNROLL
  for (int i = 0; i < rows; i++) {
    UNROLL
    for (int v = 0; v < XDI_TILE_VECTORS; v++)
      sums[i][v] = to_float(pairs[i][v]);
  }
  store_tile(sums, t, rows, XDI_TILE_VECTORS, true, scattered);
}

#define BYTE_TILE_OF(rows) XDI_LOCAL(byte_tile_##rows)
#if HAS_SCATTERED_TILES
#define BYTE_TILE(rows) \
  static void BYTE_TILE_OF(rows)(const xdi_tile *t) { \
    if (t->a_rows) \
      run_byte_tile(t, rows, true); \
    else \
      run_byte_tile(t, rows, false); \
  }
#else
#define BYTE_TILE(rows) \
  static void BYTE_TILE_OF(rows)(const xdi_tile *t) { \
    run_byte_tile(t, rows, false); \
  }
#endif
EACH_HEIGHT(BYTE_TILE)
#undef BYTE_TILE

/* clang-format off */
#define BYTE_TILE_ENTRY(rows) BYTE_TILE_OF(rows),
#define BYTE_TILES { EACH_HEIGHT(BYTE_TILE_ENTRY) }
/* clang-format on */
