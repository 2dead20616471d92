/* Convolutions of upsampled pictures, without the upsampled picture: its cell (r, c) is x[r / 2][c / 2]. */
#include <stdbool.h>

#include "backend/reference/reference.h"
#include "backend/reference/reference_product.h"

#define KERNEL 3

/* The rows, or columns, of x that the taps of place `out` meet, -1 where they meet nothing. */
typedef struct line {
  ptrdiff_t at[KERNEL];
} line;

static line taps_of(size_t out, size_t in) {
  line taps;
  for (ptrdiff_t k = 0; k < KERNEL; k++) {
    const ptrdiff_t up = (ptrdiff_t)out + k - 1;
    taps.at[k] = up >= 0 && up < 2 * (ptrdiff_t)in ? up / 2 : -1;
  }
  return taps;
}

bool xdi_upsample_convolution_fits(const xd_convolution *args) {
  const bool doubles =
      (args->out_height == 2 * args->in_height || args->out_height + 1 == 2 * args->in_height) &&
      (args->out_width == 2 * args->in_width || args->out_width + 1 == 2 * args->in_width);
  return doubles && args->kernel_height == KERNEL && args->kernel_width == KERNEL && args->stride == 1 &&
         args->pad == 1;
}

static double sum_output(const xd_convolution *args, size_t row, size_t column, size_t channel) {
  const size_t picture = row / args->out_height, in = args->in_channels, out = args->out_channels;
  const line ys = taps_of(row % args->out_height, args->in_height), xs = taps_of(column, args->in_width);
  const float *bias = xdi_slice_host(args->bias);
  double sum = bias ? (double)bias[channel] : 0.0;
  for (size_t tap = 0; tap < KERNEL * KERNEL; tap++) {
    const ptrdiff_t iy = ys.at[tap / KERNEL], ix = xs.at[tap % KERNEL];
    if (iy < 0 || ix < 0)
      continue;
    const float *x = xdi_slice_host(args->x) +
                     ((picture * args->in_height + (size_t)iy) * args->in_width + (size_t)ix) * in;
    const float *weights = xdi_slice_host(args->weights) + tap * in * out + channel;
    for (size_t c = 0; c < in; c++)
      sum += (double)x[c] * (double)weights[c * out];
  }
  return sum;
}

xd_status xdi_reference_upsample_conv2d_forward(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  float *y = xdi_slice_host(args->y);
  if (!xdi_upsample_convolution_fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  for (size_t row = 0; row < (size_t)args->batch * args->out_height; row++)
    for (size_t column = 0; column < args->out_width; column++)
      for (size_t n = 0; n < args->out_channels; n++)
        *y++ = (float)xdi_activation_value(args->activation, sum_output(args, row, column, n));
  return XD_OK;
}

static double sum_input(const xd_convolution *args, size_t row, size_t column, size_t channel) {
  const size_t picture = row / args->in_height, out = args->out_channels;
  const size_t iy = row % args->in_height;
  double sum = 0.0;
  for (size_t tap = 0; tap < KERNEL * KERNEL; tap++)
    for (size_t half = 0; half < 4; half++) {
      const ptrdiff_t oy = (ptrdiff_t)(2 * iy + half / 2) + 1 - (ptrdiff_t)(tap / KERNEL),
                      ox = (ptrdiff_t)(2 * column + half % 2) + 1 - (ptrdiff_t)(tap % KERNEL);
      if (oy < 0 || oy >= (ptrdiff_t)args->out_height || ox < 0 || ox >= (ptrdiff_t)args->out_width)
        continue;
      const float *dy = xdi_slice_host(args->dy) +
                        ((picture * args->out_height + (size_t)oy) * args->out_width + (size_t)ox) * out;
      const float *weights = xdi_slice_host(args->weights) + (tap * args->in_channels + channel) * out;
      for (size_t n = 0; n < out; n++)
        sum += (double)dy[n] * (double)weights[n];
    }
  return sum;
}

xd_status xdi_reference_upsample_conv2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  const bool sloped = args->x_activation != XD_ACTIVATION_IDENTITY;
  const float *x = xdi_slice_host(args->x);
  float *dx = xdi_slice_host(args->dx);
  size_t at = 0;
  if (!xdi_upsample_convolution_fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  for (size_t row = 0; row < (size_t)args->batch * args->in_height; row++)
    for (size_t column = 0; column < args->in_width; column++)
      for (size_t c = 0; c < args->in_channels; c++, at++) {
        const double slope = sloped ? xdi_activation_slope(args->x_activation, (double)x[at]) : 1.0;
        dx[at] = (float)(slope * sum_input(args, row, column, c));
      }
  return XD_OK;
}

/* sum[n] = the sum over all places of what channel c meets at `tap` times dy, for some output channels. */
static void sum_weights(const xd_convolution *args, size_t tap, size_t c, size_t channel, size_t columns,
                        double *sum) {
  const float *dy = xdi_slice_host(args->dy) + channel;
  for (size_t n = 0; n < columns; n++)
    sum[n] = 0.0;
  for (size_t row = 0; row < (size_t)args->batch * args->out_height; row++) {
    const ptrdiff_t iy = taps_of(row % args->out_height, args->in_height).at[tap / KERNEL];
    const size_t from = row / args->out_height * args->in_height + (size_t)(iy < 0 ? 0 : iy);
    for (size_t column = 0; column < args->out_width; column++, dy += args->out_channels) {
      const ptrdiff_t ix = taps_of(column, args->in_width).at[tap % KERNEL];
      if (iy < 0 || ix < 0)
        continue;
      const double x =
          (double)xdi_slice_host(args->x)[(from * args->in_width + (size_t)ix) * args->in_channels + c];
      for (size_t n = 0; n < columns; n++)
        sum[n] += x * (double)dy[n];
    }
  }
}

static void sum_bias(const xd_convolution *args, float *dbias) {
  for (size_t n = 0; n < args->out_channels; n++) {
    const float *dy = xdi_slice_host(args->dy) + n;
    double sum = 0.0;
    for (size_t i = 0; i < (size_t)args->batch * args->out_height * args->out_width; i++)
      sum += (double)dy[i * args->out_channels];
    dbias[n] = (float)sum;
  }
}

xd_status xdi_reference_upsample_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  double sum[XDI_REFERENCE_BLOCK];
  if (!xdi_upsample_convolution_fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  for (size_t i = 0; i < (size_t)KERNEL * KERNEL * args->in_channels; i++)
    for (size_t channel = 0; channel < args->out_channels; channel += XDI_REFERENCE_BLOCK) {
      const size_t columns = xdi_reference_block(channel, args->out_channels);
      float *to = xdi_slice_host(args->dweights) + i * args->out_channels + channel;
      sum_weights(args, i / args->in_channels, i % args->in_channels, channel, columns, sum);
      for (size_t n = 0; n < columns; n++)
        to[n] = (float)sum[n];
    }
  if (args->dbias.buffer)
    sum_bias(args, xdi_slice_host(args->dbias));
  return XD_OK;
}
