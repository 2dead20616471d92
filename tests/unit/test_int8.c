/* Bytes with a scale: products are exact, the scale is found again, and nothing lies further off than half of it. */
#include "support.h"

#include <float.h>
#include <math.h>

#include "base/int8.h"
#include "base/random.h"

static const float largest[] = {1.0f,  0.5f,    0x1.fffffep-3f, 3.14159f,  127.0f, 1e-20f,
                                1e20f, FLT_MAX, FLT_MIN,        0x1p-149f, 0.0f,   130 * FLT_MIN};
#define CASES (sizeof largest / sizeof *largest)

START_TEST(int8_scale__is_normal_and_leaves_room_for_the_byte) {
  for (size_t i = 0; i < CASES; i++) {
    const float scale = xdi_int8_scale(largest[i]);
    ck_assert_msg(xdi_int8_is_scale(scale), "of %g: %a", (double)largest[i], (double)scale);
    for (int byte = -127; byte <= 127; byte++)
      ck_assert_double_eq((double)((float)byte * scale), (double)byte * (double)scale);
    ck_assert_double_le(127.0 * (double)scale, (double)fmaxf(largest[i], 127 * FLT_MIN));
  }
}
END_TEST

START_TEST(int8_scale__is_found_again_in_its_products) {
  for (size_t i = 0; i < CASES; i++) {
    const float scale = xdi_int8_scale(largest[i]);
    ck_assert_double_eq((double)xdi_int8_scale(127 * scale), (double)scale);
    for (int byte = -127; byte <= 127; byte++)
      ck_assert_int_eq(xdi_int8_from_float((float)byte * scale, scale), byte);
  }
}
END_TEST

START_TEST(int8_from_float__is_off_by_half_a_scale_at_most) {
  enum { COUNT = 4096 };
  float values[COUNT], most = 0.0f;
  xdi_random_normals(values, COUNT, 1, 2, 0);
  for (int i = 0; i < COUNT; i++)
    most = fmaxf(most, fabsf(values[i]));
  const float scale = xdi_int8_scale(most);
  bool reached = false;
  for (int i = 0; i < COUNT; i++) {
    const int8_t byte = xdi_int8_from_float(values[i], scale);
    ck_assert_double_le(fabs((double)values[i] - (double)byte * (double)scale), 0.5 * (double)scale);
    reached |= byte == 127 || byte == -127;
  }
  ck_assert(reached);
}
END_TEST

START_TEST(int8_is_scale__refuses_what_is_none) {
  const float odd[] = {0.0f, -1.0f, NAN, INFINITY, 0x1p-127f, 1.0f + FLT_EPSILON, 1.0f + 64 * FLT_EPSILON};
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
    ck_assert_msg(!xdi_int8_is_scale(odd[i]), "%a", (double)odd[i]);
  ck_assert(xdi_int8_is_scale(1.0f + 128 * FLT_EPSILON));
  ck_assert(xdi_int8_is_scale(FLT_MIN));
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("int8");
  add_case(suite, int8_scale__is_normal_and_leaves_room_for_the_byte);
  add_case(suite, int8_scale__is_found_again_in_its_products);
  add_case(suite, int8_from_float__is_off_by_half_a_scale_at_most);
  add_case(suite, int8_is_scale__refuses_what_is_none);
  return suite;
}
XD_SUITE_MAIN(make_suite)
