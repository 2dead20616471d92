/* Classes by their names: sets whose labels become those of other names, and pairs of named classes. */
#include "support.h"

#include "refusals.h"
#include "xdomain/dataset.h"
#include "xdomain/unstable/classes.h"

static xd_context *context;
static char told[1024]; /* warnings */

static void keep_warnings(void *user, xd_log_level level, const char *message) {
  (void)user;
  if (level == XD_LOG_WARNING && strlen(told) + strlen(message) + 2 < sizeof told)
    strcat(strcat(told, message), "\n");
}

static void set_up(void) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  told[0] = '\0';
  options.backend = "reference";
  options.log = keep_warnings;
  ck_assert_int_eq(xd_context_create(&context, &options), XD_OK);
}

static void tear_down(void) {
  xd_context_destroy(context);
}

/* Six pictures of one pixel, 0 to 5, of the classes 0, 1, 2, 0, 1, 2. */
static xd_dataset *make_numbered(xd_context *in) {
  const uint8_t pixels[] = {0, 1, 2, 3, 4, 5};
  const uint32_t labels[] = {0, 1, 2, 0, 1, 2};
  xd_dataset *set = NULL;
  assert_ok(in, xd_dataset_create(&set, in, pixels, labels, 6, 1, 1, 1));
  return set;
}

static xd_dataset *match(const xd_dataset *set, const char *const *names, uint32_t count) {
  xd_dataset *matched = NULL;
  assert_ok(context, xd_dataset_match_classes(&matched, context, set, names, count));
  return matched;
}

/* The same with names of the classes. */
static xd_dataset *make_named(const char *first, const char *second, const char *third) {
  const char *const names[] = {first, second, third};
  xd_dataset *numbered = make_numbered(context), *named = match(numbered, names, 3);
  xd_dataset_release(numbered);
  return named;
}

/* Pixels and labels, in order. */
static void check(const xd_dataset *set, uint32_t count, const uint8_t *pixels, const uint32_t *labels) {
  ck_assert_uint_eq(xd_dataset_count(set), count);
  for (uint32_t i = 0; i < count; i++) {
    ck_assert_uint_eq(*xd_dataset_pixels(set, i), pixels[i]);
    ck_assert_uint_eq(xd_dataset_label(set, i), labels[i]);
  }
}

START_TEST(match_classes__follows_names_not_places) {
  const char *const names[] = {"fox", "", "cat", NULL, "dog"};
  xd_dataset *set = make_named("cat", "dog", "fox"), *matched = match(set, names, 5);
  xd_dataset_release(set); /* the pixels stay */
  check(matched, 6, (const uint8_t[]){0, 1, 2, 3, 4, 5}, (const uint32_t[]){2, 4, 0, 2, 4, 0});
  ck_assert_str_eq(xd_dataset_class_name(matched, 4), "dog");
  ck_assert_str_eq(xd_dataset_class_name(matched, 1), "");
  ck_assert_uint_eq(xd_dataset_class_size(matched, 0), 2);
  ck_assert_str_eq(told, "");
  xd_dataset_release(matched);
}
END_TEST

START_TEST(match_classes__leaves_out_what_has_no_name_there_and_says_so) {
  const char *const names[] = {"cat", "fox"};
  xd_dataset *set = make_named("ant", "cat", "fox"), *matched = match(set, names, 2);
  check(matched, 4, (const uint8_t[]){1, 2, 4, 5}, (const uint32_t[]){0, 1, 0, 1});
  ck_assert_str_eq(told, "left out 2 pictures of class 'ant': there is no class of that name\n");
  xd_dataset_release(matched);
  xd_dataset_release(set);
}
END_TEST

START_TEST(match_classes__takes_a_selection_of_its_set) {
  const char *const names[] = {"fox", "dog", "cat"};
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  xd_dataset *set = make_named("cat", "dog", "fox"), *some = NULL, *again = NULL;
  selection.skip = 1;
  selection.count = 3;
  assert_ok(context, xd_dataset_select(&some, context, set, &selection));
  xd_dataset *matched = match(some, names, 3);
  check(matched, 3, (const uint8_t[]){1, 2, 3}, (const uint32_t[]){1, 0, 2});
  selection.skip = 0;
  selection.count = 2;
  assert_ok(context, xd_dataset_select(&again, context, matched, &selection));
  xd_dataset_release(set), xd_dataset_release(some), xd_dataset_release(matched);
  check(again, 2, (const uint8_t[]){1, 2}, (const uint32_t[]){1, 0});
  xd_dataset_release(again);
}
END_TEST

START_TEST(match_classes__takes_numbers_by_their_values) {
  const char *const names[] = {"02", "cat", "0", "001"}, *const words[] = {"zero", "one", "two"};
  xd_dataset *set = make_numbered(context), *matched = match(set, names, 4);
  check(matched, 6, (const uint8_t[]){0, 1, 2, 3, 4, 5}, (const uint32_t[]){2, 3, 0, 2, 3, 0});
  ck_assert_str_eq(xd_dataset_class_name(matched, 3), "001");
  xd_dataset_release(matched);
  matched = match(set, words, 3); /* numbers stand for the classes of those numbers */
  check(matched, 6, (const uint8_t[]){0, 1, 2, 3, 4, 5}, (const uint32_t[]){0, 1, 2, 0, 1, 2});
  ck_assert_str_eq(xd_dataset_class_name(matched, 2), "two");
  xd_dataset_release(matched);
  const char *const others[] = {"2", "7", "one"}; /* but not where that class is called by a number */
  matched = match(set, others, 3);
  check(matched, 2, (const uint8_t[]){2, 5}, (const uint32_t[]){0, 0});
  xd_dataset_release(matched), xd_dataset_release(set);
}
END_TEST

START_TEST(match_classes__refuses_where_nothing_is_alike) {
  const char *const names[] = {"", "lion"};
  xd_dataset *set = make_named("cat", "dog", "fox"), *matched = set;
  assert_status(xd_dataset_match_classes(&matched, context, set, names, 2), XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(matched);
  assert_message_names(context, "'cat'");
  assert_message_names(context, "'lion'");
  const char *const twice[] = {"y", "x"};
  xd_dataset *mixed = make_named("x", "1", "z");
  assert_status(xd_dataset_match_classes(&matched, context, mixed, twice, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "both class 1");
  xd_dataset_release(mixed);
  xd_dataset_release(set);
}
END_TEST

START_TEST(match_classes__gives_back_what_has_nothing_to_match) {
  const char *const names[] = {"cat"}, *const empty[] = {"", NULL};
  const uint8_t pixels[] = {1, 2};
  xd_dataset *set = make_numbered(context), *bare = NULL;
  assert_ok(context, xd_dataset_create(&bare, context, pixels, NULL, 2, 1, 1, 1));
  xd_dataset *matched = match(bare, names, 1);
  ck_assert_ptr_eq(matched, bare);
  xd_dataset_release(matched);
  matched = match(set, empty, 2);
  ck_assert_ptr_eq(matched, set);
  xd_dataset_release(matched);
  matched = match(set, NULL, 0);
  ck_assert_ptr_eq(matched, set);
  xd_dataset_release(matched), xd_dataset_release(set), xd_dataset_release(bare);
}
END_TEST

START_TEST(check_classes__tells_both_names) {
  const char *const same[] = {"cat", "", "fox", "more"}, *const numbers[] = {"0", "1", "2"},
                    *const other[] = {"cat", "fox"};
  xd_dataset *set = make_named("cat", "dog", "fox"), *numbered = make_numbered(context);
  assert_ok(context, xd_dataset_check_classes(set, context, same, 4, NULL));
  assert_ok(context, xd_dataset_check_classes(set, context, numbers, 3, NULL));
  assert_ok(context, xd_dataset_check_classes(numbered, context, same, 4, NULL));
  assert_ok(context, xd_dataset_check_classes(set, context, NULL, 0, NULL));
  assert_status(xd_dataset_check_classes(set, context, other, 2, "the judge"), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "class 1 is 'dog' in a set, but 'fox' in the judge");
  assert_status(xd_dataset_check_classes(set, context, NULL, 1, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_check_classes(NULL, context, same, 4, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_check_classes(set, NULL, same, 4, NULL), XD_ERROR_INVALID_ARGUMENT);
  xd_dataset_release(set), xd_dataset_release(numbered);
}
END_TEST

START_TEST(match_classes__refuses_impossible_arguments) {
  const char *const names[] = {"cat"};
  xd_dataset *set = make_numbered(context), *matched = NULL;
  assert_status(xd_dataset_match_classes(&matched, NULL, set, names, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_match_classes(NULL, context, set, names, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_match_classes(&matched, context, NULL, names, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_match_classes(&matched, context, set, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_match_classes(&matched, context, set, names, 257), XD_ERROR_INVALID_ARGUMENT);
  xd_dataset_release(set);
}
END_TEST

START_TEST(class_names__are_utf8) {
  const char *const names[] = {NULL, "caf\xE9"};
  uint8_t pixel[] = {0};
  xd_dataset *set = make_numbered(context), *made = NULL;
  xd_image image = XD_IMAGE_INIT;
  image.pixels = pixel;
  image.width = image.height = 1;
  assert_status(xd_dataset_with_class_names(&made, context, set, names, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "class 1 is no UTF-8: 'caf\\xE9'");
  assert_status(xd_dataset_match_classes(&made, context, set, names, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "no UTF-8");
  assert_status(xd_dataset_create_views(&made, context, &image, NULL, 1, names, 2, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "no UTF-8");
  ck_assert_ptr_null(made);
  xd_dataset_release(set);
}
END_TEST

static xd_status match_limited(xd_context *limited, void *user) {
  const char *const names[] = {"2", "1"};
  xd_dataset *matched = NULL;
  const xd_status status = xd_dataset_match_classes(&matched, limited, user, names, 2);
  xd_dataset_release(matched);
  return status;
}

START_TEST(match_classes__leaks_nothing_when_memory_is_refused) {
  xd_dataset *set = make_numbered(context);
  check_refusals(match_limited, set);
  xd_dataset_release(set);
}
END_TEST

/* ---- pairs of names ---- */

static const char *const one[] = {"cat", "dog", "", "a", "a:b", "7"};
static const char *const two[] = {"wolf", NULL, "lion", "x,y", "x"};

static void check_pairs(const char *text, uint32_t count, const uint32_t (*expected)[2]) {
  xd_pairing *pairing = NULL;
  assert_ok(context, xd_pairing_create_named(&pairing, context, text, one, 6, two, 5));
  ck_assert_uint_eq(xd_pairing_count(pairing), count);
  for (uint32_t i = 0; i < count; i++) {
    ck_assert_uint_eq(xd_pairing_class(pairing, 1, i), expected[i][0]);
    ck_assert_uint_eq(xd_pairing_class(pairing, 2, i), expected[i][1]);
  }
  xd_pairing_release(pairing);
}

START_TEST(pairing_named__takes_names_and_numbers) {
  check_pairs("dog:wolf,cat:lion", 2, (const uint32_t[][2]){{1, 0}, {0, 2}});
  check_pairs("2:wolf,cat:1", 2, (const uint32_t[][2]){{2, 0}, {0, 1}});
  check_pairs("a:x,a:b:x,y,a:b:4", 3, (const uint32_t[][2]){{3, 4}, {4, 3}, {4, 4}});
  check_pairs("7:7", 1, (const uint32_t[][2]){{5, 7}});
  check_pairs("*:*", 1, (const uint32_t[][2]){{XD_ANY_CLASS, XD_ANY_CLASS}});
}
END_TEST

START_TEST(pairing_named__reads_marks_in_names) {
  static const char *const odd[] = {"a", "a:b", "b,1:c", "c", "\\", "\\a"};
  static const struct {
    const char *text;
    uint32_t count, first[2];
  } cases[] = {{"a:a\\:b", 1, {0, 1}},       {"a\\:b:c", 1, {1, 3}}, {"a:b\\,1\\:c", 1, {0, 2}},
               {"a:b,1:c", 1, {0, 2}},       {"a:1,1:c", 2, {0, 1}}, {"\\\\:\\\\a", 1, {4, 5}},
               {"\\\\a:\\\\,0:0", 2, {5, 4}}};
  static const char *const wrong[] = {"\\:a", "\\a:a", "a:\\", "\\", "a:c\\", "\\a:\\a"};
  xd_pairing *pairing = NULL;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_ok(context, xd_pairing_create_named(&pairing, context, cases[i].text, odd, 6, odd, 6));
    ck_assert_uint_eq(xd_pairing_count(pairing), cases[i].count);
    ck_assert_uint_eq(xd_pairing_class(pairing, 1, 0), cases[i].first[0]);
    ck_assert_uint_eq(xd_pairing_class(pairing, 2, 0), cases[i].first[1]);
    xd_pairing_release(pairing);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_status(xd_pairing_create_named(&pairing, context, wrong[i], odd, 6, odd, 6),
                  XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(pairing_named__names_the_pair_that_is_wrong) {
  static const char *const wrong[] = {"cat:wolf,bird:lion", "cat",          "cat:", ":wolf",   "cat:wolf,",
                                      "cat:wolf ",          "cat:wolf,0:0", "",     "Cat:wolf"};
  xd_pairing *pairing = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_status(xd_pairing_create_named(&pairing, context, wrong[i], one, 6, two, 5),
                  XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pairing_create_named(&pairing, context, wrong[0], one, 6, two, 5),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "'bird:lion'");
  ck_assert_ptr_null(pairing);
  assert_status(xd_pairing_create_named(&pairing, context, "0:0", NULL, 1, two, 5),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pairing_create_named(&pairing, context, "0:0", one, 6, two, 257),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pairing_create_named(&pairing, context, NULL, one, 6, two, 5), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_pairing_create_named(&pairing, context, "0:0", NULL, 0, NULL, 0));
  xd_pairing_release(pairing);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("class_names");
  TCase *tcase = tcase_create("class_names");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, match_classes__follows_names_not_places);
  tcase_add_test(tcase, match_classes__leaves_out_what_has_no_name_there_and_says_so);
  tcase_add_test(tcase, match_classes__takes_a_selection_of_its_set);
  tcase_add_test(tcase, match_classes__takes_numbers_by_their_values);
  tcase_add_test(tcase, match_classes__refuses_where_nothing_is_alike);
  tcase_add_test(tcase, match_classes__gives_back_what_has_nothing_to_match);
  tcase_add_test(tcase, check_classes__tells_both_names);
  tcase_add_test(tcase, match_classes__refuses_impossible_arguments);
  tcase_add_test(tcase, class_names__are_utf8);
  tcase_add_test(tcase, match_classes__leaks_nothing_when_memory_is_refused);
  tcase_add_test(tcase, pairing_named__takes_names_and_numbers);
  tcase_add_test(tcase, pairing_named__reads_marks_in_names);
  tcase_add_test(tcase, pairing_named__names_the_pair_that_is_wrong);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
