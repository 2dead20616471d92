/* Pictures in a row, or in rows above each other, in a page (strip.c). */
#ifndef XDOMAIN_STRIP_H
#define XDOMAIN_STRIP_H

#include "command.h"

/* Cells of one shape with nothing between them, through which a page shines. */
typedef struct strip {
  const runtime *run;
  xd_shape cell;
  uint32_t columns, rows;
  xd_picture *picture;
  xd_image view;
} strip;

/* Room for pictures of two shapes, which may be the same. To be closed either way. */
xd_status open_strip(strip *s, const runtime *r, uint32_t columns, uint32_t rows, xd_shape one,
                     xd_shape other);
void close_strip(strip *s);

xd_status put_on_strip(strip *s, uint32_t column, uint32_t row, float *floats, xd_shape shape);

/* Writes the attributes of an image: its size on the page, and a PNG as data. */
xd_status print_strip(FILE *to, const strip *s);

#endif
