/* Lists of named numbers. */
#include "support.h"

#include "options/values.h"

START_TEST(values__keep_their_order_and_are_found_by_name) {
  xd_context *context = test_context("reference");
  xd_values *values = NULL;
  double number = -1.0;
  assert_ok(context, xd_values_create(&values, context));
  ck_assert_uint_eq(xd_values_count(values), 0);
  assert_ok(context, xdi_values_set(values, context, "total", 3.0));
  assert_ok(context, xdi_values_set(values, context, "kl", 1.5));
  assert_ok(context, xdi_values_set_numbered(values, context, "acc", 5, 0.25));
  assert_ok(context, xdi_values_set_scoped(values, context, "validation1.", "reconstruction_acc", 0.75));
  assert_ok(context, xdi_values_set(values, context, "total", 4.0));
  ck_assert_uint_eq(xd_values_count(values), 4);
  ck_assert_str_eq(xd_values_name(values, 0), "total");
  ck_assert_str_eq(xd_values_name(values, 2), "acc.5");
  ck_assert_str_eq(xd_values_name(values, 3), "validation1.reconstruction_acc");
  ck_assert(xd_values_number(values, 0) == 4.0 && xd_values_number(values, 1) == 1.5);
  assert_status(xd_values_find(values, &number, "acc.5"), XD_OK);
  ck_assert(number == 0.25);
  assert_status(xd_values_find(values, NULL, "kl"), XD_OK);
  assert_status(xd_values_find(values, &number, "acc"), XD_ERROR_NOT_FOUND);
  ck_assert(number == 0.0);
  ck_assert_ptr_null(xd_values_name(values, 4));
  ck_assert(xd_values_number(values, 4) == 0.0);
  xd_values_clear(values);
  ck_assert_uint_eq(xd_values_count(values), 0);
  xd_context_destroy(context);
  xd_values_destroy(values); /* after its context */
}
END_TEST

START_TEST(values__copy_under_a_prefix) {
  xd_context *context = test_context("reference");
  xd_values *from = NULL, *to = NULL;
  assert_ok(context, xd_values_create(&from, context));
  assert_ok(context, xd_values_create(&to, context));
  for (uint32_t i = 0; i < 100; i++)
    assert_ok(context, xdi_values_set_numbered(from, context, "pictures", i, i));
  assert_ok(context, xdi_values_copy(to, context, "validation2.", from));
  ck_assert_uint_eq(xd_values_count(to), 100);
  ck_assert(xdi_values_get(to, "validation2.pictures.99") == 99.0);
  ck_assert(xdi_values_get(to, "pictures.99") == 0.0);
  xd_values_destroy(from);
  xd_values_destroy(to);
  xd_context_destroy(context);
}
END_TEST

START_TEST(values__take_no_memory_when_filled_again) {
  counting_allocator counter = {0};
  xd_context *context = test_context_with("reference", 1, &counter);
  xd_values *values = NULL;
  assert_ok(context, xd_values_create(&values, context));
  size_t taken = 0;
  for (int round = 0; round < 3; round++) {
    xd_values_clear(values);
    for (uint32_t i = 0; i < 40; i++)
      assert_ok(context, xdi_values_set_numbered(values, context, "acc", i, 1.0));
    if (round > 0)
      ck_assert_uint_eq(atomic_load(&counter.total), taken);
    taken = atomic_load(&counter.total);
  }
  atomic_store(&counter.fail_at, taken + 1);
  for (uint32_t i = 40; i < 64; i++)
    assert_ok(context, xdi_values_set_numbered(values, context, "acc", i, 1.0));
  assert_status(xdi_values_set(values, context, "one_more", 1.0), XD_ERROR_OUT_OF_MEMORY);
  ck_assert_uint_eq(xd_values_count(values), 64);
  xd_values_destroy(values);
  xd_context_destroy(context);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

START_TEST(values__refuse_null) {
  xd_context *context = test_context("reference");
  xd_values *values = NULL;
  double number = 1.0;
  assert_status(xd_values_create(NULL, context), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_values_create(&values, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_values_find(NULL, &number, "kl"), XD_ERROR_NOT_FOUND);
  ck_assert(number == 0.0);
  ck_assert_uint_eq(xd_values_count(NULL), 0);
  ck_assert_ptr_null(xd_values_name(NULL, 0));
  xd_values_clear(NULL);
  xd_values_destroy(NULL);
  assert_ok(context, xdi_values_set(NULL, context, "kl", 1.0));
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("values");
  add_case(suite, values__keep_their_order_and_are_found_by_name);
  add_case(suite, values__copy_under_a_prefix);
  add_case(suite, values__take_no_memory_when_filled_again);
  add_case(suite, values__refuse_null);
  return suite;
}

XD_SUITE_MAIN(make_suite)
