/* The marks of texts that describe sets and pairings, which a backslash makes plain characters. */
#ifndef XDI_DATA_MARK_H
#define XDI_DATA_MARK_H

#include <stdbool.h>
#include <string.h>

static inline bool xdi_is_mark(char letter) {
  return letter != '\0' && strchr(";|,:\\", letter) != NULL;
}

#endif
