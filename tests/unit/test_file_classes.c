/* Classes that pictures of one folder are called by: pairs of files of one name, and a model's classes. */
#include "support.h"

#include "refusals.h"
#include "xdomain/dataset.h"
#include "xdomain/unstable/classes.h"

static xd_context *context;
static char *folders[2];

static void set_up(void) {
  context = test_context("reference");
  for (int d = 0; d < 2; d++)
    folders[d] = make_temp_folder();
}

static void tear_down(void) {
  xd_context_destroy(context);
  for (int d = 0; d < 2; d++)
    remove_folder(folders[d]);
}

/* A grey picture of one pixel. */
static void add(int domain, const char *name, unsigned char value) {
  char path[TEST_PATH_SIZE];
  unsigned char file[] = "P5 1 1 255\n.";
  file[sizeof file - 2] = value;
  write_test_file(path_in(path, folders[domain], name), file, sizeof file - 1);
}

static void add_folder(int domain, const char *name) {
  char path[TEST_PATH_SIZE];
  ck_assert_int_eq(mkdir(path_in(path, folders[domain], name), 0777), 0);
}

static xd_dataset *load(int domain) {
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_load_folder(&set, context, folders[domain], NULL));
  return set;
}

/* What the class is called that the picture of that value has. */
static const char *class_of(const xd_dataset *set, uint8_t value) {
  for (uint32_t i = 0; i < xd_dataset_count(set); i++)
    if (*xd_dataset_pixels(set, i) == value)
      return xd_dataset_class_name(set, xd_dataset_label(set, i));
  return "no such picture";
}

static xd_status pair(xd_dataset *out[2]) {
  xd_dataset *sets[2] = {load(0), load(1)};
  const xd_status status = xd_dataset_pair_files(&out[0], &out[1], context, sets[0], sets[1]);
  for (int d = 0; d < 2; d++)
    xd_dataset_release(sets[d]); /* the pixels stay */
  return status;
}

static void release(xd_dataset *sets[2]) {
  for (int d = 0; d < 2; d++)
    xd_dataset_release(sets[d]);
}

START_TEST(pair_files__makes_a_class_of_each_name_that_both_have) {
  static const char *const names[] = {"10", "9", "fox", "unpaired"};
  xd_dataset *sets[2];
  add(0, "fox.pgm", 1), add(0, "9.pgm", 2), add(0, "10.pgm", 3), add(0, "owl.pgm", 4);
  add(1, "10.ppm.pgm", 5), add(1, "fox.pgm", 6), add(1, "9.pgm", 7), add(1, "10.pgm", 8);
  assert_ok(context, pair(sets));
  for (int d = 0; d < 2; d++) {
    ck_assert_uint_eq(xd_dataset_count(sets[d]), 4);
    ck_assert_int_eq(xd_dataset_has_labels(sets[d]), 1);
    ck_assert_int_eq(xd_dataset_is_flat(sets[d]), 0);
    for (uint32_t label = 0; label < 4; label++)
      ck_assert_str_eq(xd_dataset_class_name(sets[d], label), names[label]);
  }
  ck_assert_str_eq(class_of(sets[0], 1), "fox");
  ck_assert_str_eq(class_of(sets[0], 3), "10");
  ck_assert_str_eq(class_of(sets[0], 4), "unpaired");
  ck_assert_str_eq(class_of(sets[1], 5), "unpaired"); /* the last ending alone goes */
  ck_assert_str_eq(class_of(sets[1], 6), "fox");
  ck_assert_str_eq(xd_dataset_picture_name(sets[0], 0), "9.pgm");
  release(sets);
}
END_TEST

/* Of several endings, all are of the class, in both; bytes that are no UTF-8 and the rest's own name are no classes. */
START_TEST(pair_files__takes_all_files_of_a_name) {
  xd_dataset *sets[2];
  add(0, "a.pgm", 1), add(0, "a.ppm", 2), add(0, "unpaired.pgm", 3), add(0, "\xFF.pgm", 4);
  add(1, "a.pnm", 5), add(1, "a.pgm", 6), add(1, "unpaired.pgm", 7), add(1, "\xFF.pgm", 8);
  assert_ok(context, pair(sets));
  for (int d = 0; d < 2; d++) {
    ck_assert_uint_eq(xd_dataset_class_size(sets[d], 0), 2);
    ck_assert_uint_eq(xd_dataset_class_size(sets[d], 1), 2);
    ck_assert_str_eq(xd_dataset_class_name(sets[d], 1), XD_UNPAIRED_CLASS);
  }
  release(sets);
}
END_TEST

START_TEST(pair_files__refuses_what_it_cannot_pair) {
  xd_dataset *sets[2];
  char name[32];
  add(0, "a.pgm", 1), add(1, "b.pgm", 2);
  assert_status(pair(sets), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "no file names in common");
  ck_assert(!sets[0] && !sets[1]);
  for (int i = 0; i < 255; i++) {
    snprintf(name, sizeof name, "%d.pgm", i);
    add(0, name, 3), add(1, name, 4);
  }
  assert_ok(context, pair(sets));
  ck_assert_str_eq(xd_dataset_class_name(sets[1], 255), "unpaired");
  release(sets);
  add(1, "a.pgm", 5);
  assert_status(pair(sets), XD_ERROR_TOO_LARGE);
  assert_message_names(context, "256 file names in common");
  add_folder(1, "class"), add(1, "class/a.pgm", 6);
  assert_status(pair(sets), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "has classes");
}
END_TEST

START_TEST(is_flat__asks_for_one_folder_without_classes) {
  const uint8_t pixel = 0;
  xd_dataset *from_memory = NULL;
  assert_ok(context, xd_dataset_create(&from_memory, context, &pixel, NULL, 1, 1, 1, 1));
  ck_assert_int_eq(xd_dataset_is_flat(from_memory), 0);
  ck_assert_int_eq(xd_dataset_is_flat(NULL), 0);
  add(0, "a.pgm", 1);
  add_folder(1, "class"), add(1, "class/a.pgm", 1);
  xd_dataset *sets[2] = {load(0), load(1)};
  ck_assert_int_eq(xd_dataset_is_flat(sets[0]), 1);
  ck_assert_int_eq(xd_dataset_is_flat(sets[1]), 0);
  release(sets);
  xd_dataset_release(from_memory);
}
END_TEST

static xd_dataset *classify(const xd_dataset *set, const char *const *names, uint32_t count) {
  xd_dataset *out = NULL;
  assert_ok(context, xd_dataset_classify_files(&out, context, set, names, count));
  return out;
}

START_TEST(classify_files__takes_the_classes_of_those_names) {
  const char *const names[] = {"fox", NULL, "owl", ""}, *const own_rest[] = {"unpaired", "owl"};
  add(0, "owl.pgm", 1), add(0, "owl.ppm", 2), add(0, "ant.pgm", 3);
  xd_dataset *set = load(0), *classified = classify(set, names, 4), *rested = classify(set, own_rest, 2);
  ck_assert_uint_eq(xd_dataset_class_size(classified, 2), 2);
  ck_assert_uint_eq(xd_dataset_class_size(classified, 4), 1);
  ck_assert_str_eq(class_of(classified, 1), "owl");
  ck_assert_str_eq(class_of(classified, 3), "unpaired");
  ck_assert_uint_eq(xd_dataset_class_size(rested, 0), 1);
  ck_assert_uint_eq(xd_dataset_class_size(rested, 1), 2);
  xd_dataset_release(rested);
  xd_dataset_release(classified);
  xd_dataset_release(set);
}
END_TEST

START_TEST(classify_files__gives_back_what_has_no_such_classes) {
  const char *const numbers[] = {"0", "", NULL, "3"}, *const two[] = {"a", "b"};
  const char *many[XD_CLASS_LIMIT];
  for (uint32_t i = 0; i < XD_CLASS_LIMIT; i++)
    many[i] = "a";
  add(0, "a.pgm", 1);
  add_folder(1, "a"), add(1, "a/b.pgm", 1);
  xd_dataset *flat = load(0), *sorted = load(1);
  xd_dataset *same[] = {classify(flat, numbers, 4), classify(flat, two, 1), classify(flat, NULL, 0),
                        classify(flat, many, XD_CLASS_LIMIT), classify(sorted, two, 2)};
  for (int i = 0; i < 5; i++) {
    ck_assert_ptr_eq(same[i], i < 4 ? flat : sorted);
    xd_dataset_release(same[i]);
  }
  xd_dataset_release(sorted);
  xd_dataset_release(flat);
}
END_TEST

START_TEST(file_classes__refuse_impossible_arguments) {
  const char *const broken[] = {"a", "\xFF"};
  add(0, "a.pgm", 1);
  xd_dataset *set = load(0), *out[2];
  assert_status(xd_dataset_pair_files(NULL, &out[1], context, set, set), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(out[1]);
  assert_status(xd_dataset_pair_files(&out[0], &out[1], context, set, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_pair_files(&out[0], &out[1], NULL, set, set), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_classify_files(&out[0], context, NULL, broken, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_classify_files(&out[0], context, set, broken, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_classify_files(&out[0], context, set, NULL, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_classify_files(NULL, context, set, broken, 1), XD_ERROR_INVALID_ARGUMENT);
  xd_dataset_release(set);
}
END_TEST

/* Sets of the limited context: the folders' own would be the other context's. */
static xd_status pair_limited(xd_context *limited, void *user) {
  (void)user;
  xd_dataset *sets[2] = {NULL, NULL}, *out[2] = {NULL, NULL};
  xd_status status = xd_dataset_load_folder(&sets[0], limited, folders[0], NULL);
  if (status == XD_OK)
    status = xd_dataset_load_folder(&sets[1], limited, folders[1], NULL);
  if (status == XD_OK)
    status = xd_dataset_pair_files(&out[0], &out[1], limited, sets[0], sets[1]);
  release(sets);
  release(out);
  return status;
}

static xd_status classify_limited(xd_context *limited, void *user) {
  const char *const names[] = {"a", "b"};
  xd_dataset *out;
  const xd_status status = xd_dataset_classify_files(&out, limited, user, names, 2);
  xd_dataset_release(out);
  return status;
}

START_TEST(file_classes__leak_nothing_when_memory_is_refused) {
  add(0, "a.pgm", 1), add(0, "b.pgm", 2), add(1, "b.pgm", 3);
  check_refusals(pair_limited, NULL);
  xd_dataset *set = load(0);
  check_refusals(classify_limited, set);
  xd_dataset_release(set);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("file_classes");
  TCase *tcase = tcase_create("file_classes");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, pair_files__makes_a_class_of_each_name_that_both_have);
  tcase_add_test(tcase, pair_files__takes_all_files_of_a_name);
  tcase_add_test(tcase, pair_files__refuses_what_it_cannot_pair);
  tcase_add_test(tcase, is_flat__asks_for_one_folder_without_classes);
  tcase_add_test(tcase, classify_files__takes_the_classes_of_those_names);
  tcase_add_test(tcase, classify_files__gives_back_what_has_no_such_classes);
  tcase_add_test(tcase, file_classes__refuse_impossible_arguments);
  tcase_add_test(tcase, file_classes__leak_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
