/* Numbers as text. The C library's functions follow the thread's locale, so the "C" locale is put in its
 * place for the call. */
#include "options/number.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEWEST_DIGITS 6
#define FLOAT_DIGITS 9   /* always read as the same float, */
#define DOUBLE_DIGITS 17 /* or double */

typedef struct plain_locale {
  locale_t plain, before;
} plain_locale;

static plain_locale enter_plain(void) {
  plain_locale locale = {newlocale(LC_ALL_MASK, "C", (locale_t)0), (locale_t)0};
  if (locale.plain != (locale_t)0)
    locale.before = uselocale(locale.plain);
  return locale;
}

static void leave_plain(plain_locale locale) {
  if (locale.plain == (locale_t)0)
    return;
  uselocale(locale.before);
  freelocale(locale.plain);
}

bool xdi_parse_number(double *out, const char *text, size_t length) {
  char copy[XDI_NUMBER_SIZE];
  if (length == 0 || length >= sizeof copy || strspn(text, "0123456789+-.eE") < length)
    return false;
  memcpy(copy, text, length);
  copy[length] = '\0';
  char *end = copy;
  const plain_locale locale = enter_plain();
  *out = strtod(copy, &end);
  leave_plain(locale);
  return *end == '\0';
}

static bool reads_as(const char *text, double number, bool as_float) {
  return as_float ? strtof(text, NULL) == (float)number : strtod(text, NULL) == number;
}

void xdi_print_number(char *to, double number, bool as_float) {
  const int most = as_float ? FLOAT_DIGITS : DOUBLE_DIGITS;
  const plain_locale locale = enter_plain();
  for (int digits = FEWEST_DIGITS; digits <= most; digits++) {
    snprintf(to, XDI_NUMBER_SIZE, "%.*g", digits, number);
    if (reads_as(to, number, as_float))
      break;
  }
  leave_plain(locale);
}

void xdi_print_rounded(char *to, double number) {
  const plain_locale locale = enter_plain();
  snprintf(to, XDI_NUMBER_SIZE, "%.*g", FEWEST_DIGITS, number);
  leave_plain(locale);
}
