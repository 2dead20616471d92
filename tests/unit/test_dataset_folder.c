/* Folders of pictures: which class each is, in what order they come, and what is refused. */
#include "support.h"

#include <locale.h>

#include "data/listing.h"
#include "refusals.h"
#include "xdomain/dataset.h"

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

static void add_folder(const char *name) {
  char path[TEST_PATH_SIZE];
  ck_assert_int_eq(mkdir(path_in(path, folder, name), 0777), 0);
}

static void add_file(const char *name, const void *data, size_t size) {
  char path[TEST_PATH_SIZE];
  write_test_file(path_in(path, folder, name), data, size);
}

/* A grey picture of 2x1 pixels: `value` and 0. */
static void add_grey(const char *name, unsigned char value) {
  unsigned char file[] = "P5 2 1 255\n..";
  file[sizeof file - 3] = value;
  file[sizeof file - 2] = 0;
  add_file(name, file, sizeof file - 1);
}

static void add_text(const char *name, const char *text) {
  add_file(name, text, strlen(text));
}

/* The options that ask for a size and channels. */
static const xd_dataset_options *as_shape(uint32_t width, uint32_t height, uint32_t channels) {
  static xd_dataset_options options;
  xd_dataset_options_init(&options, sizeof options);
  options.width = width;
  options.height = height;
  options.channels = channels;
  return &options;
}

static xd_dataset *load(uint32_t width, uint32_t height, uint32_t channels) {
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_load_folder(&set, context, folder, as_shape(width, height, channels)));
  return set;
}

static void check_refused(xd_status expected, const char *word) {
  xd_dataset *set = (xd_dataset *)&folder;
  assert_status(xd_dataset_load_folder(&set, context, folder, NULL), expected);
  ck_assert_ptr_null(set);
  assert_message_names(context, word);
}

/* First pixels and labels, in order. */
static void check_order(const xd_dataset *set, uint32_t count, const uint8_t *values,
                        const uint32_t *labels) {
  ck_assert_uint_eq(xd_dataset_count(set), count);
  for (uint32_t i = 0; i < count; i++) {
    ck_assert_uint_eq(*xd_dataset_pixels(set, i), values[i]);
    ck_assert_uint_eq(xd_dataset_label(set, i), labels[i]);
  }
}

START_TEST(compare_names__takes_digits_by_value) {
  static const char *const sorted[] = {"",
                                       "0",
                                       "1",
                                       "9",
                                       "10",
                                       "99999999999999999999998",
                                       "99999999999999999999999",
                                       "A",
                                       "a",
                                       "a1b2",
                                       "a1b10",
                                       "a2",
                                       "a10",
                                       "a10b",
                                       "ab",
                                       "b",
                                       "\xC3\xA4"};
  enum { COUNT = sizeof sorted / sizeof *sorted };
  for (int i = 0; i < COUNT; i++)
    for (int k = 0; k < COUNT; k++) {
      int order = xdi_compare_names(sorted[i], sorted[k]);
      ck_assert_msg((order > 0) - (order < 0) == (i > k) - (i < k), "'%s' against '%s' gives %d", sorted[i],
                    sorted[k], order);
    }
}
END_TEST

START_TEST(compare_names__tells_leading_zeros_apart) {
  static const char *const names[] = {"1", "01", "001"};
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++) {
      int order = xdi_compare_names(names[i], names[k]), back = xdi_compare_names(names[k], names[i]);
      ck_assert_int_eq((order > 0) - (order < 0), (back < 0) - (back > 0));
      ck_assert_int_eq(order == 0, i == k);
    }
  ck_assert_int_lt(xdi_compare_names("01a", "1b"), 0);
}
END_TEST

START_TEST(dataset_folder__takes_sub_folders_as_classes_by_name) {
  add_folder("horse");
  add_folder("Zebra");
  add_folder("ape");
  add_grey("horse/b.pgm", 31);
  add_grey("horse/a.pgm", 30);
  add_grey("Zebra/x.PGM", 10);
  add_grey("ape/2.pgm", 20);
  add_grey("ape/10.pgm", 21);
  add_grey("stray.pgm", 99); /* passed over: there are sub-folders */
  xd_dataset *set = load(0, 0, 0);
  check_order(set, 5, (const uint8_t[]){10, 20, 21, 30, 31}, (const uint32_t[]){0, 1, 1, 2, 2});
  ck_assert_uint_eq(xd_dataset_width(set), 2);
  ck_assert_uint_eq(xd_dataset_height(set), 1);
  ck_assert_uint_eq(xd_dataset_channels(set), 1);
  ck_assert_str_eq(xd_dataset_class_name(set, 0), "Zebra");
  ck_assert_str_eq(xd_dataset_class_name(set, 1), "ape");
  ck_assert_str_eq(xd_dataset_class_name(set, 2), "horse");
  ck_assert_str_eq(xd_dataset_class_name(set, 3), "");
  ck_assert_uint_eq(xd_dataset_class_size(set, 1), 2);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_folder__takes_numbers_as_labels) {
  add_folder("10");
  add_folder("9");
  add_folder("007");
  add_grey("10/a.pgm", 100);
  add_grey("9/a.pgm", 90);
  add_grey("007/a.pgm", 70);
  xd_dataset *set = load(0, 0, 0);
  check_order(set, 3, (const uint8_t[]){70, 90, 100}, (const uint32_t[]){7, 9, 10});
  ck_assert_str_eq(xd_dataset_class_name(set, 7), "007");
  ck_assert_str_eq(xd_dataset_class_name(set, 10), "10");
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_folder__numbers_by_order_unless_all_are_labels) {
  add_folder("10");
  add_folder("9");
  add_folder("256");
  add_grey("10/a.pgm", 100);
  add_grey("9/a.pgm", 90);
  add_grey("256/a.pgm", 1);
  xd_dataset *set = load(0, 0, 0);
  check_order(set, 3, (const uint8_t[]){90, 100, 1}, (const uint32_t[]){0, 1, 2});
  ck_assert_str_eq(xd_dataset_class_name(set, 0), "9");
  ck_assert_str_eq(xd_dataset_class_name(set, 2), "256");
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_folder__without_sub_folders_is_class_0) {
  add_grey("picture10.pgm", 3);
  add_grey("picture9.pgm", 2);
  add_grey("picture1.pgm", 1);
  add_text("notes.txt", "passed over");
  add_text("pgm", "no ending");
  add_text(".hidden.pgm", "passed over");
  xd_dataset *set = load(0, 0, 0);
  check_order(set, 3, (const uint8_t[]){1, 2, 3}, (const uint32_t[]){0, 0, 0});
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_folder__reads_what_is_nested_but_not_what_is_hidden) {
  char path[TEST_PATH_SIZE], target[TEST_PATH_SIZE];
  add_folder(".git");
  add_folder("a");
  add_folder("a/deeper");
  add_folder("a/deeper/still");
  add_folder("a/empty");
  add_grey(".git/x.pgm", 1);
  add_grey("a/x.pgm", 5);
  add_grey("a/deeper/x.pgm", 2);
  add_grey("a/deeper/still/x.pgm", 3);
  ck_assert_int_eq(symlink("nowhere", path_in(path, folder, "dangling")), 0);
  ck_assert_int_eq(symlink(path_in(target, folder, "a"), path_in(path, folder, "b")), 0);
  xd_dataset *set = load(0, 0, 0);
  check_order(set, 6, (const uint8_t[]){5, 2, 3, 5, 2, 3}, (const uint32_t[]){0, 0, 0, 1, 1, 1});
  ck_assert_str_eq(xd_context_message(context), "");
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_folder__refuses_a_link_that_leads_back_up) {
  char path[TEST_PATH_SIZE];
  add_folder("a");
  add_grey("a/x.pgm", 5);
  ck_assert_int_eq(symlink(".", path_in(path, folder, "a/again")), 0);
  check_refused(XD_ERROR_BAD_DATA, "32 folders deep");
}
END_TEST

static void keep_warnings(void *user, xd_log_level level, const char *message) {
  char *kept = user;
  if (level == XD_LOG_WARNING && strlen(kept) + strlen(message) + 2 < 4 * TEST_PATH_SIZE)
    strcat(strcat(kept, message), "\n");
}

static void check_told(const char *kept, const char *words) {
  ck_assert_msg(strstr(kept, words) != NULL, "no word of \"%s\" in: %s", words, kept);
}

START_TEST(dataset_folder__tells_what_it_passes_over) {
  static char kept[4 * TEST_PATH_SIZE];
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *telling;
  xd_dataset *set;
  kept[0] = '\0';
  options.backend = "reference";
  options.log = keep_warnings;
  options.log_user = kept;
  ck_assert_int_eq(xd_context_create(&telling, &options), XD_OK);
  add_folder("a");
  add_grey("a/x.pgm", 5);
  add_grey("a/y.JFIF", 6);
  assert_ok(telling, xd_dataset_load_folder(&set, telling, folder, NULL));
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  xd_dataset_release(set);
  ck_assert_str_eq(kept, "");
  add_text("a/x.webp", "");
  add_text("a/z.tif", "");
  add_text("notes.txt", "");
  add_grey("stray.pgm", 7);
  add_grey("stray2.pgm", 8);
  assert_ok(telling, xd_dataset_load_folder(&set, telling, folder, NULL));
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  check_told(kept, "passed over 3 entries that are no files, or not PNG, JPEG, BMP, PGM or PPM by name");
  check_told(kept, "passed over 2 pictures beside the folders of the classes");
  check_told(kept, "/stray.pgm' the first");
  xd_dataset_release(set);
  xd_context_destroy(telling);
}
END_TEST

/* In Turkish, I is not the large letter of i. The locale is made for the test. */
START_TEST(dataset_folder__has_the_same_pictures_in_any_locale) {
  char command[TEST_PATH_SIZE + 100], *locales = make_temp_folder();
  snprintf(command, sizeof command, "localedef -i tr_TR -f UTF-8 '%s/tr_TR.UTF-8' >/dev/null 2>&1", locales);
  add_grey("1.PGM", 1);
  add_grey("2.JFIF", 2);
  add_grey("3.jfif", 3);
  if (system(command) == 0) {
    setenv("LOCPATH", locales, 1);
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "tr_TR.UTF-8"));
    xd_dataset *set = load(0, 0, 0);
    check_order(set, 3, (const uint8_t[]){1, 2, 3}, (const uint32_t[]){0, 0, 0});
    xd_dataset_release(set);
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
  } else {
    puts("no localedef here: not tried");
  }
  remove_folder(locales);
}
END_TEST

START_TEST(dataset_folder__converts_to_the_richest_or_the_asked_channels) {
  add_grey("1.pgm", 100);
  add_file("2.ppm", "P6 2 1 255\n\xC8\x64\0\xFF\xFF\xFF", 17);
  xd_dataset *set = load(0, 0, 1);
  ck_assert_uint_eq(xd_dataset_channels(set), 1);
  ck_assert_mem_eq(xd_dataset_pixels(set, 0), "\x64\0", 2);
  ck_assert_mem_eq(xd_dataset_pixels(set, 1), "\x77\xFF", 2); /* 118.5 */
  xd_dataset_release(set);
  set = load(0, 0, 0);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  ck_assert_mem_eq(xd_dataset_pixels(set, 0), "\x64\x64\x64\0\0\0", 6);
  ck_assert_mem_eq(xd_dataset_pixels(set, 1), "\xC8\x64\0\xFF\xFF\xFF", 6);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_folder__lays_alpha_over_black) {
  char path[TEST_PATH_SIZE];
  unsigned char pixels[] = {200, 100, 50, 51, 200, 100, 50, 255};
  xd_image image;
  xd_image_init(&image, sizeof image, pixels, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  assert_ok(context, xd_image_save_png(context, path_in(path, folder, "a.png"), &image));
  xd_dataset *set = load(0, 0, 0);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  ck_assert_mem_eq(xd_dataset_pixels(set, 0), ((const unsigned char[]){40, 20, 10, 200, 100, 50}), 6);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_folder__resizes_while_loading) {
  add_grey("1.pgm", 100);
  add_file("2.pgm", "P5 4 4 255\n\0\0\x14\x14\0\0\x14\x14\0\0\x14\x14\0\0\x14\x14", 27);
  xd_dataset *set = load(2, 2, 0);
  ck_assert_uint_eq(xd_dataset_width(set), 2);
  ck_assert_uint_eq(xd_dataset_height(set), 2);
  ck_assert_mem_eq(xd_dataset_pixels(set, 0), "\x64\0\x64\0", 4);
  ck_assert_mem_eq(xd_dataset_pixels(set, 1), "\0\x14\0\x14", 4);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_folder__refuses_other_sizes) {
  add_grey("1.pgm", 100);
  add_file("2.pgm", "P5 1 2 255\n\0\0", 13);
  check_refused(XD_ERROR_SHAPE_MISMATCH, "2.pgm");
  assert_message_names(context, "1x2");
}
END_TEST

START_TEST(dataset_folder__names_damaged_pictures) {
  add_grey("1.pgm", 100);
  add_text("2.png", "no picture");
  check_refused(XD_ERROR_BAD_DATA, "2.png");
  add_text("2.png", "P5 2 1 255\n");
  check_refused(XD_ERROR_TRUNCATED, "2.png");
}
END_TEST

START_TEST(dataset_folder__refuses_folders_without_pictures) {
  xd_dataset *set = (xd_dataset *)&folder;
  char path[TEST_PATH_SIZE];
  check_refused(XD_ERROR_NOT_FOUND, folder);
  add_text("notes.txt", "no picture");
  check_refused(XD_ERROR_NOT_FOUND, "no picture");
  assert_status(xd_dataset_load_folder(&set, context, path_in(path, folder, "none"), NULL),
                XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(set);
  assert_message_names(context, "none");
  assert_status(xd_dataset_load_folder(&set, context, path_in(path, folder, "notes.txt"), NULL),
                XD_ERROR_NOT_FOUND);
  add_folder("full");
  add_grey("full/a.pgm", 1);
  add_folder("empty");
  check_refused(XD_ERROR_NOT_FOUND, "empty");
}
END_TEST

START_TEST(dataset_folder__refuses_two_folders_of_one_label) {
  add_folder("7");
  add_folder("07");
  add_grey("7/a.pgm", 1);
  add_grey("07/a.pgm", 1);
  check_refused(XD_ERROR_BAD_DATA, "class 7");
}
END_TEST

START_TEST(dataset_folder__refuses_a_class_whose_name_is_no_utf8) {
  add_folder("caf\xC3\xA9");
  add_grey("caf\xC3\xA9/a.pgm", 1);
  xd_dataset_release(load(0, 0, 0));
  add_folder("caf\xE9");
  add_grey("caf\xE9/a.pgm", 1);
  check_refused(XD_ERROR_BAD_DATA, "/caf\\xE9' of a class is no UTF-8");
}
END_TEST

START_TEST(dataset_folder__refuses_more_classes_than_labels) {
  char name[32];
  for (int i = 0; i < 257; i++) {
    snprintf(name, sizeof name, "class%d", i);
    add_folder(name);
  }
  check_refused(XD_ERROR_TOO_LARGE, "257");
}
END_TEST

START_TEST(dataset_folder__refuses_impossible_arguments) {
  xd_dataset *set;
  add_grey("1.pgm", 100);
  assert_status(xd_dataset_load_folder(NULL, context, folder, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_folder(&set, NULL, folder, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_folder(&set, context, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_folder(&set, context, folder, as_shape(2, 0, 0)), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_folder(&set, context, folder, as_shape(0, 2, 0)), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_folder(&set, context, folder, as_shape(65536, 1, 0)),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_folder(&set, context, folder, as_shape(0, 0, 2)), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(dataset_folder__stops_when_cancelled) {
  xd_dataset *set;
  add_grey("1.pgm", 100);
  xd_context_cancel(context);
  assert_status(xd_dataset_load_folder(&set, context, folder, NULL), XD_ERROR_CANCELLED);
  ck_assert_ptr_null(set);
}
END_TEST

static xd_status load_limited(xd_context *limited, void *user) {
  xd_dataset *set;
  (void)user;
  xd_status status = xd_dataset_load_folder(&set, limited, folder, as_shape(3, 3, 3));
  xd_dataset_release(set);
  return status;
}

START_TEST(dataset_folder__leaks_nothing_when_memory_is_refused) {
  add_folder("a");
  add_folder("b");
  add_grey("a/1.pgm", 1);
  add_grey("a/2.pgm", 2);
  add_grey("b/1.pgm", 3);
  add_folder("a/deeper");
  add_grey("a/deeper/1.pgm", 4);
  add_text("b/other.txt", "");
  check_refusals(load_limited, NULL);
}
END_TEST

static xd_context *threaded_context(uint32_t threads) {
  xd_context *made = NULL;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.backend = "reference";
  options.threads = threads;
  ck_assert_int_eq(xd_context_create(&made, &options), XD_OK);
  return made;
}

/* 600 pictures, more than are decoded at once, the third of which is coloured, and two of which are bad. */
static void add_many(void) {
  for (unsigned i = 0; i < 600; i++) {
    char name[16];
    snprintf(name, sizeof name, "%u.pgm", i);
    if (i == 2)
      add_text(name, "P6 2 1 255\nabcdef");
    else if (i == 20 || i == 400)
      add_text(name, "P5 2 1 255\n");
    else
      add_grey(name, (unsigned char)(i % 251));
  }
}

static int stop_at_50(void *user, const xd_progress *event) {
  *(uint32_t *)user = event->step;
  return event->step == 50;
}

START_TEST(dataset_folder__reads_alike_on_any_number_of_threads) {
  static const uint32_t threads[] = {1, 4};
  xd_dataset *sets[2];
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  add_many();
  for (int i = 0; i < 2; i++) {
    uint32_t heard = 0;
    xd_context *on = threaded_context(threads[i]);
    options.skip_bad = 0;
    options.callback = NULL;
    ck_assert_int_eq(xd_dataset_load_folder(&sets[i], on, folder, &options), XD_ERROR_TRUNCATED);
    assert_message_names(on, "/20.pgm");
    options.skip_bad = 1;
    assert_ok(on, xd_dataset_load_folder(&sets[i], on, folder, &options));
    assert_message_names(on, "/20.pgm"); /* a call that succeeds leaves it alone */
    xd_dataset *none = NULL;
    options.callback = stop_at_50;
    options.user = &heard;
    ck_assert_int_eq(xd_dataset_load_folder(&none, on, folder, &options), XD_ERROR_CANCELLED);
    ck_assert_uint_eq(heard, 50);
    xd_context_destroy(on);
  }
  ck_assert_uint_eq(xd_dataset_count(sets[0]), 598);
  ck_assert_uint_eq(xd_dataset_count(sets[1]), 598);
  ck_assert_uint_eq(xd_dataset_channels(sets[1]), 3);
  for (uint32_t i = 0; i < 598; i++)
    ck_assert_mem_eq(xd_dataset_pixels(sets[0], i), xd_dataset_pixels(sets[1], i), 2 * 3);
  for (size_t i = 0; i < 2; i++)
    ck_assert_str_eq(xd_dataset_left_out(sets[0], XD_LEFT_OUT_BAD, i),
                     xd_dataset_left_out(sets[1], XD_LEFT_OUT_BAD, i));
  xd_dataset_release(sets[0]);
  xd_dataset_release(sets[1]);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("dataset_folder");
  TCase *tcase = tcase_create("dataset_folder");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, compare_names__takes_digits_by_value);
  tcase_add_test(tcase, compare_names__tells_leading_zeros_apart);
  tcase_add_test(tcase, dataset_folder__takes_sub_folders_as_classes_by_name);
  tcase_add_test(tcase, dataset_folder__takes_numbers_as_labels);
  tcase_add_test(tcase, dataset_folder__numbers_by_order_unless_all_are_labels);
  tcase_add_test(tcase, dataset_folder__without_sub_folders_is_class_0);
  tcase_add_test(tcase, dataset_folder__reads_what_is_nested_but_not_what_is_hidden);
  tcase_add_test(tcase, dataset_folder__refuses_a_link_that_leads_back_up);
  tcase_add_test(tcase, dataset_folder__tells_what_it_passes_over);
  tcase_add_test(tcase, dataset_folder__has_the_same_pictures_in_any_locale);
  tcase_add_test(tcase, dataset_folder__converts_to_the_richest_or_the_asked_channels);
  tcase_add_test(tcase, dataset_folder__lays_alpha_over_black);
  tcase_add_test(tcase, dataset_folder__resizes_while_loading);
  tcase_add_test(tcase, dataset_folder__refuses_other_sizes);
  tcase_add_test(tcase, dataset_folder__names_damaged_pictures);
  tcase_add_test(tcase, dataset_folder__refuses_folders_without_pictures);
  tcase_add_test(tcase, dataset_folder__refuses_two_folders_of_one_label);
  tcase_add_test(tcase, dataset_folder__refuses_a_class_whose_name_is_no_utf8);
  tcase_add_test(tcase, dataset_folder__refuses_more_classes_than_labels);
  tcase_add_test(tcase, dataset_folder__refuses_impossible_arguments);
  tcase_add_test(tcase, dataset_folder__stops_when_cancelled);
  tcase_add_test(tcase, dataset_folder__reads_alike_on_any_number_of_threads);
  tcase_add_test(tcase, dataset_folder__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
