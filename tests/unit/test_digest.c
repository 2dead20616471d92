/* Digests of numbers are those of the bytes that a file would have. */
#include "format/digest.h"
#include "format/wire.h"
#include "support.h"

START_TEST(digest_words__is_of_little_endian_bytes) {
  static const size_t counts[] = {0, 1, 3, 60, 61, 255, 256, 257, 1000};
  uint32_t words[1000];
  unsigned char bytes[4 * 1000];
  for (uint32_t i = 0; i < 1000; i++) {
    words[i] = 0x9e3779b9u * (i + 1);
    xdi_set_u32(bytes + (size_t)4 * i, words[i]);
  }
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    for (uint64_t seed = 0; seed < 2; seed++)
      ck_assert_uint_eq(xdi_digest_words(words, counts[i], seed), xdi_digest(bytes, 4 * counts[i], seed));
}
END_TEST

START_TEST(digest__is_the_same_on_every_machine) {
  const uint32_t words[] = {1, 2, 3};
  ck_assert_uint_eq(xdi_digest_words(words, 3, 4), UINT64_C(13743130529804951280));
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("digest");
  add_case(suite, digest_words__is_of_little_endian_bytes);
  add_case(suite, digest__is_the_same_on_every_machine);
  return suite;
}
XD_SUITE_MAIN(make_suite)
