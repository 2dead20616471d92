/* Sizes of shapes. */
#include "support.h"

#include "tensor/shape.h"

START_TEST(shape_count__multiplies) {
  size_t count = 0;
  ck_assert(xdi_shape_count((xd_shape){.width = 13, .height = 9, .channels = 3}, 128, &count));
  ck_assert_uint_eq(count, 9u * 13 * 3 * 128);
}
END_TEST

START_TEST(shape_count__refuses_sides_of_zero) {
  size_t count = 7;
  ck_assert(!xdi_shape_count((xd_shape){.width = 13, .height = 0, .channels = 3}, 1, &count));
  ck_assert(!xdi_shape_count((xd_shape){.width = 0, .height = 9, .channels = 3}, 1, &count));
  ck_assert(!xdi_shape_count((xd_shape){.width = 13, .height = 9, .channels = 0}, 1, &count));
  ck_assert(!xdi_shape_count((xd_shape){.width = 13, .height = 9, .channels = 3}, 0, &count));
  ck_assert_uint_eq(count, 7);
}
END_TEST

START_TEST(shape_count__refuses_what_overflows) {
  const uint32_t most = UINT32_MAX;
  size_t count = 7;
  ck_assert(!xdi_shape_count((xd_shape){.width = most, .height = most, .channels = most}, most, &count));
  ck_assert(!xdi_shape_count((xd_shape){.width = most, .height = most, .channels = 1}, 1,
                             &count)); /* the floats fit, their bytes do not */
  ck_assert_uint_eq(count, 7);
}
END_TEST

START_TEST(shape_equal__looks_at_every_side) {
  const xd_shape shape = {.width = 5, .height = 4, .channels = 6};
  ck_assert(xdi_shape_equal(shape, (xd_shape){.width = 5, .height = 4, .channels = 6}));
  ck_assert(!xdi_shape_equal(shape, (xd_shape){.width = 5, .height = 3, .channels = 6}));
  ck_assert(!xdi_shape_equal(shape, (xd_shape){.width = 3, .height = 4, .channels = 6}));
  ck_assert(!xdi_shape_equal(shape, (xd_shape){.width = 5, .height = 4, .channels = 3}));
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("shape");
  add_case(suite, shape_count__multiplies);
  add_case(suite, shape_count__refuses_sides_of_zero);
  add_case(suite, shape_count__refuses_what_overflows);
  add_case(suite, shape_equal__looks_at_every_side);
  return suite;
}

XD_SUITE_MAIN(make_suite)
