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

/* Picture 1 before all three. */
static xd_dataset *make_four(void) {
  const uint32_t keep = 3;
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  xd_dataset *set = make_set(), *few = NULL, *all = NULL;
  selection.classes = &keep;
  selection.class_count = 1;
  assert_ok(context, xd_dataset_select(&few, context, set, &selection));
  assert_ok(context, xd_dataset_join(&all, context, (const xd_dataset *const[]){few, set}, 2));
  xd_dataset_release(few);
  xd_dataset_release(set);
  return all;
}

START_TEST(dataset_read__gives_all_in_order_without_indices) {
  static const uint32_t order[] = {1, 0, 1, 2}; /* of `pixels` */
  xd_dataset *set = make_four();
  uint8_t bytes[24];
  uint32_t read[4];
  float floats[24];
  assert_ok(context, xd_dataset_read(set, context, floats, NULL, 4));
  assert_ok(context, xd_dataset_read_bytes(set, context, bytes, NULL, 4));
  assert_ok(context, xd_dataset_read_labels(set, context, read, NULL, 4));
  for (unsigned i = 0; i < 4; i++) {
    ck_assert_uint_eq(read[i], labels[order[i]]);
    ck_assert_mem_eq(bytes + 6 * i, pixels + 6 * order[i], 6);
    for (unsigned k = 0; k < 6; k++)
      ck_assert(floats[6 * i + k] == (float)pixels[6 * order[i] + k] / 255.0f);
  }
  assert_status(xd_dataset_read(set, context, floats, NULL, 5), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "count is 5 of 4");
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_read__gives_bytes_and_labels_in_the_order_asked) {
  const uint32_t indices[] = {2, 1}, beyond[] = {0, 3};
  xd_dataset *set = make_set();
  uint8_t bytes[12] = {77};
  uint32_t read[2] = {77, 77};
  assert_status(xd_dataset_read_bytes(set, context, bytes, beyond, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "xd_dataset_read_bytes: indices[1] is 3");
  assert_status(xd_dataset_read_labels(set, context, read, beyond, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "xd_dataset_read_labels: indices[1] is 3");
  ck_assert(bytes[0] == 77 && read[0] == 77); /* nothing was written */
  assert_ok(context, xd_dataset_read_bytes(set, context, bytes, indices, 2));
  assert_ok(context, xd_dataset_read_labels(set, context, read, indices, 2));
  ck_assert_mem_eq(bytes, pixels + 12, 6);
  ck_assert_mem_eq(bytes + 6, pixels + 6, 6);
  ck_assert(read[0] == 7 && read[1] == 3);
  xd_context_cancel(context);
  assert_status(xd_dataset_read_bytes(set, context, bytes, indices, 2), XD_ERROR_CANCELLED);
  assert_status(xd_dataset_read_labels(set, context, read, indices, 2), XD_ERROR_CANCELLED);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset__tells_whether_it_has_labels) {
  xd_dataset *set = make_set(), *plain = NULL, *wide = NULL;
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  options.channels = 1;
  assert_ok(context, xd_dataset_create(&plain, context, pixels, NULL, 2, 3, 3, 1));
  ck_assert(xd_dataset_has_labels(set) == 1 && xd_dataset_has_labels(plain) == 0);
  ck_assert_int_eq(xd_dataset_has_labels(NULL), 0);
  assert_ok(context, xd_dataset_fit(&wide, context, set, &options));
  ck_assert_int_eq(xd_dataset_has_labels(wide), 1);
  xd_dataset_release(wide);
  options.channels = 3;
  assert_ok(context, xd_dataset_fit(&wide, context, plain, &options));
  ck_assert_int_eq(xd_dataset_has_labels(wide), 0);
  xd_dataset_release(wide);
  xd_dataset_release(plain);
  xd_dataset_release(set);
}
END_TEST

/* ---- conversion ---- */

typedef struct steps {
  uint32_t calls, stop_at;
} steps;

static int count_step(void *user, const xd_progress *progress) {
  steps *s = user;
  ck_assert_uint_eq(progress->stage, XD_STAGE_SET);
  ck_assert_uint_eq(progress->step, ++s->calls);
  ck_assert_uint_eq(progress->steps, 3);
  return s->calls == s->stop_at;
}

/* Pictures of 4x2 that are grey on their left half and 200 on the right. */
static xd_dataset *make_halves(void) {
  uint8_t halves[3 * 8];
  static const char *const names[] = {"zero", NULL, NULL, "three"};
  xd_dataset *set = NULL, *named = NULL;
  for (unsigned i = 0; i < sizeof halves; i++)
    halves[i] = i % 4 < 2 ? 100 : 200;
  assert_ok(context, xd_dataset_create(&set, context, halves, labels, 3, 4, 2, 1));
  assert_ok(context, xd_dataset_with_class_names(&named, context, set, names, 4));
  xd_dataset_release(set);
  return named;
}

static void check_converted(const xd_dataset *set, xd_fit fit, const uint8_t expected[4]) {
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  xd_dataset *made = NULL;
  steps heard = {0, 0};
  options.width = options.height = 2;
  options.fit = fit;
  options.skip_bad = 1; /* says nothing here */
  options.callback = count_step;
  options.user = &heard;
  assert_ok(context, xd_dataset_fit(&made, context, set, &options));
  ck_assert_uint_eq(heard.calls, 3);
  ck_assert(xd_dataset_width(made) == 2 && xd_dataset_height(made) == 2 && xd_dataset_channels(made) == 1);
  for (uint32_t i = 0; i < 3; i++) {
    ck_assert_mem_eq(xd_dataset_pixels(made, i), expected, 4);
    ck_assert_uint_eq(xd_dataset_label(made, i), labels[i]);
  }
  ck_assert_str_eq(xd_dataset_class_name(made, 3), "three");
  ck_assert_str_eq(xd_dataset_class_name(made, 7), "7");
  xd_dataset_release(made);
  heard = (steps){0, 2};
  assert_status(xd_dataset_fit(&made, context, set, &options), XD_ERROR_CANCELLED);
  ck_assert(heard.calls == 2 && !made);
}

START_TEST(dataset_fit__fits_pictures_and_keeps_labels_and_names) {
  xd_dataset *set = make_halves();
  check_converted(set, XD_FIT_STRETCH, (const uint8_t[]){100, 200, 100, 200});
  check_converted(set, XD_FIT_CROP, (const uint8_t[]){100, 200, 100, 200});
  check_converted(set, XD_FIT_PAD, (const uint8_t[]){100, 200, 0, 0});
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_fit__changes_channels_alone) {
  xd_dataset *set = make_halves(), *colour = NULL, *grey = NULL;
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  options.channels = 3;
  options.fit = XD_FIT_EXACT;
  assert_ok(context, xd_dataset_fit(&colour, context, set, &options));
  ck_assert(xd_dataset_width(colour) == 4 && xd_dataset_channels(colour) == 3);
  for (unsigned k = 0; k < 12; k++)
    ck_assert_uint_eq(xd_dataset_pixels(colour, 2)[k], k < 6 ? 100 : 200);
  options.channels = 1;
  assert_ok(context, xd_dataset_fit(&grey, context, colour, &options));
  ck_assert_mem_eq(xd_dataset_pixels(grey, 1), xd_dataset_pixels(set, 1), 8);
  xd_dataset_release(grey);
  xd_dataset_release(colour);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_fit__gives_back_what_fits_already) {
  xd_dataset *set = make_halves(), *same = NULL;
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  assert_ok(context, xd_dataset_fit(&same, context, set, NULL));
  ck_assert_ptr_eq(same, set);
  xd_dataset_release(same);
  options.width = 4, options.height = 2, options.channels = 1;
  assert_ok(context, xd_dataset_fit(&same, context, set, &options));
  ck_assert_ptr_eq(same, set);
  xd_dataset_release(set);
  ck_assert_uint_eq(xd_dataset_count(same), 3);
  xd_dataset_release(same);
}
END_TEST

START_TEST(dataset_fit__refuses_what_cannot_be) {
  xd_dataset *set = make_halves(), *made = set;
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  options.width = options.height = 2;
  options.fit = XD_FIT_EXACT;
  assert_status(xd_dataset_fit(&made, context, set, &options), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(made);
  options.fit = 4;
  assert_status(xd_dataset_fit(&made, context, set, &options), XD_ERROR_INVALID_ARGUMENT);
  options.fit = XD_FIT_STRETCH, options.height = 0;
  assert_status(xd_dataset_fit(&made, context, set, &options), XD_ERROR_INVALID_ARGUMENT);
  options.width = options.height = 65535;
  assert_status(xd_dataset_fit(&made, context, set, &options), XD_ERROR_TOO_LARGE);
  assert_status(xd_dataset_fit(&made, context, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_fit(NULL, context, set, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_fit(&made, NULL, set, NULL), XD_ERROR_INVALID_ARGUMENT);
  xd_dataset_release(set);
}
END_TEST

static xd_status convert_limited(xd_context *limited, void *user) {
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  xd_dataset *made = NULL;
  options.channels = 3;
  const xd_status status = xd_dataset_fit(&made, limited, user, &options);
  xd_dataset_release(made);
  return status;
}

START_TEST(dataset_fit__leaks_nothing_when_memory_is_refused) {
  xd_dataset *set = make_halves();
  check_refusals(convert_limited, set);
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
  tcase_add_test(tcase, dataset_read__gives_all_in_order_without_indices);
  tcase_add_test(tcase, dataset_read__gives_bytes_and_labels_in_the_order_asked);
  tcase_add_test(tcase, dataset__tells_whether_it_has_labels);
  tcase_add_test(tcase, dataset_fit__fits_pictures_and_keeps_labels_and_names);
  tcase_add_test(tcase, dataset_fit__changes_channels_alone);
  tcase_add_test(tcase, dataset_fit__gives_back_what_fits_already);
  tcase_add_test(tcase, dataset_fit__refuses_what_cannot_be);
  tcase_add_test(tcase, dataset_fit__leaks_nothing_when_memory_is_refused);
  tcase_add_test(tcase, dataset_read__refuses_indices_beyond_the_end);
  tcase_add_test(tcase, dataset__outlives_its_context);
  tcase_add_test(tcase, dataset__is_shared_between_threads);
  tcase_add_test(tcase, dataset_create__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
