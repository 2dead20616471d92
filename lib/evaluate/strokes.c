/* Ink and slant by the moments of what differs from the ground. */
#include "evaluate/strokes.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "tensor/shape.h"

static int compare(const void *left, const void *right) {
  const float one = *(const float *)left, other = *(const float *)right;
  return (one > other) - (one < other);
}

/* The median of one channel's outermost pixels. */
static float ground_of(const float *picture, xd_shape shape, uint32_t channel) {
  float edge[4 * XDI_SIDE_MAX];
  size_t count = 0;
  for (uint32_t y = 0; y < shape.height; y++) {
    const uint32_t step = y == 0 || y + 1 == shape.height || shape.width == 1 ? 1 : shape.width - 1;
    for (uint32_t x = 0; x < shape.width; x += step)
      edge[count++] = picture[((size_t)y * shape.width + x) * shape.channels + channel];
  }
  qsort(edge, count, sizeof *edge, compare);
  return edge[count / 2];
}

/* Sums over the pixels, weighted by their difference from the ground. */
typedef struct moments {
  double weight, x, y, xy, yy;
} moments;

static void add_pixel(moments *sums, double weight, double x, double y) {
  sums->weight += weight;
  sums->x += weight * x;
  sums->y += weight * y;
  sums->xy += weight * x * y;
  sums->yy += weight * y * y;
}

static double slant_of(const moments *sums) {
  if (!(sums->weight > 0.0))
    return 0.0;
  const double x = sums->x / sums->weight, y = sums->y / sums->weight;
  const double across = sums->xy / sums->weight - x * y, down = sums->yy / sums->weight - y * y;
  return down > 1e-9 ? -across / down : 0.0;
}

xdi_strokes xdi_strokes_of(const float *picture, xd_shape shape) {
  float ground[XDI_CHANNELS_MAX];
  moments sums = {0};
  for (uint32_t channel = 0; channel < shape.channels; channel++)
    ground[channel] = ground_of(picture, shape, channel);
  const float *cell = picture;
  for (uint32_t y = 0; y < shape.height; y++)
    for (uint32_t x = 0; x < shape.width; x++)
      for (uint32_t channel = 0; channel < shape.channels; channel++)
        add_pixel(&sums, fabs((double)*cell++ - (double)ground[channel]), x, y);
  const double cells = (double)xdi_cells(shape);
  return (xdi_strokes){(float)(sums.weight / cells), (float)slant_of(&sums)};
}
