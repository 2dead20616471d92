/* Sets joined into one. */
#include "support.h"

#include "data/dataset.h"
#include "refusals.h"

static xd_context *context;
static char *folder;

static void set_up(void) {
  context = test_context("reference");
  folder = make_temp_folder();
}

static void tear_down(void) {
  xd_context_destroy(context);
  remove_folder(folder);
}

/* `count` pictures of 1x1 pixels of one channel, of values first, first + 1, ...; labels as given or NULL. */
static xd_dataset *make_set(uint8_t first, const uint32_t *labels, uint32_t count) {
  uint8_t pixels[8];
  xd_dataset *set = NULL;
  for (uint32_t i = 0; i < count; i++)
    pixels[i] = (uint8_t)(first + i);
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, count, 1, 1, 1));
  return set;
}

static xd_dataset *make_shape(uint32_t height, uint32_t width, uint32_t channels) {
  const uint8_t pixels[64] = {0};
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_create(&set, context, pixels, NULL, 1, width, height, channels));
  return set;
}

/* From a folder with one class, 0, of that name, with one picture of one pixel. */
static xd_dataset *make_named(const char *class) {
  char path[TEST_PATH_SIZE], inner[TEST_PATH_SIZE], file[TEST_PATH_SIZE];
  xd_dataset *set = NULL;
  mkdir(path_in(path, folder, class), 0777);
  mkdir(path_in(inner, path, class), 0777);
  write_test_file(path_in(file, inner, "a.pgm"), "P5 1 1 255\nA", 12);
  assert_ok(context, xd_dataset_load_folder(&set, context, path, NULL));
  return set;
}

static xd_dataset *join_two(const xd_dataset *a, const xd_dataset *b) {
  const xd_dataset *const sets[] = {a, b};
  xd_dataset *joined = NULL;
  assert_ok(context, xd_dataset_join(&joined, context, sets, 2));
  return joined;
}

static void check_refused(xd_dataset *a, xd_dataset *b, xd_status expected, const char *word) {
  const xd_dataset *const sets[] = {a, b};
  xd_dataset *joined = (xd_dataset *)&folder;
  assert_status(xd_dataset_join(&joined, context, sets, 2), expected);
  ck_assert_ptr_null(joined);
  assert_message_names(context, word);
  xd_dataset_release(a);
  xd_dataset_release(b);
}

START_TEST(dataset_join__keeps_the_order_and_the_labels) {
  xd_dataset *a = make_set(10, (const uint32_t[]){5, 0, 5}, 3), *b = make_set(40, (const uint32_t[]){255}, 1),
             *c = make_set(70, (const uint32_t[]){0, 5}, 2);
  const xd_dataset *const sets[] = {a, b, c, b};
  const uint8_t values[] = {10, 11, 12, 40, 70, 71, 40};
  const uint32_t labels[] = {5, 0, 5, 255, 0, 5, 255};
  xd_dataset *joined = NULL;
  assert_ok(context, xd_dataset_join(&joined, context, sets, 4));
  xd_dataset_release(a);
  xd_dataset_release(b);
  xd_dataset_release(c); /* the joined set stands alone */
  ck_assert_uint_eq(xd_dataset_count(joined), 7);
  for (uint32_t i = 0; i < 7; i++) {
    ck_assert_uint_eq(*xd_dataset_pixels(joined, i), values[i]);
    ck_assert_uint_eq(xd_dataset_label(joined, i), labels[i]);
  }
  ck_assert_uint_eq(xd_dataset_class_size(joined, 0), 2);
  ck_assert_uint_eq(xd_dataset_class_size(joined, 5), 3);
  ck_assert_uint_eq(xd_dataset_class_size(joined, 255), 2);
  ck_assert_str_eq(xd_dataset_class_name(joined, 255), "255");
  xd_dataset_release(joined);
}
END_TEST

START_TEST(dataset_join__copies_whole_pictures) {
  uint8_t pixels[2 * 12];
  xd_dataset *set = NULL;
  for (unsigned i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(i + 1);
  assert_ok(context, xd_dataset_create(&set, context, pixels, NULL, 2, 4, 1, 3));
  xd_dataset *joined = join_two(set, set);
  ck_assert_uint_eq(xd_dataset_height(joined), 1);
  ck_assert_uint_eq(xd_dataset_width(joined), 4);
  ck_assert_uint_eq(xd_dataset_channels(joined), 3);
  for (uint32_t i = 0; i < 4; i++)
    ck_assert_mem_eq(xd_dataset_pixels(joined, i), pixels + i % 2 * 12, 12);
  xd_dataset_release(set);
  xd_dataset_release(joined);
}
END_TEST

START_TEST(dataset_join__takes_what_selections_kept) {
  xd_dataset *set = make_set(10, (const uint32_t[]){1, 2, 1, 2}, 4), *twos = NULL;
  const uint32_t two = 2;
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.classes = &two;
  selection.class_count = 1;
  assert_ok(context, xd_dataset_select(&twos, context, set, &selection));
  xd_dataset *joined = join_two(twos, twos);
  ck_assert_uint_eq(xd_dataset_count(joined), 4);
  ck_assert_uint_eq(*xd_dataset_pixels(joined, 0), 11);
  ck_assert_uint_eq(*xd_dataset_pixels(joined, 3), 13);
  ck_assert_uint_eq(xd_dataset_class_size(joined, 2), 4);
  ck_assert_uint_eq(xd_dataset_class_size(joined, 1), 0);
  xd_dataset_release(set);
  xd_dataset_release(twos);
  xd_dataset_release(joined);
}
END_TEST

START_TEST(dataset_join__refuses_other_shapes) {
  check_refused(make_shape(2, 3, 1), make_shape(3, 2, 1), XD_ERROR_SHAPE_MISMATCH,
                "sets[1] has pictures of 2x3x1, sets[0] of 3x2x1");
  check_refused(make_shape(2, 3, 1), make_shape(2, 2, 1), XD_ERROR_SHAPE_MISMATCH, "2x2x1");
  check_refused(make_shape(2, 3, 1), make_shape(2, 3, 3), XD_ERROR_SHAPE_MISMATCH, "3x2x3");
}
END_TEST

START_TEST(dataset_join__refuses_labels_in_some_sets_only) {
  const uint32_t labels[] = {0, 0};
  check_refused(make_set(1, labels, 2), make_set(1, NULL, 2), XD_ERROR_INVALID_ARGUMENT,
                "sets[1] has no labels, but sets[0] has");
  check_refused(make_set(1, NULL, 2), make_set(1, labels, 2), XD_ERROR_INVALID_ARGUMENT,
                "sets[1] has labels, but sets[0] has none");
  xd_dataset *a = make_set(1, NULL, 2), *joined = join_two(a, a); /* that of sets without any has none */
  xd_dataset_release(a);
  check_refused(joined, make_set(1, labels, 2), XD_ERROR_INVALID_ARGUMENT, "labels");
}
END_TEST

/* Readers and conversions say whether they were given labels. */
START_TEST(dataset_join__knows_which_sets_have_labels) {
  char path[TEST_PATH_SIZE];
  xd_dataset *set = NULL, *converted = NULL;
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  const unsigned char images[17] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 'A'};
  write_test_file(path_in(path, folder, "images"), images, sizeof images);
  assert_ok(context, xd_dataset_load_idx(&set, context, path, NULL));
  check_refused(set, make_set(1, (const uint32_t[]){0}, 1), XD_ERROR_INVALID_ARGUMENT, "labels");
  write_test_file(path_in(path, folder, "a.pgm"), "P5 1 1 255\nA", 12);
  assert_ok(context, xd_dataset_load_folder(&set, context, folder, NULL));
  check_refused(set, make_set(1, (const uint32_t[]){0}, 1), XD_ERROR_INVALID_ARGUMENT, "labels");
  set = make_named("ape");
  options.channels = 3;
  assert_ok(context, xd_dataset_fit(&converted, context, set, &options));
  xd_dataset_release(set);
  check_refused(converted, make_shape(1, 1, 3), XD_ERROR_INVALID_ARGUMENT, "labels");
}
END_TEST

START_TEST(dataset_join__takes_names_beside_numbers) {
  xd_dataset *plain = make_set(1, (const uint32_t[]){0, 1}, 2), *named = make_named("ape");
  xd_dataset *joined = join_two(plain, named);
  ck_assert_str_eq(xd_dataset_class_name(joined, 0), "ape");
  ck_assert_str_eq(xd_dataset_class_name(joined, 1), "1");
  xd_dataset *again = join_two(joined, plain);
  ck_assert_str_eq(xd_dataset_class_name(again, 0), "ape");
  xd_dataset_release(plain);
  xd_dataset_release(named);
  xd_dataset_release(again);
  check_refused(joined, make_named("bee"), XD_ERROR_INVALID_ARGUMENT,
                "class 0 is 'bee' in sets[1], but 'ape'");
}
END_TEST

START_TEST(dataset_join__refuses_impossible_arguments) {
  xd_dataset *a = make_set(1, NULL, 1), *joined = (xd_dataset *)&folder;
  const xd_dataset *const sets[] = {a, NULL};
  assert_status(xd_dataset_join(&joined, context, sets, 2), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(joined);
  assert_message_names(context, "sets[1] is NULL");
  assert_status(xd_dataset_join(&joined, context, sets, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "count is 0");
  assert_status(xd_dataset_join(&joined, context, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_join(NULL, context, sets, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_join(&joined, NULL, sets, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_dataset_join(&joined, context, sets, 1)); /* a copy */
  ck_assert_ptr_ne(xd_dataset_pixels(joined, 0), xd_dataset_pixels(a, 0));
  xd_dataset_release(joined);
  xd_dataset_release(a);
}
END_TEST

/* One set again and again is as large as one likes without taking memory. */
START_TEST(dataset_join__checks_sizes_before_it_takes_memory) {
  enum { SIDE = 4096, COUNT = 200 };
  const xd_dataset *sets[COUNT];
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  uint8_t *pixels = calloc(SIDE, SIDE);
  xd_dataset *set = NULL, *joined = NULL;
  ck_assert_ptr_nonnull(pixels);
  assert_ok(counted, xd_dataset_create(&set, counted, pixels, NULL, 1, SIDE, SIDE, 1));
  free(pixels);
  for (int i = 0; i < COUNT; i++)
    sets[i] = set;
  size_t asked = atomic_load(&counter.total);
  assert_status(xd_dataset_join(&joined, counted, sets, COUNT), XD_ERROR_TOO_LARGE);
  ck_assert_uint_eq(atomic_load(&counter.total), asked);
  xd_dataset_release(set);
  xd_context_destroy(counted);
}
END_TEST

START_TEST(dataset_join__can_be_cancelled) {
  xd_dataset *a = make_set(1, NULL, 1);
  xd_context_cancel(context);
  check_refused(a, xd_dataset_retain(a), XD_ERROR_CANCELLED, "");
}
END_TEST

static xd_status join_limited(xd_context *limited, void *user) {
  const xd_dataset *const sets[] = {user, user};
  xd_dataset *joined;
  xd_status status = xd_dataset_join(&joined, limited, sets, 2);
  xd_dataset_release(joined);
  return status;
}

START_TEST(dataset_join__leaks_nothing_when_memory_is_refused) {
  xd_dataset *set = make_set(1, (const uint32_t[]){1, 2}, 2);
  check_refusals(join_limited, set);
  xd_dataset_release(set);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("dataset_join");
  TCase *tcase = tcase_create("dataset_join");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, dataset_join__keeps_the_order_and_the_labels);
  tcase_add_test(tcase, dataset_join__copies_whole_pictures);
  tcase_add_test(tcase, dataset_join__takes_what_selections_kept);
  tcase_add_test(tcase, dataset_join__refuses_other_shapes);
  tcase_add_test(tcase, dataset_join__refuses_labels_in_some_sets_only);
  tcase_add_test(tcase, dataset_join__knows_which_sets_have_labels);
  tcase_add_test(tcase, dataset_join__takes_names_beside_numbers);
  tcase_add_test(tcase, dataset_join__refuses_impossible_arguments);
  tcase_add_test(tcase, dataset_join__checks_sizes_before_it_takes_memory);
  tcase_add_test(tcase, dataset_join__can_be_cancelled);
  tcase_add_test(tcase, dataset_join__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
