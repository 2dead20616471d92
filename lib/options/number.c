/* Numbers as text. The C library's functions follow the thread's locale, so the plain one is put in its
 * place for the call. */
#include "options/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plain.h"

#define FEWEST_DIGITS 6
#define FLOAT_DIGITS 9   /* always read as the same float, */
#define DOUBLE_DIGITS 17 /* or double */

/* Whether a text of digits alone is that number to its last digit; of other texts nothing is asked. */
static bool is_exact(const char *text, double number) {
  char digits[XDI_NUMBER_SIZE];
  const char *at = text + (*text == '+' || *text == '-');
  if (at[strspn(at, "0123456789")] != '\0')
    return true;
  while (at[0] == '0' && at[1])
    at++;
  snprintf(digits, sizeof digits, "%.0f", fabs(number));
  return strcmp(digits, at) == 0;
}

bool xdi_parse_number(double *out, const char *text, size_t length) {
  char copy[XDI_NUMBER_SIZE];
  if (length == 0 || length >= sizeof copy || strspn(text, "0123456789+-.eE") < length)
    return false;
  memcpy(copy, text, length);
  copy[length] = '\0';
  char *end = copy;
  const xdi_plain plain = xdi_plain_begin();
  *out = strtod(copy, &end);
  xdi_plain_end(plain);
  return *end == '\0' && is_exact(copy, *out);
}

static bool reads_as(const char *text, double number, bool as_float) {
  return as_float ? strtof(text, NULL) == (float)number : strtod(text, NULL) == number;
}

void xdi_print_number(char *to, double number, bool as_float) {
  const int most = as_float ? FLOAT_DIGITS : DOUBLE_DIGITS;
  const xdi_plain plain = xdi_plain_begin();
  for (int digits = FEWEST_DIGITS; digits <= most; digits++) {
    snprintf(to, XDI_NUMBER_SIZE, "%.*g", digits, number);
    if (reads_as(to, number, as_float))
      break;
  }
  xdi_plain_end(plain);
}

void xdi_print_rounded(char *to, double number) {
  const xdi_plain plain = xdi_plain_begin();
  snprintf(to, XDI_NUMBER_SIZE, "%.*g", FEWEST_DIGITS, number);
  xdi_plain_end(plain);
}
