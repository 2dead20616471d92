/* UTF-8 that comes from outside: what is whole, and how the rest is shown. */
#ifndef XDI_BASE_TEXT_H
#define XDI_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the character at the start of text[0..size), 1 to 4; 0 where no whole UTF-8 character stands
 * (a stray or missing byte, an overlong form, a surrogate, beyond U+10FFFF) and for size 0. */
size_t xdi_utf8_length(const char *text, size_t size);

bool xdi_utf8_valid(const char *text, size_t size);

/* Whether two texts begin with the same `length` bytes, or are the same and end before; A to Z and a to z are the same
 * letters in any locale. */
bool xdi_text_alike(const char *first, const char *second, size_t length);

/* Writes text[0..size) as one line of at most room - 1 bytes and a final zero: control characters and bytes
 * that are no UTF-8 become \xNN. What does not fit goes from the middle, where "..." stands, since a reason
 * stands at a message's end and its subject at the start. */
void xdi_text_show(char *to, size_t room, const char *text, size_t size);

#endif
