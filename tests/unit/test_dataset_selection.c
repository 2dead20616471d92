/* Selections and splits of sets. */
#include "support.h"

#include "refusals.h"
#include "xdomain/dataset.h"

#define COUNT 100u

static xd_context *context;
static xd_dataset *set;

/* One hundred pictures of one pixel, whose value is their number; labels 0, 1, 2, 0, 1, 2, ... and one
 * single picture, the last, of class 9. */
static void set_up(void) {
  uint8_t pixels[COUNT];
  uint32_t labels[COUNT];
  context = test_context("reference");
  for (uint32_t i = 0; i < COUNT; i++) {
    pixels[i] = (uint8_t)i;
    labels[i] = i == COUNT - 1 ? 9 : i % 3;
  }
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, COUNT, 1, 1, 1));
}

static void tear_down(void) {
  xd_dataset_release(set);
  xd_context_destroy(context);
}

static xd_dataset *select_from(const xd_dataset *from, const xd_dataset_selection *selection) {
  xd_dataset *selected = NULL;
  assert_ok(context, xd_dataset_select(&selected, context, from, selection));
  return selected;
}

static uint32_t value_of(const xd_dataset *of, uint32_t index) {
  return *xd_dataset_pixels(of, index);
}

/* Labels belong to their pictures, classes are counted, and the order is the set's. */
static void check_consistent(const xd_dataset *selected) {
  uint32_t sizes[XD_CLASS_LIMIT] = {0};
  for (uint32_t i = 0; i < xd_dataset_count(selected); i++) {
    uint32_t value = value_of(selected, i);
    ck_assert_uint_eq(xd_dataset_label(selected, i), value == COUNT - 1 ? 9 : value % 3);
    if (i)
      ck_assert_uint_lt(value_of(selected, i - 1), value);
    sizes[xd_dataset_label(selected, i)]++;
  }
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    ck_assert_uint_eq(xd_dataset_class_size(selected, label), sizes[label]);
}

static int is_same(const xd_dataset *a, const xd_dataset *b) {
  if (xd_dataset_count(a) != xd_dataset_count(b))
    return 0;
  for (uint32_t i = 0; i < xd_dataset_count(a); i++)
    if (value_of(a, i) != value_of(b, i))
      return 0;
  return 1;
}

START_TEST(dataset_select__keeps_all_by_default) {
  const xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  xd_dataset *selected = select_from(set, &selection);
  ck_assert(is_same(selected, set));
  ck_assert_ptr_eq(xd_dataset_pixels(selected, 5), xd_dataset_pixels(set, 5)); /* shared, not copied */
  xd_dataset_release(selected);
}
END_TEST

START_TEST(dataset_select__keeps_classes_then_skips_then_counts) {
  const uint32_t classes[] = {2, 0};
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.classes = classes;
  selection.class_count = 2;
  selection.skip = 3;
  selection.count = 4;
  xd_dataset *selected = select_from(set, &selection);
  const uint32_t expected[] = {5, 6, 8, 9}; /* of 0, 2, 3, 5, 6, 8, 9, ... */
  ck_assert_uint_eq(xd_dataset_count(selected), 4);
  for (uint32_t i = 0; i < 4; i++)
    ck_assert_uint_eq(value_of(selected, i), expected[i]);
  check_consistent(selected);
  xd_dataset_release(selected);
}
END_TEST

START_TEST(dataset_select__takes_what_there_is) {
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.skip = COUNT - 2;
  selection.count = 50;
  for (selection.shuffled = 0; selection.shuffled < 2; selection.shuffled++) {
    xd_dataset *selected = select_from(set, &selection);
    ck_assert_uint_eq(xd_dataset_count(selected), 2);
    check_consistent(selected);
    xd_dataset_release(selected);
  }
}
END_TEST

START_TEST(dataset_select__draws_by_seed_in_set_order) {
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.count = 20;
  selection.shuffled = 1;
  selection.seed = 5;
  xd_dataset *a = select_from(set, &selection), *b = select_from(set, &selection);
  selection.seed = 6;
  xd_dataset *c = select_from(set, &selection);
  ck_assert_uint_eq(xd_dataset_count(a), 20);
  check_consistent(a);
  check_consistent(c);
  ck_assert(is_same(a, b));
  ck_assert(!is_same(a, c));
  ck_assert_uint_ge(value_of(a, 19), 20); /* not just the first */
  xd_dataset_release(a);
  xd_dataset_release(b);
  xd_dataset_release(c);
}
END_TEST

START_TEST(dataset_select__splits_the_shuffled_order_without_overlap) {
  int seen[COUNT] = {0};
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.shuffled = 1;
  selection.seed = 3;
  selection.count = 40;
  for (selection.skip = 0; selection.skip < COUNT; selection.skip += 40) {
    xd_dataset *selected = select_from(set, &selection);
    for (uint32_t i = 0; i < xd_dataset_count(selected); i++)
      seen[value_of(selected, i)]++;
    xd_dataset_release(selected);
  }
  for (uint32_t i = 0; i < COUNT; i++)
    ck_assert_int_eq(seen[i], 1);
}
END_TEST

START_TEST(dataset_select__selects_from_selections) {
  const uint32_t one = 1;
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.skip = 10;
  xd_dataset *middle = select_from(set, &selection);
  selection.classes = &one;
  selection.class_count = 1;
  selection.skip = 0;
  selection.count = 2;
  xd_dataset *selected = select_from(middle, &selection);
  xd_dataset_release(middle); /* the pixels stay */
  ck_assert_uint_eq(xd_dataset_count(selected), 2);
  ck_assert_uint_eq(value_of(selected, 0), 10);
  ck_assert_uint_eq(value_of(selected, 1), 13);
  ck_assert_str_eq(xd_dataset_class_name(selected, 1), "1");
  ck_assert_str_eq(xd_dataset_class_name(selected, 0), "");
  check_consistent(selected);
  xd_dataset_release(selected);
}
END_TEST

START_TEST(dataset_select__outlives_the_set_it_came_from) {
  counting_allocator counter = {0};
  xd_context *maker = test_context_with("reference", 1, &counter);
  const uint8_t pixels[] = {1, 2, 3};
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  xd_dataset *whole = NULL, *selected = NULL;
  assert_ok(maker, xd_dataset_create(&whole, maker, pixels, NULL, 3, 1, 1, 1));
  selection.skip = 1;
  assert_ok(maker, xd_dataset_select(&selected, maker, whole, &selection));
  xd_dataset_release(whole);
  xd_context_destroy(maker);
  ck_assert_uint_eq(value_of(selected, 1), 3);
  xd_dataset_release(selected);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

START_TEST(dataset_select__names_classes_without_pictures) {
  const uint32_t absent[] = {1, 4}, wrong[] = {256};
  xd_dataset *selected = (xd_dataset *)&absent;
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.classes = absent;
  selection.class_count = 2;
  assert_status(xd_dataset_select(&selected, context, set, &selection), XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(selected);
  assert_message_names(context, "class 4");
  selection.classes = wrong;
  selection.class_count = 1;
  assert_status(xd_dataset_select(&selected, context, set, &selection), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "256");
  selection.class_count = 0; /* no class at all */
  assert_status(xd_dataset_select(&selected, context, set, &selection), XD_ERROR_NOT_FOUND);
  selection.classes = NULL;
  selection.skip = COUNT;
  assert_status(xd_dataset_select(&selected, context, set, &selection), XD_ERROR_NOT_FOUND);
}
END_TEST

START_TEST(dataset_select__refuses_impossible_arguments) {
  xd_dataset *selected = NULL;
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  assert_status(xd_dataset_select(&selected, context, set, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_select(&selected, context, NULL, &selection), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_select(NULL, context, set, &selection), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_select(&selected, NULL, set, &selection), XD_ERROR_INVALID_ARGUMENT);
  selection.shuffled = 2;
  assert_status(xd_dataset_select(&selected, context, set, &selection), XD_ERROR_INVALID_ARGUMENT);
  selection.shuffled = 0;
  selection.struct_size = 1;
  assert_status(xd_dataset_select(&selected, context, set, &selection), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* ---- splits ---- */

START_TEST(dataset_split__takes_a_share_of_every_class) {
  xd_dataset *rest = NULL, *part = NULL;
  int seen[COUNT] = {0};
  assert_ok(context, xd_dataset_split(&rest, &part, context, set, 0.2, 1));
  for (uint32_t label = 0; label < 3; label++) { /* 33 pictures each */
    ck_assert_uint_eq(xd_dataset_class_size(part, label), 7);
    ck_assert_uint_eq(xd_dataset_class_size(rest, label), 26);
  }
  ck_assert_uint_eq(xd_dataset_class_size(rest, 9), 1);
  ck_assert_uint_eq(xd_dataset_class_size(part, 9), 0);
  check_consistent(rest);
  check_consistent(part);
  for (uint32_t i = 0; i < xd_dataset_count(rest); i++)
    seen[value_of(rest, i)]++;
  for (uint32_t i = 0; i < xd_dataset_count(part); i++)
    seen[value_of(part, i)]++;
  for (uint32_t i = 0; i < COUNT; i++)
    ck_assert_int_eq(seen[i], 1);
  xd_dataset_release(rest);
  xd_dataset_release(part);
}
END_TEST

START_TEST(dataset_split__keeps_one_picture_of_each_class) {
  xd_dataset *rest = NULL, *part = NULL;
  assert_ok(context, xd_dataset_split(&rest, &part, context, set, 0.9999, 1));
  for (uint32_t label = 0; label < 3; label++)
    ck_assert_uint_eq(xd_dataset_class_size(rest, label), 1);
  ck_assert_uint_eq(xd_dataset_class_size(rest, 9), 1);
  xd_dataset_release(rest);
  xd_dataset_release(part);
}
END_TEST

START_TEST(dataset_split__depends_on_the_seed_and_the_class_alone) {
  xd_dataset *rest, *part, *other_rest, *other_part, *alone_rest, *alone_part;
  const uint32_t one = 1;
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.classes = &one;
  selection.class_count = 1;
  assert_ok(context, xd_dataset_split(&rest, &part, context, set, 0.3, 8));
  assert_ok(context, xd_dataset_split(&other_rest, &other_part, context, set, 0.3, 9));
  ck_assert(!is_same(part, other_part));
  xd_dataset *alone = select_from(set, &selection), *of_part = select_from(part, &selection);
  assert_ok(context, xd_dataset_split(&alone_rest, &alone_part, context, alone, 0.3, 8));
  ck_assert(is_same(alone_part, of_part));
  xd_dataset *all[] = {rest, part, other_rest, other_part, alone_rest, alone_part, alone, of_part};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    xd_dataset_release(all[i]);
}
END_TEST

START_TEST(dataset_split__refuses_impossible_arguments) {
  const double fractions[] = {0.0, 1.0, -0.1, 1.5, 0.0 / 0.0};
  xd_dataset *rest, *part;
  for (unsigned i = 0; i < 5; i++) {
    rest = part = (xd_dataset *)&fractions;
    assert_status(xd_dataset_split(&rest, &part, context, set, fractions[i], 1), XD_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(rest);
    ck_assert_ptr_null(part);
  }
  assert_status(xd_dataset_split(NULL, &part, context, set, 0.5, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_split(&rest, NULL, context, set, 0.5, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_split(&rest, &part, context, NULL, 0.5, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_split(&rest, &part, NULL, set, 0.5, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_split(&rest, &part, context, set, 0.001, 1), XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(part);
}
END_TEST

static xd_status select_limited(xd_context *limited, void *user) {
  xd_dataset *selected;
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  (void)user;
  selection.count = 10;
  selection.shuffled = 1;
  xd_status status = xd_dataset_select(&selected, limited, set, &selection);
  xd_dataset_release(selected);
  return status;
}

static xd_status split_limited(xd_context *limited, void *user) {
  xd_dataset *rest, *part;
  (void)user;
  xd_status status = xd_dataset_split(&rest, &part, limited, set, 0.5, 1);
  xd_dataset_release(rest);
  xd_dataset_release(part);
  return status;
}

START_TEST(selections__leak_nothing_when_memory_is_refused) {
  check_refusals(select_limited, NULL);
  check_refusals(split_limited, NULL);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("dataset_selection");
  TCase *tcase = tcase_create("dataset_selection");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, dataset_select__keeps_all_by_default);
  tcase_add_test(tcase, dataset_select__keeps_classes_then_skips_then_counts);
  tcase_add_test(tcase, dataset_select__takes_what_there_is);
  tcase_add_test(tcase, dataset_select__draws_by_seed_in_set_order);
  tcase_add_test(tcase, dataset_select__splits_the_shuffled_order_without_overlap);
  tcase_add_test(tcase, dataset_select__selects_from_selections);
  tcase_add_test(tcase, dataset_select__outlives_the_set_it_came_from);
  tcase_add_test(tcase, dataset_select__names_classes_without_pictures);
  tcase_add_test(tcase, dataset_select__refuses_impossible_arguments);
  tcase_add_test(tcase, dataset_split__takes_a_share_of_every_class);
  tcase_add_test(tcase, dataset_split__keeps_one_picture_of_each_class);
  tcase_add_test(tcase, dataset_split__depends_on_the_seed_and_the_class_alone);
  tcase_add_test(tcase, dataset_split__refuses_impossible_arguments);
  tcase_add_test(tcase, selections__leak_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
