/* Pictures in rows with names beside them (grid.c). */
#ifndef XDOMAIN_GRID_H
#define XDOMAIN_GRID_H

#include "command.h"

enum { GRID_GAP = 2 }; /* pixels between cells */

/* Rows of cells of one shape, two rows a name: above and below. */
typedef struct grid {
  xd_shape shape;
  uint32_t columns, names_count, scale;
  float *cells;       /* [2 * names_count][columns], black where nothing was put */
  const char **names; /* [names_count]; NULL or "": none */
} grid;

/* Room for the cells; an exit code. */
int open_grid(grid *g);
void free_grid(grid *g); /* a zeroed one is legal */

/* Brings a picture into a cell of the pair of rows `name`. */
xd_status put_on_grid(const runtime *r, grid *g, uint32_t name, bool below, uint32_t column, float *floats,
                      xd_shape shape);

/* The grid as a picture, with its names at the left; the caller destroys it. */
xd_status draw_grid(const runtime *r, xd_picture **out, const grid *g);

/* Two pictures side by side on grey; either may be NULL. */
xd_status join_pictures(const runtime *r, xd_picture **out, const xd_picture *left, const xd_picture *right);

/* Whether the picture of rank `rank` among `size` is one of `wanted` that are spread evenly over all. */
bool is_spread(uint32_t rank, uint32_t size, uint32_t wanted);

#endif
