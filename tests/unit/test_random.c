/* Philox against its published answers, the layout of streams, and the distributions made of them. */
#include "support.h"

#include <math.h>

#include "base/random.h"

#define SEED UINT64_C(0x0123456789ABCDEF)
#define STREAM UINT64_C(0x00000009000000A7)
#define MANY 1000000

/* kat_vectors of Random123 1.14, philox 4x32 with 10 rounds. */
START_TEST(philox__gives_the_published_answers) {
  static const uint32_t cases[][10] = {
      {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
      {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
       0xa20bc7c6, 0x6d5451fd},
      {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
       0x5001e420, 0x24126ea1},
  };
  for (int i = 0; i < 3; i++) {
    uint32_t out[4];
    xdi_philox(cases[i], cases[i] + 4, out);
    for (int j = 0; j < 4; j++)
      ck_assert_uint_eq(out[j], cases[i][6 + j]);
  }
}
END_TEST

START_TEST(random_word__is_a_word_of_the_block_of_its_counter) {
  const uint64_t indices[] = {0, 1, 2, 3, 4, 7, 1000003, UINT64_C(0x300000000) * 4 + 2};
  const uint32_t key[2] = {(uint32_t)SEED, (uint32_t)(SEED >> 32)};
  for (int i = 0; i < 8; i++) {
    uint64_t block = indices[i] / 4;
    const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)STREAM,
                                 (uint32_t)(STREAM >> 32)};
    uint32_t out[4];
    xdi_philox(counter, key, out);
    ck_assert_uint_eq(xdi_random_word(SEED, STREAM, indices[i]), out[indices[i] % 4]);
  }
}
END_TEST

START_TEST(stream_id__keeps_uses_and_indices_apart) {
  ck_assert_uint_eq(xdi_stream_id(XDI_STREAM_SHUFFLE, 5), (UINT64_C(2) << 32) + 5);
  ck_assert_uint_ne(xdi_stream_id(XDI_STREAM_INIT, UINT32_MAX), xdi_stream_id(XDI_STREAM_SHUFFLE, 0));
}
END_TEST

START_TEST(random_uniform__lies_below_one_and_is_even) {
  int tenths[10] = {0}, wrong = 0;
  double sum = 0;
  for (uint64_t i = 0; i < MANY; i++) {
    float value = xdi_random_uniform(SEED, STREAM, i);
    if (!(value >= 0.0f && value < 1.0f))
      ck_abort_msg("uniform %u is %.9g", (unsigned)i, (double)value);
    wrong += value != (float)(xdi_random_word(SEED, STREAM, i) >> 8) / 16777216.0f;
    tenths[(int)(value * 10)]++;
    sum += value;
  }
  ck_assert_int_eq(wrong, 0);
  ck_assert_double_lt(fabs(sum / MANY - 0.5), 5 * sqrt(1.0 / 12 / MANY));
  for (int i = 0; i < 10; i++)
    ck_assert_int_lt(abs(tenths[i] - MANY / 10), 5 * 300); /* 300 = sqrt(MANY * .1 * .9) */
}
END_TEST

START_TEST(random_below__reaches_every_value_and_no_other) {
  const uint32_t bounds[] = {1, 2, 3, 7, 10, 1000};
  for (int b = 0; b < 6; b++) {
    uint32_t counts[1000] = {0};
    uint32_t draws = bounds[b] * 1000;
    for (uint32_t i = 0; i < draws; i++) {
      uint32_t value = xdi_random_below(SEED, STREAM, i, bounds[b]);
      if (value >= bounds[b])
        ck_abort_msg("%u is not below %u", (unsigned)value, (unsigned)bounds[b]);
      counts[value]++;
    }
    for (uint32_t v = 0; v < bounds[b]; v++)
      ck_assert_int_lt(abs((int)counts[v] - 1000), 160); /* 5 deviations */
  }
  ck_assert_uint_gt(xdi_random_below(SEED, STREAM, 0, UINT32_MAX), 0);
}
END_TEST

/* Normal `index` by its definition, in double and with libm. */
static double reference_normal(uint64_t seed, uint64_t stream, uint64_t index) {
  double u = (xdi_random_word(seed, stream, index - index % 2) + 1.0) / 4294967296.0;
  double angle =
      6.283185307179586476925 * xdi_random_word(seed, stream, index - index % 2 + 1) / 4294967296.0;
  return sqrt(-2 * log(u)) * (index % 2 ? sin(angle) : cos(angle));
}

START_TEST(random_normals__follow_box_and_muller) {
  static float values[200000];
  xdi_random_normals(values, 200000, SEED, STREAM, 0);
  for (uint64_t i = 0; i < 200000; i++) {
    double expected = reference_normal(SEED, STREAM, i);
    double bound = fabs(expected) < 0.02 ? 2e-5 : 2e-6 + 1e-6 * fabs(expected);
    if (!(fabs(values[i] - expected) < bound))
      ck_abort_msg("normal %u is %.9g, not %.9g", (unsigned)i, (double)values[i], expected);
  }
}
END_TEST

START_TEST(random_normals__have_the_moments_and_tails) {
  static float values[MANY];
  double moments[5] = {0};
  int beyond[4] = {0};
  static const double tails[4] = {1, 0.31731, 0.0455, 0.0027};
  xdi_random_normals(values, MANY, SEED, STREAM, 0);
  for (int i = 0; i < MANY; i++) {
    double x = values[i];
    if (!(fabs(x) < 6.67)) /* sqrt(2 * 32 * log 2) */
      ck_abort_msg("normal %d is %g", i, x);
    for (int k = 1; k < 5; k++)
      moments[k] += pow(x, k) / MANY;
    for (int k = 1; k < 4; k++)
      beyond[k] += fabs(x) > k;
  }
  ck_assert_double_lt(fabs(moments[1]), 5 / sqrt(MANY));
  ck_assert_double_lt(fabs(moments[2] - 1), 5 * sqrt(2.0 / MANY));
  ck_assert_double_lt(fabs(moments[3]), 5 * sqrt(15.0 / MANY));
  ck_assert_double_lt(fabs(moments[4] - 3), 5 * sqrt(96.0 / MANY));
  for (int k = 1; k < 4; k++)
    ck_assert_double_lt(fabs(beyond[k] - tails[k] * MANY), 5 * sqrt(tails[k] * MANY));
}
END_TEST

START_TEST(random_normals__do_not_depend_on_how_they_are_cut) {
  enum { COUNT = 1000 };
  float whole[COUNT], part[COUNT + 1];
  xdi_random_normals(whole, COUNT, SEED, STREAM, 0);
  for (size_t first = 0; first < 140; first++) {
    for (size_t count = 0; count <= 200; count += first % 7 + 1) {
      part[count] = 12345.0f;
      xdi_random_normals(part, count, SEED, STREAM, first);
      if (memcmp(part, whole + first, count * sizeof *part) != 0 || part[count] != 12345.0f)
        ck_abort_msg("%u normals from %u differ", (unsigned)count, (unsigned)first);
    }
  }
}
END_TEST

START_TEST(random_normals__go_on_beyond_32_bits) {
  const uint64_t first = (UINT64_C(1) << 34) - 6; /* the block index grows a 33rd bit on the way */
  float values[100];
  xdi_random_normals(values, 100, SEED, STREAM, first);
  for (uint64_t i = 0; i < 100; i++)
    ck_assert_double_lt(fabs(values[i] - reference_normal(SEED, STREAM, first + i)), 2e-5);
}
END_TEST

/* The same bytes with every compiler and C library: plain float arithmetic, rounded once each step. */
START_TEST(random_normals__are_the_same_bytes_everywhere) {
  static float values[10000];
  uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a of the bits */
  xdi_random_normals(values, 10000, 42, xdi_stream_id(XDI_STREAM_TRANSLATE, 3), 0);
  for (int i = 0; i < 10000; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    hash = (hash ^ bits) * UINT64_C(0x100000001b3);
  }
  ck_assert_uint_eq(hash, UINT64_C(0x73e7ec83f8b863db));
}
END_TEST

static double correlation(const float *a, const float *b, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++)
    sum += (double)a[i] * b[i];
  return sum / count;
}

START_TEST(random_normals__of_other_streams_and_seeds_are_unrelated) {
  enum { COUNT = 100000 };
  static float a[COUNT], b[COUNT];
  const double bound = 5 / sqrt(COUNT);
  xdi_random_normals(a, COUNT, SEED, STREAM, 0);
  xdi_random_normals(b, COUNT, SEED, STREAM + 1, 0);
  ck_assert_double_lt(fabs(correlation(a, b, COUNT)), bound);
  xdi_random_normals(b, COUNT, SEED + 1, STREAM, 0);
  ck_assert_double_lt(fabs(correlation(a, b, COUNT)), bound);
  xdi_random_normals(b, COUNT, SEED ^ (UINT64_C(1) << 63), STREAM, 0);
  ck_assert_double_lt(fabs(correlation(a, b, COUNT)), bound);
  ck_assert_double_lt(fabs(correlation(a, a + 1, COUNT - 1)), bound); /* the two of a pair */
  ck_assert_double_lt(fabs(correlation(a, a + 4, COUNT - 4)), bound); /* neighbouring blocks */
}
END_TEST

START_TEST(random_permutation__holds_every_index_once) {
  const uint32_t counts[] = {1, 2, 3, 10, 1000};
  uint32_t order[1000];
  for (int c = 0; c < 5; c++) {
    unsigned char seen[1000] = {0};
    xdi_random_permutation(order, counts[c], SEED, STREAM);
    for (uint32_t i = 0; i < counts[c]; i++) {
      if (order[i] >= counts[c] || seen[order[i]]++)
        ck_abort_msg("%u of %u is wrong or comes twice", (unsigned)order[i], (unsigned)counts[c]);
    }
  }
  order[0] = 99;
  xdi_random_permutation(order, 0, SEED, STREAM);
  ck_assert_uint_eq(order[0], 99);
}
END_TEST

START_TEST(random_permutation__puts_every_index_everywhere_equally_often) {
  uint32_t places[5][5] = {{0}}, order[5];
  for (uint64_t stream = 0; stream < 10000; stream++) {
    xdi_random_permutation(order, 5, SEED, stream);
    for (int i = 0; i < 5; i++)
      places[i][order[i]]++;
  }
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++)
      ck_assert_int_lt(abs((int)places[i][j] - 2000), 200); /* 5 deviations of 40 */
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("random");
  add_case(suite, philox__gives_the_published_answers);
  add_case(suite, random_word__is_a_word_of_the_block_of_its_counter);
  add_case(suite, stream_id__keeps_uses_and_indices_apart);
  add_case(suite, random_uniform__lies_below_one_and_is_even);
  add_case(suite, random_below__reaches_every_value_and_no_other);
  add_case(suite, random_normals__follow_box_and_muller);
  add_case(suite, random_normals__have_the_moments_and_tails);
  add_case(suite, random_normals__do_not_depend_on_how_they_are_cut);
  add_case(suite, random_normals__go_on_beyond_32_bits);
  add_case(suite, random_normals__are_the_same_bytes_everywhere);
  add_case(suite, random_normals__of_other_streams_and_seeds_are_unrelated);
  add_case(suite, random_permutation__holds_every_index_once);
  add_case(suite, random_permutation__puts_every_index_everywhere_equally_often);
  return suite;
}

XD_SUITE_MAIN(make_suite)
