/* What deep networks of pictures have besides: upsampling, and the sum of two results. */
#include <stdbool.h>
#include <string.h>

#include "backend/reference/reference.h"

static bool doubles(uint32_t in, uint32_t out) {
  return out == 2 * in || out + 1 == 2 * in;
}

static bool fits(const xd_upsample *args) {
  return doubles(args->in_width, args->out_width) && doubles(args->in_height, args->out_height);
}

xd_status xdi_reference_upsample_forward(xd_backend *backend, const xd_upsample *args) {
  (void)backend;
  const float *x = xdi_slice_host(args->x);
  float *y = xdi_slice_host(args->y);
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  for (size_t row = 0; row < (size_t)args->batch * args->out_height; row++) {
    const size_t picture = row / args->out_height, source = row % args->out_height / 2;
    const float *from = x + (picture * args->in_height + source) * args->in_width * args->channels;
    for (size_t column = 0; column < args->out_width; column++, y += args->channels)
      memcpy(y, from + column / 2 * args->channels, args->channels * sizeof *y);
  }
  return XD_OK;
}

/* The sum of dy over the cells that came from (iy, ix) of a picture. */
static double sum_cells(const xd_upsample *args, size_t picture, size_t iy, size_t ix, size_t channel) {
  const float *dy =
      xdi_slice_host(args->dy) + picture * args->out_height * args->out_width * args->channels + channel;
  double sum = 0.0;
  for (size_t oy = 2 * iy; oy < 2 * iy + 2 && oy < args->out_height; oy++)
    for (size_t ox = 2 * ix; ox < 2 * ix + 2 && ox < args->out_width; ox++)
      sum += (double)dy[(oy * args->out_width + ox) * args->channels];
  return sum;
}

xd_status xdi_reference_upsample_backward(xd_backend *backend, const xd_upsample *args) {
  (void)backend;
  const bool curved = args->x_activation != XD_ACTIVATION_IDENTITY;
  const float *x = xdi_slice_host(args->x);
  float *dx = xdi_slice_host(args->dx);
  size_t at = 0;
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  for (size_t picture = 0; picture < args->batch; picture++)
    for (size_t iy = 0; iy < args->in_height; iy++)
      for (size_t ix = 0; ix < args->in_width; ix++)
        for (size_t c = 0; c < args->channels; c++, at++) {
          const double slope = curved ? xdi_activation_slope(args->x_activation, (double)x[at]) : 1.0;
          dx[at] = (float)(slope * sum_cells(args, picture, iy, ix, c));
        }
  return XD_OK;
}

xd_status xdi_reference_residual_forward(xd_backend *backend, const xd_residual *args) {
  (void)backend;
  const float *x = xdi_slice_host(args->x), *other = xdi_slice_host(args->other);
  float *y = xdi_slice_host(args->y);
  for (size_t i = 0; i < args->count; i++)
    y[i] = (float)xdi_activation_value(args->activation, (double)x[i] + (double)other[i]);
  return XD_OK;
}

/* dother before dx, which may take dy's place. */
xd_status xdi_reference_residual_backward(xd_backend *backend, const xd_residual *args) {
  const xd_slice to[2] = {args->dother, args->dx}, by[2] = {args->other, args->x};
  const xd_activation activation[2] = {args->other_activation, args->x_activation};
  xd_status status = XD_OK;
  for (int i = 0; i < 2 && status == XD_OK; i++) {
    if (!to[i].buffer)
      continue;
    const xd_slice value = activation[i] == XD_ACTIVATION_IDENTITY ? args->dy : by[i];
    status = xdi_reference_activation_backward(backend, activation[i], value, args->dy, to[i], args->count);
  }
  return status;
}
