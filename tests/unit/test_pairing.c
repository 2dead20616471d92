/* Pairings of classes: the text, the questions asked of them, and the groups they tie. */
#include "support.h"

#include "data/pairing.h"
#include "refusals.h"
#include "xdomain/dataset.h"

static xd_context *context;

static void set_up(void) {
  context = test_context("reference");
}

static void tear_down(void) {
  xd_context_destroy(context);
}

static xd_pairing *make_pairing(const char *text) {
  xd_pairing *pairing = NULL;
  assert_ok(context, xd_pairing_create(&pairing, context, text));
  return pairing;
}

START_TEST(pairing__keeps_the_order_of_its_pairs) {
  const uint32_t expected[][2] = {{3, 8}, {0, 5}, {255, 0}, {3, 7}};
  xd_pairing *pairing = make_pairing("3:8,0:5,255:0,3:7");
  ck_assert_uint_eq(xd_pairing_count(pairing), 4);
  for (uint32_t i = 0; i < 4; i++) {
    ck_assert_uint_eq(xd_pairing_class(pairing, 1, i), expected[i][0]);
    ck_assert_uint_eq(xd_pairing_class(pairing, 2, i), expected[i][1]);
  }
  ck_assert_uint_eq(xd_pairing_class(pairing, 1, 4), XD_ANY_CLASS);
  ck_assert_uint_eq(xd_pairing_class(pairing, 0, 0), XD_ANY_CLASS);
  ck_assert_uint_eq(xd_pairing_class(pairing, 3, 0), XD_ANY_CLASS);
  xd_pairing_release(pairing);
}
END_TEST

START_TEST(pairing__matches_its_pairs_and_no_others) {
  xd_pairing *pairing = make_pairing("0:5,1:6,1:7,200:255");
  unsigned matches = 0;
  for (uint32_t a = 0; a < 300; a++)
    for (uint32_t b = 0; b < 300; b++)
      matches += (unsigned)xd_pairing_matches(pairing, a, b);
  ck_assert_uint_eq(matches, 4);
  ck_assert_int_eq(xd_pairing_matches(pairing, 0, 5), 1);
  ck_assert_int_eq(xd_pairing_matches(pairing, 1, 6), 1);
  ck_assert_int_eq(xd_pairing_matches(pairing, 1, 7), 1);
  ck_assert_int_eq(xd_pairing_matches(pairing, 200, 255), 1);
  ck_assert_int_eq(xd_pairing_matches(pairing, UINT32_MAX, 5), 0);
  xd_pairing_release(pairing);
}
END_TEST

START_TEST(pairing__of_all_with_all_is_one_pair) {
  xd_pairing *pairing = make_pairing("*:*");
  ck_assert_uint_eq(xd_pairing_count(pairing), 1);
  ck_assert_uint_eq(xd_pairing_class(pairing, 1, 0), XD_ANY_CLASS);
  ck_assert_uint_eq(xd_pairing_class(pairing, 2, 0), XD_ANY_CLASS);
  ck_assert_int_eq(xd_pairing_matches(pairing, 4, 200), 1);
  ck_assert_uint_eq(xdi_pairing_group_count(pairing), 1);
  ck_assert_uint_eq(xdi_pairing_group(pairing, 1, 17), 0);
  ck_assert_uint_eq(xdi_pairing_group(pairing, 2, 255), 0);
  xd_pairing_release(pairing);
}
END_TEST

START_TEST(pairing__names_the_pair_that_is_wrong) {
  const struct {
    const char *text, *word;
  } cases[] = {{"", "''"},
               {"0", "'0'"},
               {"0:", "'0:'"},
               {":5", "':5'"},
               {"0:5,", "''"},
               {",0:5", "''"},
               {"0:5,,1:6", "''"},
               {"0:5,1;6", "'1;6'"},
               {"0:5,1:6x", "'1:6x'"},
               {"0:5, 1:6", "' 1:6'"},
               {"0:256", "'0:256'"},
               {"4294967296:0", "'4294967296:0'"},
               {"-1:5", "'-1:5'"},
               {"0:5,*:*", "'*:*'"},
               {"*:5", "'*:5'"},
               {"0:5,1:6,0:5", "'0:5' stands twice"},
               {"0:5,00:05", "'00:05' stands twice"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xd_pairing *pairing = (xd_pairing *)&cases;
    assert_status(xd_pairing_create(&pairing, context, cases[i].text), XD_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(pairing);
    assert_message_names(context, cases[i].word);
  }
}
END_TEST

START_TEST(pairing__takes_missing_arguments) {
  xd_pairing *pairing;
  assert_status(xd_pairing_create(&pairing, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pairing_create(NULL, context, "0:5"), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pairing_create(&pairing, NULL, "0:5"), XD_ERROR_INVALID_ARGUMENT);
  xd_pairing_release(NULL);
  ck_assert_uint_eq(xd_pairing_count(NULL), 0);
  ck_assert_uint_eq(xd_pairing_class(NULL, 1, 0), XD_ANY_CLASS);
  ck_assert_int_eq(xd_pairing_matches(NULL, 0, 0), 0);
}
END_TEST

START_TEST(pairing__takes_every_pair_there_is) {
  size_t room = 65536 * 8, length = 0;
  char *text = malloc(room);
  ck_assert_ptr_nonnull(text);
  for (unsigned a = 0; a < 256; a++)
    for (unsigned b = 0; b < 256; b++)
      length += (size_t)snprintf(text + length, room - length, "%s%u:%u", length ? "," : "", a, b);
  xd_pairing *pairing = make_pairing(text);
  ck_assert_uint_eq(xd_pairing_count(pairing), 65536);
  ck_assert_uint_eq(xd_pairing_class(pairing, 2, 65535), 255);
  ck_assert_uint_eq(xdi_pairing_group_count(pairing), 1);
  xd_pairing_release(pairing);
  free(text);
}
END_TEST

START_TEST(pairing__groups_classes_that_pairs_link) {
  /* 0-5 and 1-5 share class 5; 2-6 stands alone; 3-7, 4-8 are tied by 3-8 at last. */
  xd_pairing *pairing = make_pairing("0:5,2:6,3:7,4:8,1:5,3:8");
  ck_assert_uint_eq(xdi_pairing_group_count(pairing), 3);
  const uint32_t first[] = {0, 0, 1, 2, 2}, second[] = {0, 1, 2, 2};
  for (uint32_t label = 0; label < 5; label++)
    ck_assert_uint_eq(xdi_pairing_group(pairing, 1, label), first[label]);
  for (uint32_t label = 5; label < 9; label++)
    ck_assert_uint_eq(xdi_pairing_group(pairing, 2, label), second[label - 5]);
  ck_assert_uint_eq(xdi_pairing_group(pairing, 1, 5), XDI_NO_GROUP);
  ck_assert_uint_eq(xdi_pairing_group(pairing, 2, 0), XDI_NO_GROUP);
  ck_assert_uint_eq(xdi_pairing_group(pairing, 1, 256), XDI_NO_GROUP);
  ck_assert_uint_eq(xdi_pairing_group(pairing, 3, 0), XDI_NO_GROUP);
  xd_pairing_release(pairing);
}
END_TEST

START_TEST(pairing__links_classes_over_others) {
  xd_pairing *pairing = make_pairing("0:5,0:6,1:6,2:7"), *any = make_pairing("*:*");
  ck_assert_int_eq(xd_pairing_links(pairing, 0, 5), 1);
  ck_assert_int_eq(xd_pairing_links(pairing, 1, 5), 1);
  ck_assert_int_eq(xd_pairing_matches(pairing, 1, 5), 0);
  ck_assert_int_eq(xd_pairing_links(pairing, 2, 7), 1);
  ck_assert_int_eq(xd_pairing_links(pairing, 2, 5), 0);
  ck_assert_int_eq(xd_pairing_links(pairing, 0, 7), 0);
  ck_assert_int_eq(xd_pairing_links(pairing, 3, 8), 0);
  ck_assert_int_eq(xd_pairing_links(pairing, 300, 300), 0);
  ck_assert_int_eq(xd_pairing_links(NULL, 0, 5), 0);
  ck_assert_int_eq(xd_pairing_links(any, 0, 255), 1);
  xd_pairing_release(pairing);
  xd_pairing_release(any);
}
END_TEST

START_TEST(pairing__merges_groups_of_many_pairs) {
  /* A chain: 0:0, 2:2, 4:4 apart, then 0:2 and 2:4 tie them. */
  xd_pairing *pairing = make_pairing("0:0,2:2,4:4,9:9,0:2,2:4");
  ck_assert_uint_eq(xdi_pairing_group_count(pairing), 2);
  for (uint32_t label = 0; label < 5; label += 2) {
    ck_assert_uint_eq(xdi_pairing_group(pairing, 1, label), 0);
    ck_assert_uint_eq(xdi_pairing_group(pairing, 2, label), 0);
  }
  ck_assert_uint_eq(xdi_pairing_group(pairing, 1, 9), 1);
  ck_assert_uint_eq(xdi_pairing_group(pairing, 2, 9), 1);
  xd_pairing_release(pairing);
}
END_TEST

START_TEST(pairing_check__names_absent_classes) {
  const uint8_t pixels[2] = {0, 0};
  const uint32_t low[] = {0, 1}, high[] = {5, 6};
  xd_dataset *set1 = NULL, *set2 = NULL;
  assert_ok(context, xd_dataset_create(&set1, context, pixels, low, 2, 1, 1, 1));
  assert_ok(context, xd_dataset_create(&set2, context, pixels, high, 2, 1, 1, 1));
  xd_pairing *good = make_pairing("0:5,1:6"), *any = make_pairing("*:*");
  xd_pairing *absent1 = make_pairing("0:5,2:6"), *absent2 = make_pairing("0:5,1:7");
  assert_ok(context, xdi_pairing_check(context, good, set1, set2));
  assert_ok(context, xdi_pairing_check(context, any, set1, set2));
  assert_status(xdi_pairing_check(context, absent1, set1, set2), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "'2:6' names class 2, of which domain 1");
  assert_status(xdi_pairing_check(context, absent2, set1, set2), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "'1:7' names class 7, of which domain 2");
  xd_pairing_release(good);
  xd_pairing_release(any);
  xd_pairing_release(absent1);
  xd_pairing_release(absent2);
  xd_dataset_release(set1);
  xd_dataset_release(set2);
}
END_TEST

static xd_status create_limited(xd_context *limited, void *user) {
  xd_pairing *pairing;
  xd_status status = xd_pairing_create(&pairing, limited, user);
  xd_pairing_release(pairing);
  return status;
}

START_TEST(pairing__lives_until_its_last_owner_goes) {
  const xd_pairing *pairing = make_pairing("0:5,1:6"), *owned = xd_pairing_retain(pairing);
  ck_assert_ptr_eq(owned, pairing);
  xd_pairing_release(pairing);
  ck_assert_uint_eq(xd_pairing_class(owned, 2, 1), 6);
  xd_pairing_release(owned);
  ck_assert_ptr_null(xd_pairing_retain(NULL));
}
END_TEST

START_TEST(pairing__leaks_nothing_when_memory_is_refused) {
  char text[] = "0:5,1:6";
  check_refusals(create_limited, text);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("pairing");
  TCase *tcase = tcase_create("pairing");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, pairing__keeps_the_order_of_its_pairs);
  tcase_add_test(tcase, pairing__matches_its_pairs_and_no_others);
  tcase_add_test(tcase, pairing__of_all_with_all_is_one_pair);
  tcase_add_test(tcase, pairing__names_the_pair_that_is_wrong);
  tcase_add_test(tcase, pairing__takes_missing_arguments);
  tcase_add_test(tcase, pairing__takes_every_pair_there_is);
  tcase_add_test(tcase, pairing__groups_classes_that_pairs_link);
  tcase_add_test(tcase, pairing__links_classes_over_others);
  tcase_add_test(tcase, pairing__merges_groups_of_many_pairs);
  tcase_add_test(tcase, pairing_check__names_absent_classes);
  tcase_add_test(tcase, pairing__lives_until_its_last_owner_goes);
  tcase_add_test(tcase, pairing__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
