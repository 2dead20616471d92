/* Philox 4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
 * (SC 2011); normals by Box and Muller (1958).
 *
 * log, sine and cosine are our own short series in plain float arithmetic, not libm's: the compiler
 * turns the loops over a batch into vector code, and the numbers are the same bytes with every C
 * library. A batch is always computed whole, so that a number does not depend on how a request is
 * cut. The file must be compiled without contraction to fused multiply-adds. */
#include "base/random.h"

#include <math.h>
#include <string.h>

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#define ROUNDS 10
#define BATCH_BLOCKS 16
#define BATCH_WORDS (4 * BATCH_BLOCKS)
#define BATCH_PAIRS (BATCH_WORDS / 2)

#define MULTIPLIER_0 UINT32_C(0xD2511F53)
#define MULTIPLIER_1 UINT32_C(0xCD9E8D57)
#define WEYL_0 UINT32_C(0x9E3779B9)
#define WEYL_1 UINT32_C(0xBB67AE85)

void xdi_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t product0 = (uint64_t)MULTIPLIER_0 * c0;
    uint64_t product1 = (uint64_t)MULTIPLIER_1 * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)product1;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)product0;
    k0 += WEYL_0;
    k1 += WEYL_1;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

static void make_block(uint32_t out[4], uint64_t seed, uint64_t stream, uint64_t block) {
  const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                               (uint32_t)(stream >> 32)};
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  xdi_philox(counter, key, out);
}

uint32_t xdi_random_word(uint64_t seed, uint64_t stream, uint64_t index) {
  uint32_t words[4];
  make_block(words, seed, stream, index / 4);
  return words[index % 4];
}

float xdi_random_uniform(uint64_t seed, uint64_t stream, uint64_t index) {
  return (float)(xdi_random_word(seed, stream, index) >> 8) * 0x1p-24f;
}

uint32_t xdi_random_below(uint64_t seed, uint64_t stream, uint64_t index, uint32_t bound) {
  return (uint32_t)(((uint64_t)xdi_random_word(seed, stream, index) * bound) >> 32);
}

static void make_pairs(uint32_t first[BATCH_PAIRS], uint32_t second[BATCH_PAIRS], uint64_t seed,
                       uint64_t stream, uint64_t block) {
  for (int i = 0; i < BATCH_BLOCKS; i++) {
    uint32_t words[4];
    make_block(words, seed, stream, block + (uint32_t)i);
    first[2 * i] = words[0], second[2 * i] = words[1];
    first[2 * i + 1] = words[2], second[2 * i + 1] = words[3];
  }
}

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* -2 log u with u = (word + 1) / 2^32 in (0, 1], so that it is finite. u = m 2^e with m in
 * [sqrt(1/2), sqrt 2), and log m = 2 atanh(s), s = (m-1)/(m+1), |s| < 0.172: five terms of the series
 * leave a relative error of 2e-9. */
static float squared_radius(uint32_t word) {
  const uint32_t sqrt_half = 0x3F3504F3;
  float high = (float)(int32_t)(word >> 16) * 65536.0f;
  float u = (high + (float)(int32_t)((word & 0xFFFF) + 1)) * 0x1p-32f; /* rounded once */
  uint32_t offset = bits_of(u) - sqrt_half;
  float exponent = (float)((int32_t)offset >> 23);
  float m = float_of((offset & 0x7FFFFF) + sqrt_half);
  float s = (m - 1.0f) / (m + 1.0f);
  float s2 = s * s;
  float series = 1.0f + s2 * (1.0f / 3 + s2 * (1.0f / 5 + s2 * (1.0f / 7 + s2 * (1.0f / 9))));
  float minus_two_log = -2.0f * exponent * 0.693147180559945f - 4.0f * s * series;
  return minus_two_log > 0.0f ? minus_two_log : 0.0f;
}

/* Sine and cosine of 2 pi word / 2^32: the nearest quarter turn, and a rest within pi/4 by Taylor's
 * series (relative error below 3e-9). */
static void turn(uint32_t word, float *sine, float *cosine) {
  uint32_t quarter = (word + (UINT32_C(1) << 29)) >> 30;
  int32_t rest = (int32_t)(word - (quarter << 30));
  float a = (float)rest * (1.57079632679490f * 0x1p-30f);
  float a2 = a * a;
  float s = a * (1.0f - a2 * (1.0f / 6 - a2 * (1.0f / 120 - a2 * (1.0f / 5040 - a2 * (1.0f / 362880)))));
  float c =
      1.0f - a2 * (0.5f - a2 * (1.0f / 24 - a2 * (1.0f / 720 - a2 * (1.0f / 40320 - a2 * (1.0f / 3628800)))));
  uint32_t odd = 0u - (quarter & 1);
  uint32_t s_bits = bits_of(s), c_bits = bits_of(c);
  *sine = float_of(((s_bits & ~odd) | (c_bits & odd)) ^ ((quarter & 2) << 30));
  *cosine = float_of(((c_bits & ~odd) | (s_bits & odd)) ^ (((quarter + 1) & 2) << 30));
}

static void make_normals(float to[BATCH_WORDS], uint64_t seed, uint64_t stream, uint64_t block) {
  uint32_t first[BATCH_PAIRS], second[BATCH_PAIRS];
  float radius[BATCH_PAIRS], sine[BATCH_PAIRS], cosine[BATCH_PAIRS];
  make_pairs(first, second, seed, stream, block);
  for (int i = 0; i < BATCH_PAIRS; i++)
    radius[i] = squared_radius(first[i]);
  for (int i = 0; i < BATCH_PAIRS; i++)
    radius[i] = sqrtf(radius[i]);
  for (int i = 0; i < BATCH_PAIRS; i++)
    turn(second[i], &sine[i], &cosine[i]);
  for (int i = 0; i < BATCH_PAIRS; i++) {
    to[2 * i] = radius[i] * cosine[i];
    to[2 * i + 1] = radius[i] * sine[i];
  }
}

void xdi_random_normals(float *to, size_t count, uint64_t seed, uint64_t stream, uint64_t first) {
  uint64_t block = first / 4;
  size_t skip = (size_t)(first % 4);
  while (count > 0) {
    if (skip == 0 && count >= BATCH_WORDS) {
      make_normals(to, seed, stream, block);
      to += BATCH_WORDS;
      count -= BATCH_WORDS;
    } else {
      float batch[BATCH_WORDS];
      size_t part = BATCH_WORDS - skip < count ? BATCH_WORDS - skip : count;
      make_normals(batch, seed, stream, block);
      memcpy(to, batch + skip, part * sizeof *to);
      to += part;
      count -= part;
      skip = 0;
    }
    block += BATCH_BLOCKS;
  }
}

void xdi_random_permutation(uint32_t *to, uint32_t count, uint64_t seed, uint64_t stream) {
  for (uint32_t i = 0; i < count; i++)
    to[i] = i;
  for (uint32_t i = count; i > 1; i--) {
    uint32_t other = xdi_random_below(seed, stream, i - 1, i);
    uint32_t last = to[i - 1];
    to[i - 1] = to[other];
    to[other] = last;
  }
}
