/* Philox 4x32-10 with one block in each lane, and what is made of its words: the same numbers as
 * base/random.c makes, the words exactly, the normals within float rounding. Included after
 * vector_math.h. */

typedef struct words {
  vu w[4]; /* w[j] lane i: word j of block first + i */
} words;

/* The 64-bit products of the lanes with `multiplier`, as high and low halves. */
INLINE void multiply_wide(vu a, uint32_t multiplier, vu *high, vu *low) {
  const vu64 even = multiply_even(a, all_word(multiplier));
  const vu64 odd = multiply_even((vu)((vu64)a >> 32), all_word(multiplier));
  const vu64 upper = (vu64){0} + UINT64_C(0xFFFFFFFF00000000);
  *high = (vu)((even >> 32) | (odd & upper));
  *low = (vu)((even & ~upper) | (odd << 32));
}

INLINE words make_words(uint64_t seed, uint64_t stream, uint64_t block) {
  uint32_t low[LANES], high[LANES];
  for (uint32_t i = 0; i < LANES; i++)
    low[i] = (uint32_t)(block + i), high[i] = (uint32_t)((block + i) >> 32);
  vu c0 = (vu)load((const float *)(const void *)low), c1 = (vu)load((const float *)(const void *)high);
  vu c2 = all_word((uint32_t)stream), c3 = all_word((uint32_t)(stream >> 32));
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++) {
    vu high0, low0, high1, low1;
    multiply_wide(c0, UINT32_C(0xD2511F53), &high0, &low0);
    multiply_wide(c2, UINT32_C(0xCD9E8D57), &high1, &low1);
    c0 = high1 ^ c1 ^ all_word(k0);
    c2 = high0 ^ c3 ^ all_word(k1);
    c1 = low1, c3 = low0;
    k0 += UINT32_C(0x9E3779B9), k1 += UINT32_C(0xBB67AE85);
  }
  return (words){{c0, c1, c2, c3}};
}

/* sqrt(-2 log u), u = (word + 1) / 2^32. */
INLINE vf radius(vu word) {
  const vf high = to_float((vi)(word >> 16)) * 65536.0f;
  const vf u = (high + to_float((vi)((word & 0xFFFF) + 1))) * 0x1p-32f;
  return square_root(larger(zero(), vector_log(u) * -2.0f));
}

/* Cosine and sine of 2 pi word / 2^32: the nearest quarter turn, and a rest within pi/4. */
INLINE void turn(vu word, vf *cosine, vf *sine) {
  const vu quarter = (word + (UINT32_C(1) << 29)) >> 30;
  const vf a = to_float((vi)(word - (quarter << 30))) * (1.57079632679490f * 0x1p-30f), a2 = a * a;
  vf s = multiply_add(a2, all(1.0f / 362880), all(-1.0f / 5040));
  s = multiply_add(a2, s, all(1.0f / 120));
  s = multiply_add(a2, s, all(-1.0f / 6));
  s = multiply_add(a2 * a, s, a);
  vf c = multiply_add(a2, all(-1.0f / 3628800), all(1.0f / 40320));
  c = multiply_add(a2, c, all(-1.0f / 720));
  c = multiply_add(a2, c, all(1.0f / 24));
  c = multiply_add(a2, c, all(-0.5f));
  c = multiply_add(a2, c, all(1.0f));
  const vi odd = (vi)(quarter & 1);
  *sine = (vf)((vu)where_bits(odd, c, s) ^ ((quarter & 2) << 30));
  *cosine = (vf)((vu)where_bits(odd, s, c) ^ (((quarter + 1) & 2) << 30));
}

/* to[4 i + j] = v[j] lane i. */
INLINE void interleave(float *to, const vf v[4]) {
  float plain[4][LANES];
  for (int j = 0; j < 4; j++)
    store(plain[j], v[j]);
  for (uint32_t i = 0; i < LANES; i++)
    for (uint32_t j = 0; j < 4; j++)
      to[4 * i + j] = plain[j][i];
}

#define BATCH (4 * LANES)

static void make_normals(float to[BATCH], uint64_t seed, uint64_t stream, uint64_t block) {
  const words w = make_words(seed, stream, block);
  vf v[4];
  for (int j = 0; j < 4; j += 2) {
    vf cosine, sine;
    const vf length = radius(w.w[j]);
    turn(w.w[j + 1], &cosine, &sine);
    v[j] = length * cosine, v[j + 1] = length * sine;
  }
  interleave(to, v);
}

static void normals(float *to, size_t count, uint64_t seed, uint64_t stream, uint64_t first) {
  float batch[BATCH];
  size_t skip = (size_t)(first % 4);
  for (uint64_t block = first / 4; count > 0; block += LANES) {
    const size_t part = BATCH - skip < count ? BATCH - skip : count;
    make_normals(batch, seed, stream, block);
    memcpy(to, batch + skip, part * sizeof *to);
    to += part, count -= part, skip = 0;
  }
}

/* to = from * scale where the uniform number of the cell is at least `rate`, else 0. */
static void drop(float *to, const float *from, size_t count, float rate, float scale, uint64_t seed,
                 uint64_t stream, uint64_t first) {
  float factor[BATCH];
  size_t skip = (size_t)(first % 4);
  for (uint64_t block = first / 4; count > 0; block += LANES) {
    const size_t part = BATCH - skip < count ? BATCH - skip : count;
    const words w = make_words(seed, stream, block);
    vf v[4];
    for (int j = 0; j < 4; j++)
      v[j] = where_above(all(rate), to_float((vi)(w.w[j] >> 8)) * 0x1p-24f, zero(), all(scale));
    interleave(factor, v);
    for (size_t i = 0; i < part; i++)
      to[i] = factor[skip + i] == 0.0f ? 0.0f : from[i] * factor[skip + i];
    to += part, from += part, count -= part, skip = 0;
  }
}
