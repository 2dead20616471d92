/* Numbers as text, with a decimal point in any locale. */
#ifndef XDI_OPTIONS_NUMBER_H
#define XDI_OPTIONS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define XDI_NUMBER_SIZE 40 /* room for any number and its zero */

/* Reads all `length` bytes as one decimal number; false if they are none, or digits alone that a double rounds. */
bool xdi_parse_number(double *out, const char *text, size_t length);

/* Writes a number in the fewest digits, from `digits` on, that read as the same float (as_float) or double.
 * `to` has XDI_NUMBER_SIZE bytes. */
void xdi_print_number(char *to, double number, bool as_float);

/* In six digits. */
void xdi_print_rounded(char *to, double number);

#endif
