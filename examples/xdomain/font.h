/* Names on pictures (font.c). */
#ifndef XDOMAIN_FONT_H
#define XDOMAIN_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FONT_WIDTH = 5, FONT_HEIGHT = 7 };

/* The width in pixels of a text's first `most` characters, each with a column of space behind it. */
uint32_t text_width(const char *text, uint32_t most);

/* Draws them in white, `scale` times as large, into bytes whose rows lie `row` bytes apart. */
void draw_text(const char *text, uint32_t most, uint8_t *to, size_t row, uint32_t channels, uint32_t scale);

#endif
