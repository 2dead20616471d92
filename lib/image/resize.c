/* Resizing, each axis by itself. With n pixels becoming m, destination pixel i covers [i n, (i+1) n) and
 * source pixel k covers [k m, (k+1) m) in units of 1/m source pixel, all whole numbers:
 *   m <= n  area average: the weight of k is the overlap / n;
 *   m >  n  bilinear: centres meet at c = ((2i+1) n - m) / 2m, between k = floor(c) and k+1, clamped. */
#include "image/resize.h"

#include "image/convert.h"

/* The source pixels under one destination pixel, on one axis. */
typedef struct taps {
  uint32_t first, count;
  uint64_t from_size, to_size, index;
  double second; /* bilinear: weight of the second of two */
} taps;

static taps find_area(uint64_t from_size, uint64_t to_size, uint64_t index) {
  uint64_t first = index * from_size / to_size;
  uint64_t end = ((index + 1) * from_size + to_size - 1) / to_size;
  return (taps){(uint32_t)first, (uint32_t)(end - first), from_size, to_size, index, 0.0};
}

static taps find_pair(uint64_t from_size, uint64_t to_size, uint64_t index) {
  uint64_t twice = (2 * index + 1) * from_size;
  uint64_t place = twice > to_size ? twice - to_size : 0; /* in units of 1/(2 to_size) */
  uint64_t first = place / (2 * to_size);
  double second = (double)(place % (2 * to_size)) / (double)(2 * to_size);
  uint32_t count = second > 0.0 && first + 1 < from_size ? 2 : 1;
  return (taps){(uint32_t)first, count, from_size, to_size, index, second};
}

static taps find_taps(uint32_t from_size, uint32_t to_size, uint32_t index) {
  return to_size <= from_size ? find_area(from_size, to_size, index) : find_pair(from_size, to_size, index);
}

static double tap_weight(const taps *t, uint32_t k) {
  if (t->to_size > t->from_size)
    return t->count == 1 ? 1.0 : k == 0 ? 1.0 - t->second : t->second;
  uint64_t begin = (t->first + (uint64_t)k) * t->to_size, end = begin + t->to_size;
  uint64_t from = t->index * t->from_size, to = from + t->from_size;
  uint64_t overlap = (end < to ? end : to) - (begin > from ? begin : from);
  return (double)overlap / (double)t->from_size;
}

/* Adds one source row's share of a destination pixel. */
static void add_row(double sum[4], uint32_t channels, const xdi_view *from, const taps *across, uint32_t y,
                    double weight) {
  float run[XDI_RUN * 4];
  for (uint32_t done = 0; done < across->count; done += XDI_RUN) {
    uint32_t count = across->count - done < XDI_RUN ? across->count - done : XDI_RUN;
    xdi_run_read(run, channels, from, across->first + done, y, count);
    for (uint32_t k = 0; k < count; k++) {
      double share = weight * tap_weight(across, done + k);
      for (uint32_t c = 0; c < channels; c++)
        sum[c] += share * (double)run[k * channels + c];
    }
  }
}

static void sample(float to[4], uint32_t channels, const xdi_view *from, const taps *across,
                   const taps *down) {
  double sum[4] = {0.0, 0.0, 0.0, 0.0};
  for (uint32_t k = 0; k < down->count; k++)
    add_row(sum, channels, from, across, down->first + k, tap_weight(down, k));
  for (uint32_t c = 0; c < channels; c++)
    to[c] = (float)sum[c];
}

xd_status xdi_view_resize(xd_context *context, const xdi_view *to, const xdi_view *from) {
  float pixel[4];
  if (to->width == from->width && to->height == from->height) {
    xdi_view_convert(to, from);
    return XD_OK;
  }
  for (uint32_t y = 0; y < to->height; y++) {
    xd_status status = xdi_check_cancelled(context);
    if (status != XD_OK)
      return status;
    taps down = find_taps(from->height, to->height, y);
    for (uint32_t x = 0; x < to->width; x++) {
      taps across = find_taps(from->width, to->width, x);
      sample(pixel, to->channels, from, &across, &down);
      xdi_run_write(to, x, y, pixel, 1);
    }
  }
  return XD_OK;
}

xd_status xd_image_resize(xd_context *context, const xd_image *to, const xd_image *from) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = xdi_view_open(context, &to_view, to, "to");
  if (status == XD_OK)
    status = xdi_view_open_input(context, &from_view, from, "from");
  return status == XD_OK ? xdi_view_resize(context, &to_view, &from_view) : status;
}

xd_status xdi_image_carry_alpha(xd_context *context, const xd_image *to, const xd_image *from) {
  xdi_view to_view, from_view;
  float pixel[4], sampled[4];
  xd_status status = xdi_view_open(context, &to_view, to, "to");
  if (status == XD_OK)
    status = xdi_view_open_input(context, &from_view, from, "from");
  if (status != XD_OK)
    return status;
  if (to_view.channels != 4 || from_view.channels != 4 || from_view.alpha != XD_ALPHA_CARRY)
    return XD_OK;
  to_view.alpha = XD_ALPHA_CARRY; /* so that reading it back keeps every channel */
  for (uint32_t y = 0; y < to_view.height; y++) {
    taps down = find_taps(from_view.height, to_view.height, y);
    for (uint32_t x = 0; x < to_view.width; x++) {
      taps across = find_taps(from_view.width, to_view.width, x);
      sample(sampled, 4, &from_view, &across, &down);
      xdi_run_read(pixel, 4, &to_view, x, y, 1);
      pixel[3] = sampled[3];
      xdi_run_write(&to_view, x, y, pixel, 1);
    }
  }
  return XD_OK;
}
