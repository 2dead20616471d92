/* Energies of edges: blur lowers the gradient's, and the Laplacian's twice as much; noise and dots raise it. */
#include "evaluate/sharpness.h"

#include <stddef.h>

#include "tensor/shape.h"

static double square(float value) {
  return (double)value * (double)value;
}

/* Of the cell at `x`, whose neighbours across and down are `across` and `down` floats away. */
static void add_cell(xdi_edges *edges, const float *cell, size_t across, size_t down, bool right, bool below,
                     bool inside) {
  if (right)
    edges->gradient += square(cell[across] - cell[0]);
  if (below)
    edges->gradient += square(cell[down] - cell[0]);
  if (inside)
    edges->laplacian +=
        square(4.0f * cell[0] - *(cell - across) - cell[across] - *(cell - down) - cell[down]);
}

static void add_picture(xdi_edges *edges, const float *picture, xd_shape shape) {
  const size_t across = shape.channels, down = across * shape.width;
  for (uint32_t y = 0; y < shape.height; y++)
    for (size_t i = 0; i < down; i++) {
      const bool right = i + across < down, below = y + 1 < shape.height;
      add_cell(edges, picture + y * down + i, across, down, right, below,
               right && below && y > 0 && i >= across);
    }
}

void xdi_edges_add(xdi_edges *edges, const float *pictures, xd_shape shape, uint32_t count) {
  const size_t size = xdi_cells(shape);
  for (uint32_t i = 0; i < count; i++)
    add_picture(edges, pictures + i * size, shape);
  edges->count += count;
}

static double ratio(double energy, uint32_t count, double real_energy, uint32_t real_count) {
  if (count == 0 || real_energy <= 0.0)
    return 1.0;
  return energy / count / (real_energy / real_count);
}

double xdi_sharpness(const xdi_edges *edges, const xdi_edges *real) {
  return ratio(edges->gradient, edges->count, real->gradient, real->count);
}

double xdi_detail(const xdi_edges *edges, const xdi_edges *real) {
  return ratio(edges->laplacian, edges->count, real->laplacian, real->count);
}
