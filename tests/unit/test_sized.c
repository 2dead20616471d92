/* Structs that begin with their caller's size: read over defaults, refused when they hold what nobody knows,
 * written no further than they reach. */
#include "network_support.h"

#include "base/sized.h"

/* Three versions of one struct; the library's is the second. */
typedef struct version1 {
  size_t struct_size;
  uint64_t first;
} version1;

typedef struct version2 {
  size_t struct_size;
  uint64_t first, second;
} version2;

typedef struct version3 {
  size_t struct_size;
  uint64_t first, second, third;
} version3;

static const xdi_sized *known(void) {
  static xdi_sized as;
  as = *XDI_SIZED(version2, first);
  return &as;
}

static xd_context *context;

static void set_up(void) {
  context = test_context("reference");
}

static void tear_down(void) {
  xd_context_destroy(context);
}

START_TEST(sized_read__keeps_defaults_of_what_an_older_caller_does_not_know) {
  version2 to = {sizeof to, 1, 2};
  const version1 from = {sizeof from, 10};
  assert_ok(context, xdi_sized_read(context, &to, &from, known()));
  ck_assert_uint_eq(to.struct_size, sizeof to);
  ck_assert(to.first == 10 && to.second == 2);
}
END_TEST

START_TEST(sized_read__takes_a_newer_caller_who_asks_for_nothing_new) {
  version2 to = {sizeof to, 1, 2};
  version3 from = {sizeof from, 10, 20, 0};
  assert_ok(context, xdi_sized_read(context, &to, &from, known()));
  ck_assert_uint_eq(to.struct_size, sizeof to);
  ck_assert(to.first == 10 && to.second == 20);
  from.third = (uint64_t)1 << 56; /* its last byte */
  to = (version2){sizeof to, 1, 2};
  assert_status(xdi_sized_read(context, &to, &from, known()), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "version2");
  assert_message_names(context, "offset 31");
  ck_assert(to.first == 1 && to.second == 2);
}
END_TEST

START_TEST(sized_read__refuses_sizes_that_no_version_has) {
  version2 to = {sizeof to, 1, 2};
  const size_t wrong[] = {0, 8, 17, 4097, 4104, SIZE_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const version2 from = {wrong[i], 10, 20};
    assert_status(xdi_sized_read(context, &to, &from, known()), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "version2.struct_size");
    assert_status(xdi_sized_check(context, &from, known()), XD_ERROR_INVALID_ARGUMENT);
  }
  assert_status(xdi_sized_read(context, &to, NULL, known()), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xdi_sized_read(NULL, &to, NULL, known()), XD_ERROR_INVALID_ARGUMENT);
  ck_assert(to.first == 1 && to.second == 2);
}
END_TEST

START_TEST(sized_read__takes_the_largest_size) {
  static union {
    version3 of;
    unsigned char bytes[XDI_SIZED_MOST];
  } from;
  version2 to;
  from.of = (version3){sizeof from, 10, 20, 0};
  assert_ok(context, xdi_sized_read(context, &to, &from, known()));
  from.bytes[XDI_SIZED_MOST - 1] = 1;
  assert_status(xdi_sized_read(context, &to, &from, known()), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "offset 4095");
}
END_TEST

START_TEST(sized_write__ends_where_the_callers_struct_does) {
  const version2 from = {sizeof from, 10, 20};
  version3 to = {0, 7, 7, 7};
  xdi_sized_write(&to, sizeof(version1), &from, sizeof from);
  ck_assert(to.struct_size == sizeof(version1) && to.first == 10 && to.second == 7 && to.third == 7);
  xdi_sized_write(&to, sizeof(version2), &from, sizeof from);
  ck_assert(to.struct_size == sizeof(version2) && to.second == 20 && to.third == 7);
  xdi_sized_write(&to, sizeof(version3), &from, sizeof from);
  ck_assert(to.struct_size == sizeof(version3) && to.second == 20 && to.third == 0);
}
END_TEST

START_TEST(sized_write__writes_nothing_for_sizes_that_no_struct_has) {
  const version2 from = {sizeof from, 10, 20};
  version2 to = {1, 2, 3};
  xdi_sized_write(&to, 0, &from, sizeof from);
  xdi_sized_write(&to, 7, &from, sizeof from);
  xdi_sized_write(&to, XDI_SIZED_MOST + 8, &from, sizeof from);
  xdi_sized_write(NULL, sizeof to, &from, sizeof from);
  ck_assert(to.struct_size == 1 && to.first == 2 && to.second == 3);
}
END_TEST

START_TEST(sized_check_array__steps_by_the_first_elements_size) {
  version3 array[3] = {{sizeof(version3), 1, 2, 0}, {sizeof(version3), 3, 4, 0}, {sizeof(version3), 5, 6, 0}};
  size_t step = 0;
  assert_ok(context, xdi_sized_check_array(context, array, 3, known(), &step));
  ck_assert_uint_eq(step, sizeof(version3));
  array[2].struct_size = sizeof(version2);
  assert_status(xdi_sized_check_array(context, array, 3, known(), &step), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "element 2");
  assert_status(xdi_sized_check_array(context, NULL, 1, known(), &step), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xdi_sized_check_array(context, NULL, 0, known(), &step));
}
END_TEST

START_TEST(check_switch__takes_0_and_1) {
  const uint32_t wrong[] = {2, 255, UINT32_MAX};
  assert_ok(context, xdi_check_switch(context, "xd_thing.flag", 0));
  assert_ok(context, xdi_check_switch(context, "xd_thing.flag", 1));
  for (int i = 0; i < 3; i++) {
    assert_status(xdi_check_switch(context, "xd_thing.flag", wrong[i]), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "xd_thing.flag");
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("sized");
#define add(test) add_checked_case(suite, #test, test, set_up, tear_down)
  add(sized_read__keeps_defaults_of_what_an_older_caller_does_not_know);
  add(sized_read__takes_a_newer_caller_who_asks_for_nothing_new);
  add(sized_read__refuses_sizes_that_no_version_has);
  add(sized_read__takes_the_largest_size);
  add(sized_write__ends_where_the_callers_struct_does);
  add(sized_write__writes_nothing_for_sizes_that_no_struct_has);
  add(sized_check_array__steps_by_the_first_elements_size);
  add(check_switch__takes_0_and_1);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
