/* binary16: every one of its numbers survives, rounding is to nearest and ties to even. */
#include "support.h"

#include <math.h>

#include "base/half.h"

START_TEST(half__every_number_survives_the_round_trip) {
  for (uint32_t bits = 0; bits < 65536; bits++) {
    float value = xdi_half_to_float((uint16_t)bits);
    if ((bits & 0x7c00u) == 0x7c00u && (bits & 0x3ffu)) {
      ck_assert(isnan(value));
      ck_assert(isnan(xdi_half_to_float(xdi_half_from_float(value))));
    } else {
      ck_assert_uint_eq(xdi_half_from_float(value), bits);
    }
  }
}
END_TEST

START_TEST(half__known_values) {
  ck_assert_uint_eq(xdi_half_from_float(1.0f), 0x3c00);
  ck_assert_uint_eq(xdi_half_from_float(-2.0f), 0xc000);
  ck_assert_uint_eq(xdi_half_from_float(65504.0f), 0x7bff);
  ck_assert_uint_eq(xdi_half_from_float(65520.0f), 0x7c00); /* the tie goes to even: infinity */
  ck_assert_uint_eq(xdi_half_from_float(65519.0f), 0x7bff);
  ck_assert_uint_eq(xdi_half_from_float(1e9f), 0x7c00);
  ck_assert_uint_eq(xdi_half_from_float(0x1p-24f), 0x0001);
  ck_assert_uint_eq(xdi_half_from_float(0x1p-25f), 0x0000); /* a tie with zero */
  ck_assert_uint_eq(xdi_half_from_float(0x1.8p-25f), 0x0001);
}
END_TEST

START_TEST(half__rounds_to_the_nearest) {
  for (uint32_t bits = 0x0001; bits < 0x7bff; bits += 7) {
    float low = xdi_half_to_float((uint16_t)bits), high = xdi_half_to_float((uint16_t)(bits + 1));
    float middle = low + (high - low) / 2;
    ck_assert_uint_eq(xdi_half_from_float(nextafterf(middle, low)), bits);
    ck_assert_uint_eq(xdi_half_from_float(nextafterf(middle, high)), bits + 1);
    ck_assert_uint_eq(xdi_half_from_float(middle), bits & 1 ? bits + 1 : bits);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("half");
  add_case(suite, half__every_number_survives_the_round_trip);
  add_case(suite, half__known_values);
  add_case(suite, half__rounds_to_the_nearest);
  return suite;
}
XD_SUITE_MAIN(make_suite)
