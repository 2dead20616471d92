/* Group normalisation. With h = (x - m) r, r = 1 / sqrt(v + epsilon), and g = scale dy:
 *   dshift = sum dy,  dscale = sum dy h,  dx = r (g - mean of g - h mean of g h), means over the group's cells. */
#include <math.h>
#include <stdbool.h>

#include "backend/reference/reference.h"

/* One group of one picture. */
typedef struct group {
  size_t first;   /* cell, channel: x[first + cell * channels + channel] */
  size_t channel; /* the group's first */
  double mean, root;
} group;

static size_t width_of(const xd_group_norm *args) {
  return args->channels / args->groups;
}

static group measure(const xd_group_norm *args, size_t picture, size_t index) {
  const size_t width = width_of(args);
  const double count = (double)args->cells * (double)width;
  group of = {.first = picture * args->cells * args->channels + index * width, .channel = index * width};
  const float *x = xdi_slice_host(args->x) + of.first;
  double sum = 0.0, squares = 0.0;
  for (size_t cell = 0; cell < args->cells; cell++)
    for (size_t c = 0; c < width; c++)
      sum += (double)x[cell * args->channels + c];
  of.mean = sum / count;
  for (size_t cell = 0; cell < args->cells; cell++)
    for (size_t c = 0; c < width; c++) {
      const double difference = (double)x[cell * args->channels + c] - of.mean;
      squares += difference * difference;
    }
  of.root = 1.0 / sqrt(squares / count + (double)args->epsilon);
  return of;
}

static bool fits(const xd_group_norm *args) {
  return args->groups > 0 && args->channels % args->groups == 0;
}

xd_status xdi_reference_group_norm_forward(xd_backend *backend, const xd_group_norm *args) {
  (void)backend;
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  for (size_t i = 0; i < (size_t)args->batch * args->groups; i++) {
    const group of = measure(args, i / args->groups, i % args->groups);
    const float *x = xdi_slice_host(args->x) + of.first;
    const float *scale = xdi_slice_host(args->scale) + of.channel;
    const float *shift = xdi_slice_host(args->shift) + of.channel;
    float *y = xdi_slice_host(args->y) + of.first;
    for (size_t cell = 0; cell < args->cells; cell++)
      for (size_t c = 0; c < width_of(args); c++) {
        const size_t at = cell * args->channels + c;
        const double h = ((double)x[at] - of.mean) * of.root;
        y[at] = (float)xdi_activation_value(args->activation, (double)scale[c] * h + (double)shift[c]);
      }
  }
  return XD_OK;
}

/* dx of a group, and its picture's part of dscale and dshift. */
static void send_back(const xd_group_norm *args, const group *of) {
  const size_t width = width_of(args);
  const double count = (double)args->cells * (double)width;
  const float *x = xdi_slice_host(args->x) + of->first, *dy = xdi_slice_host(args->dy) + of->first;
  const float *scale = xdi_slice_host(args->scale) + of->channel;
  float *dx = args->dx.buffer ? xdi_slice_host(args->dx) + of->first : NULL;
  double along = 0.0, across = 0.0;
  for (size_t c = 0; c < width; c++) {
    double sum = 0.0, product = 0.0;
    for (size_t cell = 0; cell < args->cells; cell++) {
      const size_t at = cell * args->channels + c;
      sum += (double)dy[at];
      product += (double)dy[at] * ((double)x[at] - of->mean) * of->root;
    }
    across += (double)scale[c] * sum / count;
    along += (double)scale[c] * product / count;
    if (args->dscale.buffer) {
      xdi_slice_host(args->dscale)[of->channel + c] += (float)product;
      xdi_slice_host(args->dshift)[of->channel + c] += (float)sum;
    }
  }
  for (size_t i = 0; dx && i < args->cells * width; i++) {
    const size_t at = i / width * args->channels + i % width;
    const double h = ((double)x[at] - of->mean) * of->root;
    const double slope = xdi_activation_slope(args->x_activation, (double)x[at]);
    dx[at] = (float)(slope * of->root * ((double)scale[i % width] * (double)dy[at] - across - h * along));
  }
}

xd_status xdi_reference_group_norm_backward(xd_backend *backend, const xd_group_norm *args) {
  (void)backend;
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  for (size_t c = 0; args->dscale.buffer && c < args->channels; c++)
    xdi_slice_host(args->dscale)[c] = xdi_slice_host(args->dshift)[c] = 0.0f;
  for (size_t i = 0; i < (size_t)args->batch * args->groups; i++) {
    const group of = measure(args, i / args->groups, i % args->groups);
    send_back(args, &of);
  }
  return XD_OK;
}
