/* What PNGs are written with: prefix codes, the packer, filters and checksums. Packed bytes are unpacked by zlib where the
 * build has it; tests/unit/test_image_files.c reads whole PNGs everywhere. */
#include "support.h"

#ifdef XDI_WITH_ZLIB
#include <zlib.h>
#endif

#include "image/crc.h"
#include "image/deflate.h"
#include "image/huffman.h"
#include "image/png_filter.h"

static uint32_t state = 1;

static uint32_t draw(uint32_t below) {
  state = state * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)state * below) >> 32);
}

/* ---- prefix codes ---- */

/* Two codes at least, and no bit pattern that begins none. */
static void check_complete(const uint8_t *lengths, const uint32_t *counts, uint32_t symbols, uint32_t limit) {
  uint32_t sum = 0, used = 0;
  for (uint32_t i = 0; i < symbols; i++) {
    ck_assert_uint_le(lengths[i], limit);
    ck_assert(lengths[i] > 0 || counts[i] == 0);
    sum += lengths[i] ? 1u << (limit - lengths[i]) : 0;
    used += lengths[i] > 0;
  }
  ck_assert_uint_ge(used, 2);
  ck_assert_uint_eq(sum, 1u << limit);
  uint32_t wrong = 0; /* a symbol that is counted more often, with a longer code */
  for (uint32_t i = 0; i < symbols; i++)
    for (uint32_t k = 0; k < symbols; k++)
      wrong += counts[i] > counts[k] && lengths[k] > 0 && lengths[i] > lengths[k];
  ck_assert_uint_eq(wrong, 0);
}

/* No code begins another; their first bit is the lowest. */
static void check_codes(const uint8_t *lengths, uint32_t symbols) {
  uint16_t codes[XDI_HUFFMAN_MOST] = {0};
  uint32_t wrong = 0;
  xdi_huffman_find_codes(codes, lengths, symbols);
  for (uint32_t i = 0; i < symbols; i++)
    for (uint32_t k = 0; k < symbols; k++)
      wrong += i != k && lengths[i] && lengths[k] >= lengths[i] &&
               codes[i] == (codes[k] & ((1u << lengths[i]) - 1));
  ck_assert_uint_eq(wrong, 0);
}

static void check_counts(const uint32_t *counts, uint32_t symbols, uint32_t limit) {
  uint8_t lengths[XDI_HUFFMAN_MOST];
  memset(lengths, 77, sizeof lengths);
  xdi_huffman_find_lengths(lengths, counts, symbols, limit);
  check_complete(lengths, counts, symbols, limit);
  check_codes(lengths, symbols);
}

START_TEST(huffman_find_lengths__makes_complete_codes) {
  uint32_t counts[XDI_HUFFMAN_MOST];
  const uint32_t sizes[] = {2, 19, 30, 286};
  for (int round = 0; round < 10; round++)
    for (int s = 0; s < 4; s++) {
      const uint32_t most = 1 + draw(round % 2 ? 3 : 50);
      for (uint32_t i = 0; i < sizes[s]; i++)
        counts[i] = draw(4) ? draw(most) : 0;
      check_counts(counts, sizes[s], 15);
      if (sizes[s] == 19)
        check_counts(counts, 19, 7);
    }
}
END_TEST

START_TEST(huffman_find_lengths__gives_two_symbols_a_code_at_least) {
  for (uint32_t only = 0; only < 30; only++) {
    uint32_t counts[30] = {0};
    check_counts(counts, 30, 15);
    counts[only] = 8193;
    check_counts(counts, 30, 15);
  }
}
END_TEST

/* Counts of Fibonacci's make the longest codes there are. */
START_TEST(huffman_find_lengths__keeps_the_limit) {
  uint32_t counts[19] = {1, 1};
  for (int i = 2; i < 18; i++)
    counts[i] = counts[i - 1] + counts[i - 2];
  check_counts(counts, 19, 15);
  check_counts(counts, 19, 7);
}
END_TEST

START_TEST(huffman_find_lengths__finds_the_best) {
  const uint32_t counts[6] = {45, 13, 12, 16, 9, 5}; /* the textbook's */
  const uint8_t best[6] = {1, 3, 3, 3, 4, 4};
  uint8_t lengths[6];
  xdi_huffman_find_lengths(lengths, counts, 6, 15);
  ck_assert_mem_eq(lengths, best, 6);
}
END_TEST

/* ---- packing ---- */

#define MOST ((size_t)140000)
#define GUARD 0xA5

static unsigned char plain[MOST], packed[MOST + MOST / 8], again[MOST + MOST / 8];

/* The same bytes whatever was in the memory, and none beyond their room. */
static size_t pack(size_t size) {
  size_t sizes[2];
  ck_assert_uint_le(xdi_deflate_room(size) + 64, sizeof packed);
  for (int round = 0; round < 2; round++) {
    unsigned char *to = round ? again : packed;
    xdi_deflater *deflater = xdi_deflater_create(&xdi_heap);
    ck_assert_ptr_nonnull(deflater);
    memset(to, GUARD, sizeof packed);
    if (round)
      xdi_deflate(deflater, to, plain + size / 2, size - size / 2); /* leaves its traces */
    sizes[round] = xdi_deflate(deflater, to, plain, size);
    xdi_release(&xdi_heap, deflater);
    ck_assert_uint_le(sizes[round], xdi_deflate_room(size));
    for (size_t i = xdi_deflate_room(size); i < xdi_deflate_room(size) + 64; i++)
      ck_assert_uint_eq(to[i], GUARD);
  }
  ck_assert_uint_eq(sizes[0], sizes[1]);
  ck_assert_mem_eq(packed, again, sizes[0]);
  return sizes[0];
}

static size_t check_packing(size_t size) {
  const size_t packed_size = pack(size);
#ifdef XDI_WITH_ZLIB
  uLongf got = MOST;
  ck_assert_int_eq(uncompress(again, &got, packed, packed_size), Z_OK);
  ck_assert_uint_eq(got, size);
  if (size)
    ck_assert_mem_eq(again, plain, size);
#endif
  return packed_size;
}

typedef enum kind { NOTHING, NOISE, ABOUT_ZERO, RUNS, WORDS, KINDS } kind;

static void fill(kind how, size_t size) {
  for (size_t i = 0; i < size; i++)
    switch (how) {
    case NOTHING:
      plain[i] = 0;
      break;
    case NOISE:
      plain[i] = (unsigned char)draw(256);
      break;
    case ABOUT_ZERO:
      plain[i] = (unsigned char)(draw(4) + draw(4) + draw(4) - 5);
      break;
    case RUNS:
      plain[i] = i && draw(20) ? plain[i - 1] : (unsigned char)draw(256);
      break;
    default:
      plain[i] = i < 3000 || draw(30) == 0 ? (unsigned char)draw(256) : plain[i - 1 - draw(2) * 2999];
      break;
    }
}

START_TEST(deflate__gives_back_what_was_packed) {
  const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 100, 8191, 8192, 8193, 65535, 65536, MOST};
  for (int how = 0; how < KINDS; how++)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      fill((kind)how, sizes[i]);
      check_packing(sizes[i]);
    }
}
END_TEST

/* Copies of every length, from distances about every class's bounds and the window's. */
START_TEST(deflate__knows_every_length_and_distance) {
  const size_t distances[] = {1,    2,    3,    4,     5,     6,     7,     8,     9,
                              12,   13,   24,   25,    192,   193,   256,   257,   4096,
                              4097, 6144, 6145, 24576, 24577, 32766, 32767, 32768, 32769};
  size_t size = 33000, i = 0;
  fill(NOISE, size);
  for (size_t length = 3; length <= 300; length++, i++) {
    const size_t distance = distances[i % (sizeof distances / sizeof *distances)];
    for (size_t k = 0; k < length; k++, size++)
      plain[size] = plain[size - distance];
    plain[size] = (unsigned char)(plain[size - distance] + 1 + draw(200));
    size++;
  }
  ck_assert_uint_lt(size, MOST);
  ck_assert_uint_lt(check_packing(size), 33000 + 8000);
}
END_TEST

START_TEST(deflate__stores_what_does_not_pack) {
  fill(NOISE, MOST);
  ck_assert_uint_lt(check_packing(MOST), MOST + 200);
  ck_assert_uint_eq(check_packing(0), 2 + 2 + 4);
}
END_TEST

START_TEST(deflate__packs_what_does) {
  fill(NOTHING, MOST);
  ck_assert_uint_lt(check_packing(MOST), 600);
  fill(ABOUT_ZERO, MOST); /* 2.99 bits each: fixed codes would not do */
  ck_assert_uint_lt(check_packing(MOST), MOST / 2);
}
END_TEST

/* ---- filters ---- */

static unsigned char predict(int filter, int left, int above, int above_left) {
  const int about = left + above - above_left, to_left = abs(about - left), to_above = abs(about - above),
            to_both = abs(about - above_left);
  switch (filter) {
  case 0:
    return 0;
  case 1:
    return (unsigned char)left;
  case 2:
    return (unsigned char)above;
  case 3:
    return (unsigned char)((left + above) / 2);
  default:
    return (unsigned char)(to_left <= to_above && to_left <= to_both ? left
                           : to_above <= to_both                     ? above
                                                                     : above_left);
  }
}

/* The sum of magnitudes of a row by a filter, and its bytes. */
static uint32_t filter_row(unsigned char *to, int filter, const unsigned char *pixels, uint32_t row_bytes,
                           uint32_t y, uint32_t channels) {
  uint32_t sum = 0;
  for (uint32_t x = 0; x < row_bytes; x++) {
    const unsigned char *at = pixels + (size_t)y * row_bytes + x;
    const bool has_left = x >= channels, has_above = y > 0;
    const int left = has_left ? at[-(ptrdiff_t)channels] : 0,
              above = has_above ? at[-(ptrdiff_t)row_bytes] : 0,
              corner = has_left && has_above ? at[-(ptrdiff_t)row_bytes - (ptrdiff_t)channels] : 0;
    to[x] = (unsigned char)(*at - predict(filter, left, above, corner));
    sum += (uint32_t)(to[x] < 128 ? to[x] : 256 - to[x]);
  }
  return sum;
}

static void check_filters(const unsigned char *pixels, uint32_t row_bytes, uint32_t rows, uint32_t channels,
                          uint32_t *used) {
  const size_t room_size = xdi_png_filter_room(row_bytes, channels);
  unsigned char *filtered = malloc((row_bytes + 1u) * (size_t)rows), *room = malloc(room_size), row[256];
  ck_assert(filtered && room && row_bytes <= sizeof row);
  memset(room, GUARD, room_size);
  xdi_png_filter(filtered, pixels, row_bytes, rows, channels, room);
  for (uint32_t y = 0; y < rows; y++) {
    const unsigned char *found = filtered + y * (row_bytes + 1u);
    ck_assert_uint_lt(found[0], 5);
    const uint32_t least = filter_row(row, found[0], pixels, row_bytes, y, channels);
    ck_assert_mem_eq(found + 1, row, row_bytes);
    for (int filter = 0; filter < 5; filter++)
      ck_assert_uint_le(least, filter_row(row, filter, pixels, row_bytes, y, channels));
    used[found[0]]++;
  }
  free(room);
  free(filtered);
}

START_TEST(png_filter__takes_the_least) {
  unsigned char pixels[64 * 256];
  uint32_t used[5] = {0};
  for (int round = 0; round < 20; round++) {
    const uint32_t channels = 1 + draw(4), row_bytes = channels * (1 + draw(64)), rows = 1 + draw(64);
    for (uint32_t y = 0; y < rows; y++)
      for (uint32_t x = 0; x < row_bytes; x++) {
        const int smooth[5] = {round % 2 ? 0 : (int)draw(256), (int)(y * 97), (int)(x * 31), (int)(x + y),
                               (int)(x * y)};
        pixels[y * row_bytes + x] = (unsigned char)(smooth[round % 5] + (int)draw(3));
      }
    check_filters(pixels, row_bytes, rows, channels, used);
  }
  for (int i = 0; i < 5; i++)
    ck_assert_uint_gt(used[i], 0);
}
END_TEST

/* ---- checksums ---- */

START_TEST(crc32__is_that_of_png) {
  unsigned char bytes[100];
  ck_assert_uint_eq(xdi_crc32((const unsigned char *)"123456789", 9), 0xCBF43926);
  ck_assert_uint_eq(xdi_crc32((const unsigned char *)"IEND", 4), 0xAE426082);
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)draw(256);
  for (size_t size = 0; size <= sizeof bytes; size++) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < 8 * size; i++) {
      const uint32_t bit = crc ^ (uint32_t)bytes[i / 8] >> i % 8;
      crc = bit & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    ck_assert_uint_eq(xdi_crc32(bytes, size), ~crc);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("deflate");
  add_case(suite, huffman_find_lengths__makes_complete_codes);
  add_case(suite, huffman_find_lengths__gives_two_symbols_a_code_at_least);
  add_case(suite, huffman_find_lengths__keeps_the_limit);
  add_case(suite, huffman_find_lengths__finds_the_best);
  add_case(suite, deflate__gives_back_what_was_packed);
  add_case(suite, deflate__knows_every_length_and_distance);
  add_case(suite, deflate__stores_what_does_not_pack);
  add_case(suite, deflate__packs_what_does);
  add_case(suite, png_filter__takes_the_least);
  add_case(suite, crc32__is_that_of_png);
  return suite;
}
XD_SUITE_MAIN(make_suite)
