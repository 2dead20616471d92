/* Resizing, each axis by itself. With n pixels becoming m, destination pixel i covers [i n, (i+1) n) and
 * source pixel k covers [k m, (k+1) m) in units of 1/m source pixel, all whole numbers:
 *   m <= n  area average: the weight of k is the overlap / n;
 *   m >  n  bilinear: centres meet at c = ((2i+1) n - m) / 2m, between k = floor(c) and k+1, clamped. */
#include "image/resize.h"

#include "image/convert.h"
#include "image/fit.h"

#define GROUP 16u              /* at most XDI_RUN */
#define DEAF_PIXELS (1u << 16) /* read between two looks at a cancellation */

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

static double tap_weight(const taps *tap, uint32_t k) {
  const bool grows = tap->to_size > tap->from_size;
  if (grows && tap->count == 1)
    return 1.0;
  if (grows)
    return k == 0 ? 1.0 - tap->second : tap->second;
  uint64_t begin = (tap->first + (uint64_t)k) * tap->to_size, end = begin + tap->to_size;
  uint64_t from = tap->index * tap->from_size, to = from + tap->from_size;
  uint64_t overlap = (end < to ? end : to) - (begin > from ? begin : from);
  return (double)overlap / (double)tap->from_size;
}

/* What a destination pixel is made of. Colours that keep an alpha are weighted by it, as what is transparent
 * has no colour: they are summed premultiplied. */
typedef struct sampler {
  xd_context *context;
  const xdi_view *from;
  uint32_t channels; /* of the result */
  bool weighted;
  uint32_t unheard; /* pixels that were read since the last look at a cancellation */
} sampler;

static sampler make_sampler(xd_context *context, const xdi_view *from, uint32_t channels) {
  const bool carries = channels % 2 == 0 && xdi_view_has_alpha(from) && from->policy == XD_ALPHA_CARRY;
  return (sampler){context, from, channels, carries, 0};
}

/* One row of the result may take thousands of the source's. */
static xd_status listen(sampler *sampling, uint32_t read) {
  sampling->unheard += read;
  if (sampling->unheard < DEAF_PIXELS)
    return XD_OK;
  sampling->unheard = 0;
  return xdi_check_cancelled(sampling->context);
}

/* Adds a run's share of a destination pixel; weighted, colours count as much as their alpha. */
static void add_run(double sum[4], const sampler *sampling, const taps *across, uint32_t first,
                    const float *run, uint32_t count, double weight) {
  const uint32_t colours = sampling->weighted ? sampling->channels - 1 : sampling->channels;
  for (uint32_t k = 0; k < count; k++, run += sampling->channels) {
    const double share = weight * tap_weight(across, first + k);
    const double colour_share = sampling->weighted ? share * (double)run[colours] : share;
    for (uint32_t c = 0; c < colours; c++)
      sum[c] += colour_share * (double)run[c];
    if (sampling->weighted)
      sum[colours] += colour_share;
  }
}

/* The destination pixels that are summed together, so that a source row is read in long runs. */
typedef struct group {
  uint32_t count;
  taps across[GROUP];
  double sum[GROUP][4];
} group;

/* Adds one source row's share of all pixels of the group; returns how many pixels it read. */
static uint32_t add_row(group *summed, const sampler *sampling, uint32_t y, double weight) {
  float run[XDI_RUN * 4];
  const taps *last = &summed->across[summed->count - 1];
  const uint32_t first = summed->across[0].first, end = last->first + last->count;
  for (uint32_t begin = first, count; begin < end; begin += count) {
    count = end - begin < XDI_RUN ? end - begin : XDI_RUN;
    xdi_run_read(run, sampling->channels, sampling->from, begin, y, count);
    for (uint32_t i = 0; i < summed->count; i++) {
      const taps *tap = &summed->across[i];
      const uint32_t low = tap->first > begin ? tap->first : begin;
      const uint32_t high = tap->first + tap->count < begin + count ? tap->first + tap->count : begin + count;
      if (low < high)
        add_run(summed->sum[i], sampling, tap, low - tap->first,
                run + (size_t)(low - begin) * sampling->channels, high - low, weight);
    }
  }
  return end - first;
}

static void write_sums(float *to, const group *summed, const sampler *sampling) {
  for (uint32_t i = 0; i < summed->count; i++, to += sampling->channels) {
    const double alpha = sampling->weighted ? summed->sum[i][sampling->channels - 1] : 1.0;
    for (uint32_t c = 0; c < sampling->channels; c++) {
      double value = summed->sum[i][c];
      if (sampling->weighted && c + 1 < sampling->channels)
        value = alpha > 0.0 ? value / alpha : 0.0;
      to[c] = (float)value;
    }
  }
}

/* `count` pixels, at most GROUP, from column x on of a result that is `width` wide; `down` are its row's
 * taps. */
static xd_status sample(float *to, sampler *sampling, uint32_t width, uint32_t x, uint32_t count,
                        const taps *down) {
  group summed = {.count = count};
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < count; i++)
    summed.across[i] = find_taps(sampling->from->width, width, x + i);
  for (uint32_t k = 0; k < down->count && status == XD_OK; k++)
    status = listen(sampling, add_row(&summed, sampling, down->first + k, tap_weight(down, k)));
  if (status == XD_OK)
    write_sums(to, &summed, sampling);
  return status;
}

static xd_status resize_row(const xdi_view *to, sampler *sampling, uint32_t y) {
  float run[GROUP * 4];
  const taps down = find_taps(sampling->from->height, to->height, y);
  xd_status status = xdi_check_cancelled(sampling->context);
  for (uint32_t x = 0; x < to->width && status == XD_OK; x += GROUP) {
    const uint32_t count = to->width - x < GROUP ? to->width - x : GROUP;
    status = sample(run, sampling, to->width, x, count, &down);
    if (status == XD_OK)
      xdi_run_write(to, x, y, run, count);
  }
  return status;
}

xd_status xdi_view_resize(xd_context *context, const xdi_view *output, const xdi_view *input) {
  if (output->width == input->width && output->height == input->height) {
    xdi_view_convert(output, input);
    return XD_OK;
  }
  xdi_view to = *output, from = *input;
  xdi_view_keep_premultiplied(&to, &from);
  sampler sampling = make_sampler(context, &from, to.channels);
  sampling.weighted = sampling.weighted && from.premultiplied == input->premultiplied;
  xd_status status = XD_OK;
  for (uint32_t y = 0; y < to.height && status == XD_OK; y++)
    status = resize_row(&to, &sampling, y);
  return status;
}

xd_status xd_image_resize(xd_context *context, const xd_image *to, const xd_image *from) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status = xdi_view_open_both(context, &to_view, &from_view, to, from);
  return status == XD_OK ? xdi_view_resize(context, &to_view, &from_view) : status;
}

/* ---- fitting ---- */

static bool carries_alpha(const xdi_view *to, const xdi_view *from) {
  return xdi_view_has_alpha(to) && xdi_view_has_alpha(from) && from->policy == XD_ALPHA_CARRY;
}

static void fill(const xdi_view *to, const float colour[3], float alpha) {
  float run[XDI_RUN * 4];
  const float pixel[4] = {colour[0], colour[1], colour[2], alpha};
  xdi_view one = xdi_view_of(pixel, 1, 1, 4, XD_SAMPLE_F32);
  one.policy = XD_ALPHA_CARRY;
  for (uint32_t i = 0; i < XDI_RUN; i++)
    xdi_run_read(run + i * to->channels, to->channels, &one, 0, 0, 1);
  for (uint32_t y = 0; y < to->height; y++)
    for (uint32_t x = 0; x < to->width; x += XDI_RUN)
      xdi_run_write(to, x, y, run, to->width - x < XDI_RUN ? to->width - x : XDI_RUN);
}

xd_status xdi_view_check_fit(xd_context *context, uint32_t width, uint32_t height, const xdi_view *from,
                             xd_fit fit) {
  if (fit > XD_FIT_CROP)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "fit is %u, no xd_fit", fit);
  if (fit == XD_FIT_EXACT && (width != from->width || height != from->height))
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "a picture of %ux%u pixels where %ux%u are wanted",
                    from->width, from->height, width, height);
  return XD_OK;
}

static xdi_view part_of(const xdi_view *view, xd_rectangle area) {
  return xdi_view_part(view, area.x, area.y, area.width, area.height);
}

/* The part of `from` that counts, and the part of `to` that it fills. */
static xdi_view find_source(const xdi_view *from, const xdi_view *to, xd_fit fit) {
  return part_of(from, xdi_fit_used(fit, from->width, from->height, to->width, to->height));
}

static xdi_view find_place(const xdi_view *to, const xdi_view *from, xd_fit fit) {
  return part_of(to, xdi_fit_place(fit, from->width, from->height, to->width, to->height));
}

xd_status xdi_view_fit(xd_context *context, const xdi_view *to, const xdi_view *from, xd_fit fit) {
  xd_status status = xdi_view_check_fit(context, to->width, to->height, from, fit);
  if (status != XD_OK)
    return status;
  const xdi_view source = find_source(from, to, fit), place = find_place(to, from, fit);
  if (place.width != to->width || place.height != to->height)
    fill(to, from->background, carries_alpha(to, from) ? 0.0f : 1.0f);
  return xdi_view_resize(context, &place, &source);
}

xd_status xd_image_fit(xd_context *context, const xd_image *to, const xd_image *from, xd_fit fit) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status = xdi_view_open_both(context, &to_view, &from_view, to, from);
  return status == XD_OK ? xdi_view_fit(context, &to_view, &from_view, fit) : status;
}

/* ---- results ---- */

/* Replaces the alpha of `count` pixels, at most GROUP, of row y from column x on. */
static xd_status take_alpha(float *run, const xdi_view *to, const xdi_view *place, sampler *sampling,
                            uint32_t x, uint32_t y, uint32_t count) {
  const uint32_t left = (to->width - place->width) / 2, top = (to->height - place->height) / 2;
  const uint32_t begin = x > left ? x : left;
  const uint32_t end = x + count < left + place->width ? x + count : left + place->width;
  float pixels[GROUP * 2];
  for (uint32_t i = 0; i < count; i++)
    run[i * to->channels + to->channels - 1] = 0.0f;
  if (y < top || y - top >= place->height || begin >= end)
    return XD_OK;
  const taps down = find_taps(sampling->from->height, place->height, y - top);
  const xd_status status = sample(pixels, sampling, place->width, begin - left, end - begin, &down);
  for (uint32_t i = begin; i < end && status == XD_OK; i++)
    run[(i - x) * to->channels + to->channels - 1] = pixels[2 * (i - begin) + 1];
  return status;
}

static xd_status write_row(const xdi_view *to, const xdi_view *result, const xdi_view *place,
                           sampler *sampling, uint32_t y) {
  float run[GROUP * 4];
  xd_status status = xdi_check_cancelled(sampling->context);
  for (uint32_t x = 0; x < to->width && status == XD_OK; x += GROUP) {
    const uint32_t count = to->width - x < GROUP ? to->width - x : GROUP;
    xdi_run_read(run, to->channels, result, x, y, count);
    status = take_alpha(run, to, place, sampling, x, y, count);
    if (status == XD_OK)
      xdi_run_write(to, x, y, run, count);
  }
  return status;
}

xd_status xdi_view_write_result(xd_context *context, const xdi_view *to, const xdi_view *result,
                                const xdi_view *from, xd_fit fit) {
  if (!carries_alpha(to, from)) {
    xdi_view_convert(to, result);
    return XD_OK;
  }
  const xdi_view source = find_source(from, to, fit), place = find_place(to, from, fit);
  sampler sampling = {context, &source, 2, false, 0};
  xd_status status = XD_OK;
  for (uint32_t y = 0; y < to->height && status == XD_OK; y++)
    status = write_row(to, result, &place, &sampling, y);
  return status;
}
