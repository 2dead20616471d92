/* Normalisation of pictures under a window: the content of the window, a digit say, comes to one brightness
 * and one contrast, whatever the light was. */
#include <math.h>

#include "backend/reference/reference.h"

#define CHANNEL_LIMIT 4

static const double grey = 0.5, spread = 0.2, least_deviation = 1.0 / 64.0;

/* The weighted means of the channels; the result is their mean weighted variance. */
static double measure(const xd_window_normalise *args, const float *cell, double mean[CHANNEL_LIMIT]) {
  double squares[CHANNEL_LIMIT] = {0.0}, weights = 0.0, variance = 0.0;
  for (uint32_t c = 0; c < args->channels; c++)
    mean[c] = 0.0;
  for (uint32_t y = 0; y < args->height; y++)
    for (uint32_t x = 0; x < args->width; x++, cell += args->channels) {
      const double weight = (double)args->vertical[y] * (double)args->horizontal[x];
      weights += weight;
      for (uint32_t c = 0; c < args->channels; c++) {
        const double weighted = weight * (double)cell[c];
        mean[c] += weighted;
        squares[c] += weighted * (double)cell[c];
      }
    }
  for (uint32_t c = 0; c < args->channels; c++) {
    mean[c] /= weights;
    variance += fmax(squares[c] / weights - mean[c] * mean[c], 0.0) / args->channels;
  }
  return variance;
}

static float clamped(double value) {
  return value < 0.0 ? 0.0f : value > 1.0 ? 1.0f : (float)value;
}

static void normalise(const xd_window_normalise *args, const float *from, float *to) {
  const size_t cells = (size_t)args->height * args->width;
  double mean[CHANNEL_LIMIT];
  const double scale = spread / fmax(sqrt(measure(args, from, mean)), least_deviation);
  for (size_t i = 0; i < cells; i++)
    for (uint32_t c = 0; c < args->channels; c++, from++, to++)
      *to = clamped(grey + scale * ((double)*from - mean[c]));
}

xd_status xdi_reference_window_normalise(xd_backend *backend, const xd_window_normalise *args) {
  (void)backend;
  const size_t size = (size_t)args->height * args->width * args->channels;
  const float *from = xdi_slice_host(args->x);
  float *to = xdi_slice_host(args->y);
  if (args->channels == 0 || args->channels > CHANNEL_LIMIT)
    return XD_ERROR_INVALID_ARGUMENT;
  for (size_t row = 0; row < args->batch; row++)
    normalise(args, from + row * size, to + row * size);
  return XD_OK;
}
