/* Status codes: their fixed numbers, names and texts; and the version. */
#include "support.h"

#include "xdomain/progress.h"
#include "xdomain/version.h"

static const struct {
  xd_status status;
  int number;
  const char *name;
} codes[] = {
    {XD_OK, 0, "XD_OK"},
    {XD_ERROR_INVALID_ARGUMENT, -1, "XD_ERROR_INVALID_ARGUMENT"},
    {XD_ERROR_SHAPE_MISMATCH, -2, "XD_ERROR_SHAPE_MISMATCH"},
    {XD_ERROR_NOT_FOUND, -3, "XD_ERROR_NOT_FOUND"},
    {XD_ERROR_IO, -4, "XD_ERROR_IO"},
    {XD_ERROR_BAD_DATA, -5, "XD_ERROR_BAD_DATA"},
    {XD_ERROR_TRUNCATED, -6, "XD_ERROR_TRUNCATED"},
    {XD_ERROR_TOO_LARGE, -7, "XD_ERROR_TOO_LARGE"},
    {XD_ERROR_VERSION_TOO_NEW, -8, "XD_ERROR_VERSION_TOO_NEW"},
    {XD_ERROR_UNSUPPORTED, -9, "XD_ERROR_UNSUPPORTED"},
    {XD_ERROR_OUT_OF_MEMORY, -10, "XD_ERROR_OUT_OF_MEMORY"},
    {XD_ERROR_NUMERIC, -11, "XD_ERROR_NUMERIC"},
    {XD_ERROR_CANCELLED, -12, "XD_ERROR_CANCELLED"},
    {XD_ERROR_COLLAPSED, -13, "XD_ERROR_COLLAPSED"},
    {XD_ERROR_INTERNAL, -14, "XD_ERROR_INTERNAL"},
};
#define CODE_COUNT ((int)(sizeof codes / sizeof codes[0]))

START_TEST(status__numbers_never_change) {
  for (int i = 0; i < CODE_COUNT; i++)
    ck_assert_int_eq(codes[i].status, codes[i].number);
}
END_TEST

START_TEST(status_name__is_the_constant) {
  for (int i = 0; i < CODE_COUNT; i++)
    ck_assert_str_eq(xd_status_name(codes[i].status), codes[i].name);
}
END_TEST

START_TEST(status_text__is_there_and_of_its_own_for_each) {
  for (int i = 0; i < CODE_COUNT; i++) {
    ck_assert_ptr_nonnull(xd_status_text(codes[i].status));
    ck_assert_uint_gt(strlen(xd_status_text(codes[i].status)), 0);
    for (int j = 0; j < i; j++)
      ck_assert_str_ne(xd_status_text(codes[i].status), xd_status_text(codes[j].status));
  }
}
END_TEST

START_TEST(status__unknown_numbers_have_a_name_and_a_text) {
  const xd_status unknown[] = {1, 14, -CODE_COUNT, -15, -1000, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    ck_assert_str_eq(xd_status_name(unknown[i]), "XD_ERROR_UNKNOWN");
    ck_assert_uint_gt(strlen(xd_status_text(unknown[i])), 0);
  }
}
END_TEST

START_TEST(version__is_that_of_the_headers) {
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", XD_VERSION_MAJOR, XD_VERSION_MINOR, XD_VERSION_PATCH);
  ck_assert_str_eq(xd_version_string(), XD_VERSION_STRING);
  ck_assert_msg(strncmp(xd_version_string(), text, strlen(text)) == 0, "%s", text);
  ck_assert_uint_eq(xd_version_number(),
                    XD_VERSION_MAJOR * 1000000u + XD_VERSION_MINOR * 1000u + XD_VERSION_PATCH);
}
END_TEST

START_TEST(stage_name__is_the_word_of_reports) {
  static const char *const names[] = {"",         "vae1",  "vae2",       "codes", "mapping1",
                                      "mapping2", "judge", "evaluation", "set",   "translation"};
  for (xd_stage stage = XD_STAGE_VAE1; stage <= XD_STAGE_TRANSLATION; stage++)
    ck_assert_str_eq(xd_stage_name(stage), names[stage]);
  ck_assert_str_eq(xd_stage_name(0), "");
  ck_assert_str_eq(xd_stage_name(XD_STAGE_TRANSLATION + 1), "");
  ck_assert_str_eq(xd_stage_name(UINT32_MAX), "");
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("status");
  add_case(suite, status__numbers_never_change);
  add_case(suite, status_name__is_the_constant);
  add_case(suite, status_text__is_there_and_of_its_own_for_each);
  add_case(suite, status__unknown_numbers_have_a_name_and_a_text);
  add_case(suite, stage_name__is_the_word_of_reports);
  add_case(suite, version__is_that_of_the_headers);
  return suite;
}

XD_SUITE_MAIN(make_suite)
