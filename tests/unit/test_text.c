/* UTF-8 from outside: what is whole, how bad bytes and control characters are shown, and what is left out of
 * texts that are too long. */
#include "support.h"

#include "base/text.h"

#define ROOM 32

static void assert_shown(const char *text, size_t size, const char *expected) {
  char got[ROOM];
  memset(got, 'x', sizeof got);
  xdi_text_show(got, sizeof got, text, size);
  ck_assert_str_eq(got, expected);
}

START_TEST(utf8_length__tells_whole_characters_from_broken_ones) {
  const struct {
    const char *text;
    size_t size, length;
  } cases[] = {{"", 0, 0},
               {"a", 1, 1},
               {"\0", 1, 1},
               {"\xC3\xA9", 2, 2},
               {"\xC3\xA9", 1, 0}, /* cut off */
               {"\xE2\x82\xAC", 3, 3},
               {"\xE2\x82\xAC", 2, 0},
               {"\xF0\x9F\x98\x80", 4, 4},
               {"\xF0\x9F\x98\x80", 3, 0},
               {"\x80", 1, 0},
               {"\xC0\xAF", 2, 0}, /* overlong */
               {"\xC1\xBF", 2, 0},
               {"\xE0\x80\x80", 3, 0},
               {"\xE0\xA0\x80", 3, 3},
               {"\xED\x9F\xBF", 3, 3},
               {"\xED\xA0\x80", 3, 0}, /* a surrogate */
               {"\xF0\x80\x80\x80", 4, 0},
               {"\xF4\x8F\xBF\xBF", 4, 4},
               {"\xF4\x90\x80\x80", 4, 0}, /* beyond U+10FFFF */
               {"\xF5\x80\x80\x80", 4, 0},
               {"\xFF", 1, 0},
               {"\xC3\x28", 2, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_msg(xdi_utf8_length(cases[i].text, cases[i].size) == cases[i].length, "case %zu", i);
}
END_TEST

START_TEST(utf8_valid__looks_at_every_byte) {
  ck_assert(xdi_utf8_valid("", 0));
  ck_assert(xdi_utf8_valid("caf\xC3\xA9 \xF0\x9F\x98\x80", 10));
  ck_assert(!xdi_utf8_valid("caf\xC3\xA9\xC3", 6));
  ck_assert(!xdi_utf8_valid("\xE9t\xE9", 3)); /* Latin-1 */
}
END_TEST

START_TEST(text_show__escapes_controls_and_bad_bytes) {
  assert_shown("plain caf\xC3\xA9", 11, "plain caf\xC3\xA9");
  assert_shown("a\nb\tc\x7F", 6, "a\\x0Ab\\x09c\\x7F");
  assert_shown("\x1B[2J", 4, "\\x1B[2J");
  assert_shown("\xC2\x9B!", 3, "\\xC2\\x9B!"); /* C1, which terminals obey */
  assert_shown("\xC2\xA0", 2, "\xC2\xA0");
  assert_shown("\xE9t\xE9", 3, "\\xE9t\\xE9");
  assert_shown("nul\0!", 5, "nul\\x00!");
}
END_TEST

START_TEST(text_show__leaves_out_the_middle) {
  char long_text[200];
  memset(long_text, '-', sizeof long_text);
  memcpy(long_text, "start", 5);
  memcpy(long_text + sizeof long_text - 12, "the reason .", 12);
  char got[ROOM];
  xdi_text_show(got, sizeof got, long_text, sizeof long_text);
  ck_assert_uint_le(strlen(got), ROOM - 1);
  ck_assert_uint_ge(strlen(got), ROOM - 2);
  ck_assert_ptr_eq(strstr(got, "start"), got);
  ck_assert_ptr_nonnull(strstr(got, "..."));
  ck_assert_str_eq(got + strlen(got) - 12, "the reason .");
}
END_TEST

/* Whatever the text and the room: one line of whole characters, no longer than the room. */
START_TEST(text_show__never_cuts_a_character_or_an_escape) {
  const char *const parts[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\n", "\xFF"};
  for (int shift = 0; shift < 6; shift++)
    for (size_t room = 1; room < 60; room++) {
      char text[400] = "", got[64];
      for (int i = 0; i < 60; i++)
        strcat(text, parts[(i * 5 + shift) % 6]);
      memset(got, 'x', sizeof got);
      xdi_text_show(got, room, text, strlen(text));
      const size_t length = strlen(got);
      ck_assert_uint_lt(length, room);
      ck_assert(xdi_utf8_valid(got, length));
      ck_assert_ptr_null(strchr(got, '\n'));
      for (const char *at = strchr(got, '\\'); at; at = strchr(at + 1, '\\'))
        ck_assert(strncmp(at, "\\x0A", 4) == 0 || strncmp(at, "\\xFF", 4) == 0);
      if (room > 12)
        ck_assert_uint_ge(length + 9, room); /* two units of 4 bytes may not have fitted */
    }
}
END_TEST

START_TEST(text_show__bears_no_room) {
  char got[2] = "x";
  xdi_text_show(got, 0, "text", 4);
  ck_assert_str_eq(got, "x");
  xdi_text_show(got, 1, "text", 4);
  ck_assert_str_eq(got, "");
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("text");
  add_case(suite, utf8_length__tells_whole_characters_from_broken_ones);
  add_case(suite, utf8_valid__looks_at_every_byte);
  add_case(suite, text_show__escapes_controls_and_bad_bytes);
  add_case(suite, text_show__leaves_out_the_middle);
  add_case(suite, text_show__never_cuts_a_character_or_an_escape);
  add_case(suite, text_show__bears_no_room);
  return suite;
}

XD_SUITE_MAIN(make_suite)
