/* The plain locale on one thread; the process's stays as the host set it. */
#include "base/plain.h"

#include <stdio.h>
#include <string.h>

xdi_plain xdi_plain_begin(void) {
  xdi_plain plain = {.plain = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
  if (plain.plain)
    plain.before = uselocale(plain.plain);
  return plain;
}

void xdi_plain_end(xdi_plain plain) {
  if (!plain.plain)
    return;
  uselocale(plain.before);
  freelocale(plain.plain);
}

void xdi_describe_error(char to[XDI_REASON_SIZE], int error) {
  const xdi_plain plain = xdi_plain_begin();
  if (strerror_r(error, to, XDI_REASON_SIZE) != 0)
    snprintf(to, XDI_REASON_SIZE, "error %d", error);
  xdi_plain_end(plain);
}
