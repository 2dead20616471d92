/* Texts that describe sets and pairings: their marks, which a backslash makes plain characters, and numbers. */
#ifndef XDI_DATA_MARK_H
#define XDI_DATA_MARK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool xdi_is_mark(char letter) {
  return letter != '\0' && strchr(";|,:\\", letter) != NULL;
}

/* A decimal number of at most `limit`, which is 9 or more, without sign or blanks. What stands behind it; NULL
 * when there is none. */
static inline const char *xdi_read_number(const char *text, uint64_t limit, uint64_t *out) {
  uint64_t value = 0;
  const char *end = text;
  for (; *end >= '0' && *end <= '9'; end++) {
    uint64_t digit = (uint64_t)(*end - '0');
    if (value > (limit - digit) / 10)
      return NULL;
    value = value * 10 + digit;
  }
  *out = value;
  return end > text ? end : NULL;
}

#endif
