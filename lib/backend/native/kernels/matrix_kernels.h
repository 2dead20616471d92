/* Small helpers of the products: transposes, column sums, row dots. Included after vector.h. */

/* a0 b0 a1 b1 ..: the first and the second half. */
#if LANES == 16
#define FIRST_HALF 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define SECOND_HALF 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define FIRST_HALF 0, 8, 1, 9, 2, 10, 3, 11
#define SECOND_HALF 4, 12, 5, 13, 6, 14, 7, 15
#else
#define FIRST_HALF 0, 4, 1, 5
#define SECOND_HALF 2, 6, 3, 7
#endif

/* A square of LANES vectors is transposed by log2(LANES) rounds, each of which interleaves the first
 * half of the vectors with the second. */
INLINE void transpose_square(vf v[LANES]) {
  UNROLL
  for (int round = 1; round < LANES; round *= 2) {
    vf next[LANES];
    UNROLL
    for (int i = 0; i < LANES / 2; i++) {
      next[2 * i] = __builtin_shufflevector(v[i], v[i + LANES / 2], FIRST_HALF);
      next[2 * i + 1] = __builtin_shufflevector(v[i], v[i + LANES / 2], SECOND_HALF);
    }
    UNROLL
    for (int i = 0; i < LANES; i++)
      v[i] = next[i];
  }
}

static void transpose_part(float *to, ptrdiff_t to_row, const float *from, ptrdiff_t from_row, uint32_t rows,
                           uint32_t columns) {
  for (uint32_t m = 0; m < rows; m++)
    for (uint32_t n = 0; n < columns; n++)
      to[(ptrdiff_t)n * to_row + m] = from[(ptrdiff_t)m * from_row + n];
}

static void transpose(float *to, ptrdiff_t to_row, const float *from, ptrdiff_t from_row, uint32_t rows,
                      uint32_t columns) {
  for (uint32_t m = 0; m < rows; m += LANES)
    for (uint32_t n = 0; n < columns; n += LANES) {
      const float *corner = from + (ptrdiff_t)m * from_row + n;
      float *target = to + (ptrdiff_t)n * to_row + m;
      if (rows - m < LANES || columns - n < LANES) {
        transpose_part(target, to_row, corner, from_row, rows - m < LANES ? rows - m : LANES,
                       columns - n < LANES ? columns - n : LANES);
        continue;
      }
      vf v[LANES];
      UNROLL
      for (int i = 0; i < LANES; i++)
        v[i] = load(corner + i * from_row);
      transpose_square(v);
      UNROLL
      for (int i = 0; i < LANES; i++)
        store(target + i * to_row, v[i]);
    }
}

/* to[depth][2 * LANES] = from[depth][columns], zero beyond the columns. */
static void pack_rows(float *to, const float *from, ptrdiff_t from_row, uint32_t depth, uint32_t columns) {
  if (columns == 2 * LANES)
    for (uint32_t k = 0; k < depth; k++, to += 2 * LANES, from += from_row) {
      store(to, load(from));
      store(to + LANES, load(from + LANES));
    }
  else
    for (uint32_t k = 0; k < depth; k++, to += 2 * LANES, from += from_row) {
      const uint32_t left = columns < LANES ? columns : LANES;
      store(to, load_first(from, left));
      store(to + LANES, load_first(from + left, columns - left));
    }
}

static void sum_rows(float *to, const float *from, ptrdiff_t from_row, uint32_t rows, uint32_t columns,
                     bool add) {
  uint32_t n = 0;
  for (; n + 2 * LANES <= columns; n += 2 * LANES) {
    vf s0 = zero(), s1 = zero();
    const float *cell = from + n;
    for (uint32_t m = 0; m < rows; m++, cell += from_row)
      s0 += load(cell), s1 += load(cell + LANES);
    store(to + n, add ? s0 + load(to + n) : s0);
    store(to + n + LANES, add ? s1 + load(to + n + LANES) : s1);
  }
  for (; n < columns; n += LANES) {
    const uint32_t count = columns - n < LANES ? columns - n : LANES;
    vf s0 = zero();
    const float *cell = from + n;
    for (uint32_t m = 0; m < rows; m++, cell += from_row)
      s0 += load_first(cell, count);
    store_first(to + n, add ? s0 + load_first(to + n, count) : s0, count);
  }
}

INLINE void dot_rows(float *y, ptrdiff_t y_row, const float *a, ptrdiff_t a_row, const float *b,
                     uint32_t depth, const int rows) {
  vf sums[4];
  UNROLL
  for (int i = 0; i < rows; i++)
    sums[i] = zero();
  uint32_t k = 0;
  for (; k + LANES <= depth; k += LANES) {
    const vf bv = load(b + k);
    UNROLL
    for (int i = 0; i < rows; i++)
      sums[i] = multiply_add(load(a + i * a_row + k), bv, sums[i]);
  }
  if (k < depth) {
    const vf bv = load_first(b + k, depth - k);
    UNROLL
    for (int i = 0; i < rows; i++)
      sums[i] = multiply_add(load_first(a + i * a_row + k, depth - k), bv, sums[i]);
  }
  UNROLL
  for (int i = 0; i < rows; i++)
    y[i * y_row] = sum(sums[i]);
}

static void dots(float *y, ptrdiff_t y_row, const float *a, ptrdiff_t a_row, const float *b, uint32_t rows,
                 uint32_t depth) {
  uint32_t m = 0;
  for (; m + 4 <= rows; m += 4)
    dot_rows(y + m * y_row, y_row, a + m * a_row, a_row, b, depth, 4);
  for (; m < rows; m++)
    dot_rows(y + m * y_row, y_row, a + m * a_row, a_row, b, depth, 1);
}

static void collect(float *to, ptrdiff_t to_step, float start, const xdi_term *terms, uint32_t count,
                    uint32_t width) {
  float plain[LANES], numbers[LANES];
  for (uint32_t i = 0; i < LANES; i++)
    numbers[i] = (float)i;
  const vi lane = to_int(load(numbers));
  for (uint32_t j = 0; j < width; j += LANES) {
    const vi place = lane + (int32_t)j;
    vf acc = all(start);
    for (uint32_t i = 0; i < count; i++) {
      const vi inside = (vi)(place >= (int32_t)terms[i].begin) & (vi)(place < (int32_t)terms[i].end);
      acc += where_bits(inside, load(terms[i].from + j), zero());
    }
    store(plain, acc);
    for (uint32_t i = 0; i < LANES && i < width - j; i++)
      to[(ptrdiff_t)(j + i) * to_step] = plain[i];
  }
}
