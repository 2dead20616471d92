/* Sums and maps of a picture's channels, for group normalisation and upsampling. Included after vector.h.
 *
 * A picture is cells of `stride` floats, of which the kernels see the first `channels`. They take four, two or one
 * vector of channels side by side, and at last a part of one. */

/* Cells whose sums stay in float. */
#define CHANNEL_BLOCK 128

#define FOR_CHANNELS(body) \
  size_t c = 0; \
  for (; c + 4 * LANES <= channels; c += 4 * LANES) \
    body(4, true); \
  for (; c + 2 * LANES <= channels; c += 2 * LANES) \
    body(2, true); \
  for (; c + LANES <= channels; c += LANES) \
    body(1, true); \
  if (c < channels) \
  body(1, false)

/* The vector v of a cell's part; `count` of its lanes, unless it is whole. */
INLINE vf load_part(const float *from, int v, const bool whole, uint32_t count) {
  return whole ? load(from + v * LANES) : load_first(from, count);
}

INLINE void store_part(float *to, vf a, int v, const bool whole, uint32_t count) {
  if (whole)
    store(to + v * LANES, a);
  else
    store_first(to, a, count);
}

INLINE void add_to_doubles(double *to, vf a, uint32_t count) {
  float plain[LANES];
  store(plain, a);
  for (uint32_t i = 0; i < count; i++)
    to[i] += (double)plain[i];
}

/* sums += x - about, squares += (x - about)^2. */
INLINE void moments_of(double *sums, double *squares, const float *x, const float *about, size_t cells,
                       size_t stride, const int vectors, const bool whole, uint32_t count) {
  vf base[4];
  UNROLL
  for (int v = 0; v < vectors; v++)
    base[v] = load_part(about, v, whole, count);
  for (size_t begin = 0; begin < cells; begin += CHANNEL_BLOCK) {
    const size_t end = cells - begin < CHANNEL_BLOCK ? cells : begin + CHANNEL_BLOCK;
    vf first[4], second[4];
    UNROLL
    for (int v = 0; v < vectors; v++)
      first[v] = second[v] = zero();
    for (size_t cell = begin; cell < end; cell++) {
      UNROLL
      for (int v = 0; v < vectors; v++) {
        const vf difference = load_part(x + cell * stride, v, whole, count) - base[v];
        first[v] += difference;
        second[v] = multiply_add(difference, difference, second[v]);
      }
    }
    UNROLL
    for (int v = 0; v < vectors; v++) {
      add_to_doubles(sums + v * LANES, first[v], whole ? LANES : count);
      add_to_doubles(squares + v * LANES, second[v], whole ? LANES : count);
    }
  }
}

static void channel_moments(double *sums, double *squares, const float *x, const float *about, size_t cells,
                            size_t stride, size_t channels) {
#define BODY(vectors, whole) \
  moments_of(sums + c, squares + c, x + c, about + c, cells, stride, vectors, whole, (uint32_t)(channels - c))
  FOR_CHANNELS(BODY);
#undef BODY
}

/* sums += dy, products += dy (x - about). */
INLINE void products_of(double *sums, double *products, const float *dy, const float *x, const float *about,
                        size_t cells, size_t stride, const int vectors, const bool whole, uint32_t count) {
  vf base[4];
  UNROLL
  for (int v = 0; v < vectors; v++)
    base[v] = load_part(about, v, whole, count);
  for (size_t begin = 0; begin < cells; begin += CHANNEL_BLOCK) {
    const size_t end = cells - begin < CHANNEL_BLOCK ? cells : begin + CHANNEL_BLOCK;
    vf first[4], second[4];
    UNROLL
    for (int v = 0; v < vectors; v++)
      first[v] = second[v] = zero();
    for (size_t cell = begin; cell < end; cell++) {
      UNROLL
      for (int v = 0; v < vectors; v++) {
        const vf gradient = load_part(dy + cell * stride, v, whole, count);
        first[v] += gradient;
        second[v] =
            multiply_add(gradient, load_part(x + cell * stride, v, whole, count) - base[v], second[v]);
      }
    }
    UNROLL
    for (int v = 0; v < vectors; v++) {
      add_to_doubles(sums + v * LANES, first[v], whole ? LANES : count);
      add_to_doubles(products + v * LANES, second[v], whole ? LANES : count);
    }
  }
}

static void channel_products(double *sums, double *products, const float *dy, const float *x,
                             const float *about, size_t cells, size_t stride, size_t channels) {
#define BODY(vectors, whole) \
  products_of(sums + c, products + c, dy + c, x + c, about + c, cells, stride, vectors, whole, \
              (uint32_t)(channels - c))
  FOR_CHANNELS(BODY);
#undef BODY
}

INLINE void map_of(float *y, const float *x, const float *about, const float *scale, const float *shift,
                   float slope, size_t cells, size_t stride, const int vectors, const bool whole,
                   uint32_t count) {
  vf base[4], factor[4], offset[4];
  UNROLL
  for (int v = 0; v < vectors; v++) {
    base[v] = load_part(about, v, whole, count);
    factor[v] = load_part(scale, v, whole, count);
    offset[v] = load_part(shift, v, whole, count);
  }
  for (size_t cell = 0; cell < cells; cell++) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
      const vf value =
          multiply_add(load_part(x + cell * stride, v, whole, count) - base[v], factor[v], offset[v]);
      store_part(y + cell * stride, larger(value * slope, value), v, whole, count);
    }
  }
}

/* y = f(scale (x - about) + shift), f(v) = v above zero, else slope v. */
static void channel_map(float *y, const float *x, const float *about, const float *scale, const float *shift,
                        float slope, size_t cells, size_t stride, size_t channels) {
#define BODY(vectors, whole) \
  map_of(y + c, x + c, about + c, scale + c, shift + c, slope, cells, stride, vectors, whole, \
         (uint32_t)(channels - c))
  FOR_CHANNELS(BODY);
#undef BODY
}

INLINE void map_back_of(float *dx, const float *dy, const float *x, const xdi_channel_map *map, size_t c,
                        size_t cells, size_t stride, const int vectors, const bool whole, uint32_t count) {
  vf base[4], along_dy[4], along_x[4], offset[4];
  UNROLL
  for (int v = 0; v < vectors; v++) {
    base[v] = load_part(map->about + c, v, whole, count);
    along_dy[v] = load_part(map->dy + c, v, whole, count);
    along_x[v] = load_part(map->x + c, v, whole, count);
    offset[v] = load_part(map->shift + c, v, whole, count);
  }
  const float slope = map->slope;
  for (size_t cell = 0; cell < cells; cell++) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
      const vf place = load_part(x + cell * stride, v, whole, count);
      const vf gradient = load_part(dy + cell * stride, v, whole, count);
      const vf value =
          multiply_add(gradient, along_dy[v], multiply_add(place - base[v], along_x[v], offset[v]));
      store_part(dx + cell * stride, where_above(place, zero(), value, value * slope), v, whole, count);
    }
  }
}

/* dx = (map.dy dy + map.x (x - about) + shift) times the slope at x. */
static void channel_map_back(float *dx, const float *dy, const float *x, const xdi_channel_map *map,
                             size_t cells, size_t stride, size_t channels) {
#define BODY(vectors, whole) \
  map_back_of(dx + c, dy + c, x + c, map, c, cells, stride, vectors, whole, (uint32_t)(channels - c))
  FOR_CHANNELS(BODY);
#undef BODY
}

/* to[column] = from[column / 2] for columns of `channels` floats. */
static void double_columns(float *to, const float *from, size_t columns, size_t channels) {
  for (size_t column = 0; column < columns; column++, to += channels) {
    const float *cell = from + column / 2 * channels;
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES)
      store(to + c, load(cell + c));
    for (; c < channels; c++)
      to[c] = cell[c];
  }
}

/* to[column] = the sum of the cells of dy in columns 2 column and 2 column + 1, as far as there are `limit`, of
 * one or two rows; second may be NULL. */
static void halve_columns(float *to, const float *first, const float *second, size_t columns, size_t limit,
                          size_t channels) {
  for (size_t column = 0; column < columns; column++, to += channels) {
    const size_t at = 2 * column * channels, next = 2 * column + 1 < limit ? channels : 0;
    for (size_t c = 0; c < channels; c += LANES) {
      const uint32_t count = (uint32_t)(channels - c < LANES ? channels - c : LANES);
      const bool whole = count == LANES;
      vf value = load_part(first + at + c, 0, whole, count);
      if (next)
        value += load_part(first + at + next + c, 0, whole, count);
      if (second) {
        vf below = load_part(second + at + c, 0, whole, count);
        if (next)
          below += load_part(second + at + next + c, 0, whole, count);
        value += below;
      }
      store_part(to + c, value, 0, whole, count);
    }
  }
}

/* y = f(a + b), f(v) = v above zero, else slope v. */
static void add_cells(float *y, const float *a, const float *b, float slope, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const vf value = load(a + i) + load(b + i);
    store(y + i, larger(value * slope, value));
  }
  if (i < count) {
    const uint32_t rest = (uint32_t)(count - i);
    const vf value = load_first(a + i, rest) + load_first(b + i, rest);
    store_first(y + i, larger(value * slope, value), rest);
  }
}
