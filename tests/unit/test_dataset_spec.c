/* Sets from one line of text. */
#include "support.h"

#include "refusals.h"
#include "xdomain/dataset.h"
#include "xdomain/unstable/spec.h"

static xd_context *context;
static char *folder;
static char line[4 * TEST_PATH_SIZE];

/* "images": eight pictures of 2x2 pixels, all of value 10 i; "labels": 0, 1, 2, 3, 0, 1, 2, 3;
 * "pictures/3/a.pgm": one of 2x1 pixels. */
static void set_up(void) {
  unsigned char images[16 + 32] = {0, 0, 8, 3, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 2};
  char path[TEST_PATH_SIZE];
  context = test_context("reference");
  folder = make_temp_folder();
  for (unsigned i = 0; i < 32; i++)
    images[16 + i] = (unsigned char)(i / 4 * 10);
  write_test_file(path_in(path, folder, "images"), images, sizeof images);
  write_test_file(path_in(path, folder, "labels"), "\0\0\10\1\0\0\0\10\0\1\2\3\0\1\2\3", 16);
  ck_assert_int_eq(mkdir(path_in(path, folder, "pictures"), 0777), 0);
  ck_assert_int_eq(mkdir(path_in(path, folder, "pictures/3"), 0777), 0);
  write_test_file(path_in(path, folder, "pictures/3/a.pgm"), "P5 2 1 255\nAA", 13);
}

static void tear_down(void) {
  xd_context_destroy(context);
  remove_folder(folder);
}

/* "idx:IMAGES,LABELS" and the options. */
static const char *idx_line(const char *options) {
  snprintf(line, sizeof line, "idx:%s/images,%s/labels%s", folder, folder, options);
  return line;
}

static const char *dir_line(const char *options) {
  snprintf(line, sizeof line, "dir:%s/pictures%s", folder, options);
  return line;
}

static xd_dataset *load(const char *text) {
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_load(&set, context, text, NULL));
  return set;
}

static void check_values(const char *options, uint32_t count, const uint8_t *values) {
  xd_dataset *set = load(idx_line(options));
  ck_assert_uint_eq(xd_dataset_count(set), count);
  for (uint32_t i = 0; i < count; i++)
    ck_assert_uint_eq(*xd_dataset_pixels(set, i), values[i]);
  xd_dataset_release(set);
}

static void check_refused(const char *text, xd_status expected, const char *word) {
  xd_dataset *set = (xd_dataset *)&folder;
  assert_status(xd_dataset_load(&set, context, text, NULL), expected);
  ck_assert_ptr_null(set);
  assert_message_names(context, word);
}

START_TEST(dataset_spec__loads_idx_with_and_without_labels) {
  check_values("", 8, (const uint8_t[]){0, 10, 20, 30, 40, 50, 60, 70});
  snprintf(line, sizeof line, "idx:%s/images", folder);
  xd_dataset *set = load(line);
  ck_assert_uint_eq(xd_dataset_class_size(set, 0), 8);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_spec__keeps_classes_in_set_order) {
  check_values(";classes=2", 2, (const uint8_t[]){20, 60});
  check_values(";classes=3,0", 4, (const uint8_t[]){0, 30, 40, 70});
  check_values(";classes=0,2-3", 6, (const uint8_t[]){0, 20, 30, 40, 60, 70});
  check_values(";classes=0-3,1-2", 8, (const uint8_t[]){0, 10, 20, 30, 40, 50, 60, 70});
}
END_TEST

START_TEST(dataset_spec__takes_the_first_after_the_classes) {
  check_values(";first=3", 3, (const uint8_t[]){0, 10, 20});
  check_values(";first=3;classes=1-2", 3, (const uint8_t[]){10, 20, 50});
  check_values(";first=100", 8, (const uint8_t[]){0, 10, 20, 30, 40, 50, 60, 70});
}
END_TEST

START_TEST(dataset_spec__draws_subsets_by_seed) {
  xd_dataset *set = load(idx_line(";seed=18446744073709551615;subset=3;first=5"));
  ck_assert_uint_eq(xd_dataset_count(set), 3);
  for (uint32_t i = 0; i < 3; i++)
    ck_assert_uint_lt(*xd_dataset_pixels(set, i), 50); /* of the first five */
  xd_dataset_release(set);
  unsigned differing = 0;
  for (unsigned seed = 1; seed < 10; seed++) {
    char options[64];
    snprintf(options, sizeof options, ";subset=3;seed=%u", seed);
    xd_dataset *a = load(idx_line(options)), *b = load(idx_line(options)),
               *zero = load(idx_line(";subset=3"));
    for (uint32_t i = 0; i < 3; i++) {
      ck_assert_uint_eq(*xd_dataset_pixels(a, i), *xd_dataset_pixels(b, i));
      differing += *xd_dataset_pixels(a, i) != *xd_dataset_pixels(zero, i);
    }
    xd_dataset_release(a);
    xd_dataset_release(b);
    xd_dataset_release(zero);
  }
  ck_assert_uint_gt(differing, 0);
}
END_TEST

/* Two pictures of each of four classes: one for each part, the same whatever else is drawn. */
START_TEST(dataset_spec__splits_into_two_parts) {
  xd_dataset *train = load(idx_line(";holdout=50%;part=train")), *few;
  xd_dataset *held = load(idx_line(";part=validation;holdout=50%"));
  ck_assert_uint_eq(xd_dataset_count(train), 4);
  ck_assert_uint_eq(xd_dataset_count(held), 4);
  for (uint32_t i = 0; i < 4; i++) {
    ck_assert_uint_eq(xd_dataset_class_size(train, i), 1);
    ck_assert_uint_eq(xd_dataset_class_size(held, i), 1);
    for (uint32_t j = 0; j < 4; j++)
      ck_assert_uint_ne(*xd_dataset_pixels(train, i), *xd_dataset_pixels(held, j));
  }
  few = load(idx_line(";classes=1;holdout=50%;part=train;subset=1;seed=9"));
  ck_assert_uint_eq(xd_dataset_count(few), 1);
  uint32_t place = 0;
  while (xd_dataset_label(train, place) != 1)
    place++;
  ck_assert_uint_eq(*xd_dataset_pixels(few, 0), *xd_dataset_pixels(train, place));
  xd_dataset_release(train);
  xd_dataset_release(held);
  xd_dataset_release(few);
}
END_TEST

START_TEST(dataset_spec__resizes_and_converts) {
  xd_dataset *set = load(idx_line(";classes=3;size=3x1;channels=3"));
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  ck_assert_uint_eq(xd_dataset_width(set), 3);
  ck_assert_uint_eq(xd_dataset_height(set), 1);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  for (unsigned i = 0; i < 9; i++)
    ck_assert_uint_eq(xd_dataset_pixels(set, 1)[i], 70);
  ck_assert_uint_eq(xd_dataset_label(set, 1), 3);
  ck_assert_str_eq(xd_dataset_class_name(set, 3), "3");
  xd_dataset_release(set);
  set = load(idx_line(";size=2x2;channels=1")); /* as it is */
  ck_assert_uint_eq(xd_dataset_width(set), 2);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_spec__loads_folders) {
  xd_dataset *set = load(dir_line(";size=4x4;channels=3;first=1"));
  ck_assert_uint_eq(xd_dataset_count(set), 1);
  ck_assert_uint_eq(xd_dataset_width(set), 4);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  ck_assert_uint_eq(xd_dataset_pixels(set, 0)[47], 'A');
  ck_assert_uint_eq(xd_dataset_label(set, 0), 3);
  xd_dataset_release(set);
  set = load(dir_line(""));
  ck_assert_uint_eq(xd_dataset_width(set), 2);
  xd_dataset_release(set);
}
END_TEST

/* "idx:IMAGES,LABELS" and options twice, between a bar. */
static const char *joined_line(const char *first, const char *second) {
  snprintf(line, sizeof line, "idx:%s/images,%s/labels%s|idx:%s/images,%s/labels%s", folder, folder, first,
           folder, folder, second);
  return line;
}

START_TEST(dataset_spec__joins_parts_in_order) {
  const uint8_t values[] = {10, 50, 40, 70};
  const uint32_t labels[] = {1, 1, 0, 3};
  xd_dataset *set = load(joined_line(";classes=1;channels=3", ";classes=0,3;channels=3"));
  ck_assert_uint_eq(xd_dataset_count(set), 6);
  xd_dataset_release(set);
  set = load(joined_line(";classes=1", ";holdout=50%;part=train;classes=0,3"));
  ck_assert_uint_eq(xd_dataset_count(set), 4);
  ck_assert_uint_eq(xd_dataset_channels(set), 1);
  for (uint32_t i = 0; i < 2; i++)
    ck_assert_uint_eq(*xd_dataset_pixels(set, i), values[i]);
  for (uint32_t i = 0; i < 4; i++)
    ck_assert_uint_eq(xd_dataset_class_size(set, labels[i]), i < 2 ? 2 : 1);
  xd_dataset_release(set);
}
END_TEST

/* The one picture of the folder is of class 3. */
START_TEST(dataset_spec__joins_kinds_of_one_shape) {
  char text[4 * TEST_PATH_SIZE];
  snprintf(text, sizeof text,
           "dir:%s/pictures;size=2x2|idx:%s/images,%s/labels;first=1|dir:%s/pictures;size=2x2", folder,
           folder, folder, folder);
  xd_dataset *set = load(text);
  ck_assert_uint_eq(xd_dataset_count(set), 3);
  ck_assert_uint_eq(*xd_dataset_pixels(set, 0), 'A');
  ck_assert_uint_eq(*xd_dataset_pixels(set, 1), 0);
  ck_assert_uint_eq(*xd_dataset_pixels(set, 2), 'A');
  ck_assert_uint_eq(xd_dataset_label(set, 0), 3);
  ck_assert_uint_eq(xd_dataset_label(set, 1), 0);
  ck_assert_uint_eq(xd_dataset_label(set, 2), 3);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_spec__refuses_parts_that_do_not_fit) {
  char text[4 * TEST_PATH_SIZE];
  check_refused(joined_line(";channels=3", ""), XD_ERROR_SHAPE_MISMATCH, "sets[1] has pictures of 2x2x1");
  check_refused(joined_line("", ";size=3x1"), XD_ERROR_SHAPE_MISMATCH, "3x1x1");
  check_refused(joined_line("", ";classes=7"), XD_ERROR_NOT_FOUND, "class 7");
  snprintf(text, sizeof text, "idx:%s/images,%s/labels|idx:%s/images", folder, folder, folder);
  check_refused(text, XD_ERROR_INVALID_ARGUMENT, "sets[1] has no labels");
}
END_TEST

/* A wrong word anywhere costs nothing: no part is loaded before all are read. */
START_TEST(dataset_spec__names_the_part_that_is_wrong) {
  check_refused("idx:no/such/file||idx:b", XD_ERROR_INVALID_ARGUMENT, "'' does not begin a set");
  check_refused("idx:no/such/file|", XD_ERROR_INVALID_ARGUMENT, "'' does not begin a set");
  check_refused("|idx:no/such/file", XD_ERROR_INVALID_ARGUMENT, "'' does not begin a set");
  check_refused("|", XD_ERROR_INVALID_ARGUMENT, "'' does not begin a set");
  check_refused("idx:no/such/file|;first=1", XD_ERROR_INVALID_ARGUMENT, "'' does not begin a set");
  check_refused("idx:no/such/file|b:c", XD_ERROR_INVALID_ARGUMENT, "'b' does not begin a set");
  check_refused("no/such/folder;first=1", XD_ERROR_NOT_FOUND, "no/such/folder");
  check_refused("idx:no/such/file;first=1|idx:b;first=0", XD_ERROR_INVALID_ARGUMENT, "'first=0'");
  check_refused("idx:no/such/file;first=1|idx:b;first=2;first=3", XD_ERROR_INVALID_ARGUMENT,
                "'first=3' repeats");
  check_refused("idx:no/such/file;seed=1|idx:b;subset=2", XD_ERROR_INVALID_ARGUMENT, "seed");
  check_refused("idx:no/such/file|dir:no/such/folder", XD_ERROR_NOT_FOUND, "no/such/file");
}
END_TEST

START_TEST(dataset_spec__joins_as_many_parts_as_documented) {
  char text[257 * 6], *at = text;
  for (int i = 0; i < 257; i++)
    at += sprintf(at, "%sidx:a", i ? "|" : "");
  check_refused(text, XD_ERROR_INVALID_ARGUMENT, "256 parts");
  text[256 * 6 - 1] = '\0';
  check_refused(text, XD_ERROR_NOT_FOUND, "'a'");
}
END_TEST

START_TEST(dataset_spec__names_the_word_that_is_wrong) {
  static const char *const options[][2] = {
      {";first", "'first' is no option"},
      {";", "'' is no option"},
      {";;first=1", "''"},
      {";last=3", "'last' is no option"},
      {";First=3", "'First'"},
      {";first=0", "'first=0'"},
      {";first=-1", "'first=-1'"},
      {";first=", "'first='"},
      {";first=4294967296", "'first=4294967296'"},
      {";first=3x", "'first=3x'"},
      {";first= 3", "'first= 3'"},
      {";subset=0", "'subset=0'"},
      {";seed=1", "seed"},
      {";subset=1;seed=18446744073709551616", "'seed=18446744073709551616'"},
      {";subset=1;seed=x", "'seed=x'"},
      {";classes=", "'classes='"},
      {";classes=1,", "'classes=1,'"},
      {";classes=3-1", "'classes=3-1'"},
      {";classes=1-", "'classes=1-'"},
      {";classes=256", "'classes=256'"},
      {";classes=1;2", "'2'"},
      {";size=3", "'size=3'"},
      {";size=0x3", "'size=0x3'"},
      {";size=3x0", "'size=3x0'"},
      {";size=65536x3", "'size=65536x3'"},
      {";size=3x3x3", "'size=3x3x3'"},
      {";channels=2", "'channels=2'"},
      {";channels=33", "'channels=33'"},
      {";first=1;first=2", "'first=2' repeats"},
      {";classes=1;classes=2", "'classes=2' repeats"},
      {";size=1x1;size=2x2", "'size=2x2' repeats"},
      {";channels=1;channels=1", "'channels=1' repeats"},
      {";holdout=10", "'holdout=10'"},
      {";holdout=0%;part=train", "'holdout=0%'"},
      {";holdout=100%;part=train", "'holdout=100%'"},
      {";holdout=50%;part=test", "'part=test'"},
      {";holdout=50%", "'holdout'"},
      {";part=train", "'part'"},
      {";part=train;part=train", "'part=train' repeats"},
      {";holdout=1%;holdout=2%", "'holdout=2%' repeats"},
      {";subset=1;seed=0;seed=0", "'seed=0' repeats"}};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    check_refused(idx_line(options[i][0]), XD_ERROR_INVALID_ARGUMENT, options[i][1]);
  check_refused("", XD_ERROR_INVALID_ARGUMENT, "''");
  check_refused("images,labels", XD_ERROR_NOT_FOUND, "'images,labels'");
  check_refused(";first=1", XD_ERROR_INVALID_ARGUMENT, "''");
  check_refused("zip:images", XD_ERROR_INVALID_ARGUMENT, "'zip'");
  check_refused("idx:", XD_ERROR_INVALID_ARGUMENT, "path");
  check_refused("idx:,labels", XD_ERROR_INVALID_ARGUMENT, "path");
  check_refused("idx:images,", XD_ERROR_INVALID_ARGUMENT, "label");
  check_refused("dir:;first=1", XD_ERROR_INVALID_ARGUMENT, "path");
}
END_TEST

START_TEST(dataset_spec__passes_on_what_loading_answers) {
  check_refused("idx:/no/such/file", XD_ERROR_NOT_FOUND, "/no/such/file");
  check_refused("dir:/no/such/folder", XD_ERROR_NOT_FOUND, "/no/such/folder");
  check_refused("mat:/no/such/file.mat", XD_ERROR_NOT_FOUND, "/no/such/file.mat");
  check_refused(idx_line(";classes=7"), XD_ERROR_NOT_FOUND, "class 7");
  xd_dataset *set;
  assert_status(xd_dataset_load(NULL, context, "idx:x", NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load(&set, context, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load(&set, NULL, "idx:x", NULL), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* ---- marks in paths ---- */

#define ODD_NAME "a;b|c,d\\e:f"
#define ODD_NAME_WRITTEN "a\\;b\\|c\\,d\\\\e\\:f"

static void copy_oddly(const char *name) {
  char from[TEST_PATH_SIZE], to[TEST_PATH_SIZE], odd[64];
  size_t size;
  snprintf(odd, sizeof odd, "%s%s", ODD_NAME, name);
  unsigned char *data = read_test_file(path_in(from, folder, name), &size);
  write_test_file(path_in(to, folder, odd), data, size);
  free(data);
}

static void check_path(const char *text, uint32_t index, const char *expected) {
  char path[4 * TEST_PATH_SIZE];
  assert_ok(context, xd_dataset_spec_path(context, path, strlen(text) + 1, text, index));
  ck_assert_str_eq(path, expected);
}

START_TEST(dataset_spec__reads_marks_in_paths) {
  char path[TEST_PATH_SIZE];
  copy_oddly("images");
  copy_oddly("labels");
  snprintf(line, sizeof line,
           "idx:%s/" ODD_NAME_WRITTEN "images,%s/" ODD_NAME_WRITTEN
           "labels;classes=3|idx:%s/images,%s/labels;first=1",
           folder, folder, folder, folder);
  xd_dataset *set = load(line);
  ck_assert_uint_eq(xd_dataset_count(set), 3);
  ck_assert_uint_eq(xd_dataset_label(set, 1), 3);
  xd_dataset_release(set);
  check_path(line, 0, path_in(path, folder, ODD_NAME "images"));
  check_path(line, 1, path_in(path, folder, ODD_NAME "labels"));
  check_path(line, 2, path_in(path, folder, "images"));
  check_path(line, 3, path_in(path, folder, "labels"));
  check_path(line, 4, "");
  check_path(line, UINT32_MAX, "");
  check_path("dir:a,b:c\\|;first=1", 0, "a,b:c|");
}
END_TEST

START_TEST(dataset_spec__refuses_backslashes_before_anything_else) {
  check_refused("idx:a\\", XD_ERROR_INVALID_ARGUMENT, "backslash");
  check_refused("idx:a\\b", XD_ERROR_INVALID_ARGUMENT, "backslash");
  check_refused("idx:a,b\\\\\\", XD_ERROR_INVALID_ARGUMENT, "backslash");
  check_refused("dir:\\n|idx:b", XD_ERROR_INVALID_ARGUMENT, "backslash");
  check_refused("idx:a;first\\=1", XD_ERROR_INVALID_ARGUMENT, "first");
  check_refused("idx:a\\\\;first=0", XD_ERROR_INVALID_ARGUMENT, "'first=0'"); /* the backslash's own */
  check_refused("idx:no\\;first=0", XD_ERROR_NOT_FOUND, "'no;first=0'");
  check_refused("idx:no\\|idx:b", XD_ERROR_NOT_FOUND, "'no|idx:b'");
  check_refused("idx:\\,", XD_ERROR_NOT_FOUND, "','");
}
END_TEST

START_TEST(dataset_spec__reads_long_rows_of_backslashes_in_no_time) {
  enum { LENGTH = 1 << 20 };
  char *text = malloc(LENGTH + 8), *path = malloc(LENGTH + 8);
  ck_assert(text && path);
  memcpy(text, "dir:", 4);
  memset(text + 4, '\\', LENGTH);
  text[4 + LENGTH] = '\0';
  assert_ok(context, xd_dataset_spec_path(context, path, LENGTH / 2 + 1, text, 0));
  ck_assert(strlen(path) == LENGTH / 2 && strspn(path, "\\") == LENGTH / 2);
  text[4 + LENGTH - 1] = '\0';
  assert_status(xd_dataset_spec_path(context, path, LENGTH, text, 0), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_str_eq(path, "");
  free(text);
  free(path);
}
END_TEST

START_TEST(dataset_spec_path__leaves_an_empty_text_where_it_fails) {
  char path[8] = "before";
  assert_status(xd_dataset_spec_path(context, path, 4, "idx:four", 0), XD_ERROR_TOO_LARGE);
  ck_assert_str_eq(path, "");
  assert_status(xd_dataset_spec_path(context, path, 0, "idx:four", 0), XD_ERROR_TOO_LARGE);
  assert_ok(context, xd_dataset_spec_path(context, path, 5, "idx:four", 0));
  ck_assert_str_eq(path, "four");
  assert_status(xd_dataset_spec_path(context, path, sizeof path, "idx:", 0), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_str_eq(path, "");
  assert_status(xd_dataset_spec_path(context, NULL, 8, "idx:a", 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_spec_path(context, path, sizeof path, NULL, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_spec_path(NULL, path, sizeof path, "idx:a", 0), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

static xd_status load_limited(xd_context *limited, void *user) {
  xd_dataset *set;
  xd_status status = xd_dataset_load(&set, limited, user, NULL);
  xd_dataset_release(set);
  return status;
}

START_TEST(dataset_spec__leaks_nothing_when_memory_is_refused) {
  idx_line(";classes=0-2;first=5;holdout=50%;part=train;subset=3;seed=4;size=3x3;channels=3");
  check_refusals(load_limited, line);
  joined_line(";classes=0-2;channels=3", ";first=5;subset=3;channels=3");
  check_refusals(load_limited, line);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("dataset_spec");
  TCase *tcase = tcase_create("dataset_spec");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, dataset_spec__loads_idx_with_and_without_labels);
  tcase_add_test(tcase, dataset_spec__keeps_classes_in_set_order);
  tcase_add_test(tcase, dataset_spec__takes_the_first_after_the_classes);
  tcase_add_test(tcase, dataset_spec__draws_subsets_by_seed);
  tcase_add_test(tcase, dataset_spec__splits_into_two_parts);
  tcase_add_test(tcase, dataset_spec__resizes_and_converts);
  tcase_add_test(tcase, dataset_spec__loads_folders);
  tcase_add_test(tcase, dataset_spec__joins_parts_in_order);
  tcase_add_test(tcase, dataset_spec__joins_kinds_of_one_shape);
  tcase_add_test(tcase, dataset_spec__refuses_parts_that_do_not_fit);
  tcase_add_test(tcase, dataset_spec__names_the_part_that_is_wrong);
  tcase_add_test(tcase, dataset_spec__joins_as_many_parts_as_documented);
  tcase_add_test(tcase, dataset_spec__names_the_word_that_is_wrong);
  tcase_add_test(tcase, dataset_spec__passes_on_what_loading_answers);
  tcase_add_test(tcase, dataset_spec__reads_marks_in_paths);
  tcase_add_test(tcase, dataset_spec__refuses_backslashes_before_anything_else);
  tcase_add_test(tcase, dataset_spec__reads_long_rows_of_backslashes_in_no_time);
  tcase_add_test(tcase, dataset_spec_path__leaves_an_empty_text_where_it_fails);
  tcase_add_test(tcase, dataset_spec__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
