/* Packing of panels, and what follows a product. */
#include "backend/native/tiles.h"

#include <string.h>

static void pack_panel(const xdi_kernels *kernels, float *to, const float *b, ptrdiff_t b_step,
                       ptrdiff_t b_column, size_t depth, size_t columns) {
  const size_t width = xdi_panel_width(kernels);
  if (b_column == 1) {
    kernels->pack_rows(to, b, b_step, (uint32_t)depth, (uint32_t)columns);
    return;
  }
  kernels->transpose(to, (ptrdiff_t)width, b, b_column, (uint32_t)columns, (uint32_t)depth);
  for (size_t k = 0; k < depth && columns < width; k++)
    memset(to + k * width + columns, 0, (width - columns) * sizeof *to);
}

void xdi_pack_panels(const xdi_kernels *kernels, float *to, size_t panel_depth, const float *b,
                     ptrdiff_t b_step, ptrdiff_t b_column, size_t depth, size_t columns) {
  const size_t width = xdi_panel_width(kernels);
  for (size_t n = 0; n < columns; n += width) {
    const size_t part = columns - n < width ? columns - n : width;
    pack_panel(kernels, to + n * panel_depth, b + (ptrdiff_t)n * b_column, b_step, b_column, depth, part);
  }
}

float xdi_slope_of(xd_activation activation) {
  return activation == XD_ACTIVATION_RELU ? 0.0f : activation == XD_ACTIVATION_LEAKY_RELU ? 0.2f : 1.0f;
}

bool xdi_is_curved(xd_activation activation) {
  return activation == XD_ACTIVATION_SIGMOID || activation == XD_ACTIVATION_TANH;
}

void xdi_set_finish(xdi_tile *tile, const float *bias, xd_activation activation, const float *x,
                    xd_activation x_activation) {
  tile->bias = bias;
  tile->slope = xdi_slope_of(activation);
  tile->x = xdi_slope_of(x_activation) != 1.0f ? x : NULL;
  tile->x_slope = xdi_slope_of(x_activation);
}

void xdi_finish_curved(const xdi_kernels *kernels, const xdi_tile *tile, size_t rows,
                       xd_activation activation, const float *x, xd_activation x_activation) {
  float *c = tile->c;
  if (xdi_is_curved(activation))
    for (size_t m = 0; m < rows; m++)
      kernels->activate(activation, c + (ptrdiff_t)m * tile->c_row, c + (ptrdiff_t)m * tile->c_row,
                        tile->columns);
  if (x && xdi_is_curved(x_activation))
    for (size_t m = 0; m < rows; m++) {
      float *row = c + (ptrdiff_t)m * tile->c_row;
      kernels->derive(x_activation, row, x + (ptrdiff_t)m * tile->c_row, row, tile->columns);
    }
}

void xdi_run_tile(const xdi_kernels *kernels, const xdi_tile *tile, size_t rows, xd_activation activation,
                  const float *x, xd_activation x_activation) {
  kernels->tile[tile->columns > kernels->lanes][rows - 1](tile);
  xdi_finish_curved(kernels, tile, rows, activation, x, x_activation);
}
