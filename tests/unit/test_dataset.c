/* The handle of a dataset: making one from memory, reading it, and its life. */
#include "support.h"

#include <pthread.h>

#include "refusals.h"
#include "xdomain/dataset.h"

static xd_context *context;

static void set_up(void) {
  context = test_context("reference");
}

static void tear_down(void) {
  xd_context_destroy(context);
}

/* Three pictures of 1x2 colour pixels, labels 7, 3, 7. */
static const uint8_t pixels[] = {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 250, 251, 252, 253, 254, 255};
static const uint32_t labels[] = {7, 3, 7};

static xd_dataset *make_set(void) {
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, 3, 2, 1, 3));
  return set;
}

START_TEST(dataset_create__copies_pixels_and_labels) {
  uint8_t own[sizeof pixels];
  uint32_t own_labels[3];
  xd_dataset *set = NULL;
  memcpy(own, pixels, sizeof own);
  memcpy(own_labels, labels, sizeof own_labels);
  assert_ok(context, xd_dataset_create(&set, context, own, own_labels, 3, 2, 1, 3));
  memset(own, 0, sizeof own);
  memset(own_labels, 0, sizeof own_labels);
  ck_assert_uint_eq(xd_dataset_count(set), 3);
  ck_assert_uint_eq(xd_dataset_height(set), 1);
  ck_assert_uint_eq(xd_dataset_width(set), 2);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  for (uint32_t i = 0; i < 3; i++) {
    ck_assert_uint_eq(xd_dataset_label(set, i), labels[i]);
    ck_assert_mem_eq(xd_dataset_pixels(set, i), pixels + 6 * i, 6);
  }
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_create__labels_with_zero_by_default) {
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_create(&set, context, pixels, NULL, 2, 3, 3, 1));
  ck_assert_uint_eq(xd_dataset_label(set, 1), 0);
  ck_assert_uint_eq(xd_dataset_class_size(set, 0), 2);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_create__refuses_impossible_arguments) {
  const struct {
    uint32_t count, height, width, channels;
    xd_status expected;
    const char *word;
  } cases[] = {{0, 1, 2, 3, XD_ERROR_INVALID_ARGUMENT, "0 pictures"},
               {3, 0, 2, 3, XD_ERROR_INVALID_ARGUMENT, "2x0"},
               {3, 1, 0, 3, XD_ERROR_INVALID_ARGUMENT, "0x1"},
               {3, 1, 2, 2, XD_ERROR_INVALID_ARGUMENT, "2 channels"},
               {3, 65536, 2, 3, XD_ERROR_INVALID_ARGUMENT, "65536"},
               {UINT32_MAX, 65535, 65535, 3, XD_ERROR_TOO_LARGE, "more than"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xd_dataset *set = (xd_dataset *)&cases;
    assert_status(xd_dataset_create(&set, context, pixels, NULL, cases[i].count, cases[i].width,
                                    cases[i].height, cases[i].channels),
                  cases[i].expected);
    ck_assert_ptr_null(set);
    assert_message_names(context, cases[i].word);
  }
  const uint32_t wrong[] = {0, 256, 0};
  xd_dataset *set = (xd_dataset *)&cases;
  assert_status(xd_dataset_create(&set, context, pixels, wrong, 3, 2, 1, 3), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(set);
  assert_message_names(context, "labels[1] is 256");
  assert_status(xd_dataset_create(&set, context, NULL, labels, 3, 2, 1, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_create(NULL, context, pixels, labels, 3, 2, 1, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_create(&set, NULL, pixels, labels, 3, 2, 1, 3), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(dataset_accessors__answer_beyond_the_end) {
  xd_dataset *set = make_set();
  ck_assert_uint_eq(xd_dataset_label(set, 3), 0);
  ck_assert_ptr_null(xd_dataset_pixels(set, 3));
  ck_assert_ptr_null(xd_dataset_pixels(set, UINT32_MAX));
  ck_assert_uint_eq(xd_dataset_class_size(set, 256), 0);
  ck_assert_str_eq(xd_dataset_class_name(set, 256), "");
  ck_assert_uint_eq(xd_dataset_count(NULL), 0);
  ck_assert_uint_eq(xd_dataset_width(NULL), 0);
  ck_assert_uint_eq(xd_dataset_height(NULL), 0);
  ck_assert_uint_eq(xd_dataset_channels(NULL), 0);
  ck_assert_uint_eq(xd_dataset_label(NULL, 0), 0);
  ck_assert_uint_eq(xd_dataset_class_size(NULL, 0), 0);
  ck_assert_str_eq(xd_dataset_class_name(NULL, 0), "");
  ck_assert_ptr_null(xd_dataset_pixels(NULL, 0));
  xd_dataset_release(set);
  xd_dataset_release(NULL);
  ck_assert_ptr_null(xd_dataset_retain(NULL));
}
END_TEST

START_TEST(dataset_class__is_counted_and_named_by_its_number) {
  xd_dataset *set = make_set();
  ck_assert_uint_eq(xd_dataset_class_size(set, 7), 2);
  ck_assert_uint_eq(xd_dataset_class_size(set, 3), 1);
  ck_assert_uint_eq(xd_dataset_class_size(set, 0), 0);
  ck_assert_str_eq(xd_dataset_class_name(set, 7), "7");
  ck_assert_str_eq(xd_dataset_class_name(set, 3), "3");
  ck_assert_str_eq(xd_dataset_class_name(set, 0), "");
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_read__gives_floats_in_the_order_asked) {
  xd_dataset *set = make_set();
  const uint32_t indices[] = {2, 0, 2};
  float floats[18];
  assert_ok(context, xd_dataset_read(set, context, floats, indices, 3));
  for (unsigned i = 0; i < 3; i++)
    for (unsigned k = 0; k < 6; k++)
      ck_assert(floats[6 * i + k] == (float)pixels[6 * indices[i] + k] / 255.0f);
  ck_assert(floats[5] == 1.0f);
  assert_ok(context, xd_dataset_read(set, context, NULL, NULL, 0));
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_read__refuses_indices_beyond_the_end) {
  xd_dataset *set = make_set();
  const uint32_t indices[] = {0, 3};
  float floats[12] = {-1};
  assert_status(xd_dataset_read(set, context, floats, indices, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "indices[1] is 3");
  ck_assert(floats[0] == -1); /* nothing was written */
  assert_status(xd_dataset_read(set, context, NULL, indices, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_read(NULL, context, floats, indices, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_read(set, context, floats, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_read(set, NULL, floats, indices, 1), XD_ERROR_INVALID_ARGUMENT);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset__outlives_its_context) {
  counting_allocator counter = {0};
  xd_context *maker = test_context_with("reference", 1, &counter);
  xd_dataset *set = NULL;
  assert_ok(maker, xd_dataset_create(&set, maker, pixels, labels, 3, 2, 1, 3));
  xd_context_destroy(maker);
  ck_assert_uint_gt(atomic_load(&counter.live_blocks), 0);
  ck_assert_mem_eq(xd_dataset_pixels(set, 2), pixels + 12, 6);
  xd_dataset_release(set);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

static void *own_and_disown(void *argument) {
  xd_dataset *set = argument;
  for (int i = 0; i < 10000; i++) {
    xd_dataset *own = xd_dataset_retain(set);
    if (xd_dataset_label(own, 1) != 3)
      return "wrong label";
    xd_dataset_release(own);
  }
  return NULL;
}

START_TEST(dataset__is_shared_between_threads) {
  counting_allocator counter = {0};
  xd_context *maker = test_context_with("reference", 1, &counter);
  pthread_t threads[4];
  xd_dataset *set = NULL;
  assert_ok(maker, xd_dataset_create(&set, maker, pixels, labels, 3, 2, 1, 3));
  xd_context_destroy(maker);
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, own_and_disown, set), 0);
  for (int i = 0; i < 4; i++) {
    void *wrong = NULL;
    ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
    ck_assert_ptr_null(wrong);
  }
  ck_assert_uint_gt(atomic_load(&counter.live_blocks), 0);
  xd_dataset_release(set);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

static xd_status create_limited(xd_context *limited, void *user) {
  xd_dataset *set;
  (void)user;
  xd_status status = xd_dataset_create(&set, limited, pixels, labels, 3, 2, 1, 3);
  xd_dataset_release(set);
  return status;
}

START_TEST(dataset_create__leaks_nothing_when_memory_is_refused) {
  check_refusals(create_limited, NULL);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("dataset");
  TCase *tcase = tcase_create("dataset");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, dataset_create__copies_pixels_and_labels);
  tcase_add_test(tcase, dataset_create__labels_with_zero_by_default);
  tcase_add_test(tcase, dataset_create__refuses_impossible_arguments);
  tcase_add_test(tcase, dataset_accessors__answer_beyond_the_end);
  tcase_add_test(tcase, dataset_class__is_counted_and_named_by_its_number);
  tcase_add_test(tcase, dataset_read__gives_floats_in_the_order_asked);
  tcase_add_test(tcase, dataset_read__refuses_indices_beyond_the_end);
  tcase_add_test(tcase, dataset__outlives_its_context);
  tcase_add_test(tcase, dataset__is_shared_between_threads);
  tcase_add_test(tcase, dataset_create__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
