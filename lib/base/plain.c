/* The plain locale on one thread, as POSIX has it; the process's stays as the host set it. */
#include "base/plain.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

xdi_plain xdi_plain_begin(void) {
  const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  return (xdi_plain){.plain = (void *)plain, .before = plain ? (void *)uselocale(plain) : NULL};
}

void xdi_plain_end(xdi_plain plain) {
  if (!plain.plain)
    return;
  uselocale((locale_t)plain.before);
  freelocale((locale_t)plain.plain);
}

/* POSIX's strerror_r writes to `to` and answers whether it could; GNU's, which a host's flags may choose,
 * answers with a text, which may lie elsewhere. */
static void take_answer(char to[XDI_REASON_SIZE], int error, int answer) {
  if (answer != 0)
    snprintf(to, XDI_REASON_SIZE, "error %d", error);
}

static void take_text(char to[XDI_REASON_SIZE], int error, const char *text) {
  (void)error;
  if (text != to)
    snprintf(to, XDI_REASON_SIZE, "%s", text);
}

void xdi_describe_error(char to[XDI_REASON_SIZE], int error) {
  const xdi_plain plain = xdi_plain_begin();
  _Generic(strerror_r(error, to, XDI_REASON_SIZE), int : take_answer, char * : take_text)(
      to, error, strerror_r(error, to, XDI_REASON_SIZE));
  xdi_plain_end(plain);
}
