/* Conversion between kinds of pixels. Pixels go through short runs of floats on the stack: loaded as they
 * are, mixed to the channels that are wanted (alpha by its policy, grey as 0.299 R + 0.587 G + 0.114 B), then
 * stored. */
#include "image/convert.h"

#include <string.h>

#include "image/sample.h"

static float mix_grey(const float *rgb) {
  return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

/* ---- reading ---- */

static void load(float *to, const xdi_view *from, uint32_t x, uint32_t y, uint32_t count) {
  const unsigned char *first = xdi_view_row(from, y) + (ptrdiff_t)x * from->pixel_stride;
  if (from->packed) {
    const ptrdiff_t size = (ptrdiff_t)xd_sample_size(from->sample);
    xdi_samples_load(from->sample, to, 1, first, size, count * from->channels);
    return;
  }
  for (uint32_t c = 0; c < from->channels; c++)
    xdi_samples_load(from->sample, to + c, from->channels, first + from->channel_at[c], from->pixel_stride,
                     count);
}

/* Afterwards the colours are straight, and alpha is what a result with alpha takes. `keeps` says whether there
 * is one: what carries no alpha further is laid over the background. */
static void settle_alpha(float *run, uint32_t channels, const xdi_view *view, bool keeps, uint32_t count) {
  const bool carries = keeps && view->policy == XD_ALPHA_CARRY;
  const bool lays = !carries && view->policy != XD_ALPHA_IGNORE;
  const uint32_t colours = channels - 1;
  const float grey = mix_grey(view->background), *background = colours == 1 ? &grey : view->background;
  for (uint32_t i = 0; i < count; i++, run += channels) {
    const float alpha = xdi_clamp(run[colours]);
    for (uint32_t c = 0; c < colours; c++) {
      if (lays)
        run[c] = (view->premultiplied ? run[c] : run[c] * alpha) + background[c] * (1.0f - alpha);
      else if (view->premultiplied)
        run[c] = alpha > 0.0f ? xdi_clamp(run[c] / alpha) : 0.0f;
    }
    run[colours] = carries ? alpha : 1.0f;
  }
}

static void mix(float *to, uint32_t to_channels, const float *from, uint32_t from_channels, uint32_t count) {
  const bool to_grey = to_channels <= 2, from_grey = from_channels <= 2;
  for (uint32_t i = 0; i < count; i++, to += to_channels, from += from_channels) {
    if (to_grey)
      to[0] = from_grey ? from[0] : mix_grey(from);
    else
      for (unsigned c = 0; c < 3; c++)
        to[c] = from[from_grey ? 0 : c];
    if (to_channels % 2 == 0)
      to[to_channels - 1] = from_channels % 2 == 0 ? from[from_channels - 1] : 1.0f;
  }
}

void xdi_run_read(float *to, uint32_t channels, const xdi_view *from, uint32_t x, uint32_t y,
                  uint32_t count) {
  float run[XDI_RUN * 4], wide[XDI_RUN * 4];
  if (channels == from->channels) {
    load(to, from, x, y, count);
    if (xdi_view_has_alpha(from))
      settle_alpha(to, channels, from, true, count);
    return;
  }
  load(run, from, x, y, count);
  if (!xdi_view_has_alpha(from)) {
    mix(to, channels, run, from->channels, count);
    return;
  }
  /* Colour before alpha, for grey over a coloured background. */
  const uint32_t settled = channels > 2 ? 4 : from->channels;
  mix(wide, settled, run, from->channels, count);
  settle_alpha(wide, settled, from, channels % 2 == 0, count);
  mix(to, channels, wide, settled, count);
}

/* ---- writing ---- */

static void multiply_alpha(float *to, const float *from, uint32_t channels, uint32_t count) {
  for (uint32_t i = 0; i < count; i++, to += channels, from += channels) {
    const float alpha = xdi_clamp(from[channels - 1]);
    for (uint32_t c = 0; c + 1 < channels; c++)
      to[c] = xdi_clamp(from[c]) * alpha;
    to[channels - 1] = alpha;
  }
}

void xdi_run_write(const xdi_view *to, uint32_t x, uint32_t y, const float *from, uint32_t count) {
  unsigned char *first = xdi_view_row(to, y) + (ptrdiff_t)x * to->pixel_stride;
  float multiplied[XDI_RUN * 4];
  if (to->premultiplied && xdi_view_has_alpha(to)) {
    multiply_alpha(multiplied, from, to->channels, count);
    from = multiplied;
  }
  if (to->packed) {
    const ptrdiff_t size = (ptrdiff_t)xd_sample_size(to->sample);
    xdi_samples_store(to->sample, first, size, from, 1, count * to->channels);
    return;
  }
  for (uint32_t c = 0; c < to->channels; c++)
    xdi_samples_store(to->sample, first + to->channel_at[c], to->pixel_stride, from + c, to->channels, count);
}

/* ---- whole views ---- */

void xdi_view_keep_premultiplied(xdi_view *to, xdi_view *from) {
  const bool both = to->premultiplied && from->premultiplied && xdi_view_has_alpha(to) &&
                    xdi_view_has_alpha(from) && from->policy == XD_ALPHA_CARRY;
  if (both)
    to->premultiplied = from->premultiplied = false;
}

/* What is to be done to whole rows, where samples lie alike and neither colours nor alpha are mixed. */
typedef enum row_way { ROW_BY_RUNS, ROW_COPIED, ROW_LOADED, ROW_STORED } row_way;

static bool is_integer(const xdi_view *view) {
  return view->sample == XD_SAMPLE_U8 || view->sample == XD_SAMPLE_U16;
}

static bool has_aligned_floats(const xdi_view *view) {
  const bool aligned =
      (uintptr_t)view->pixels % sizeof(float) == 0 && view->row_stride % (ptrdiff_t)sizeof(float) == 0;
  return view->sample == XD_SAMPLE_F32 && aligned;
}

static row_way choose_way(const xdi_view *to, const xdi_view *from) {
  const bool has_alpha = xdi_view_has_alpha(to);
  if (!to->packed || !from->packed || to->channels != from->channels)
    return ROW_BY_RUNS;
  if (to->sample == from->sample && is_integer(to)) {
    const bool keeps = from->policy == XD_ALPHA_CARRY && to->premultiplied == from->premultiplied;
    return !has_alpha || keeps ? ROW_COPIED : ROW_BY_RUNS;
  }
  if (!has_alpha && is_integer(from) && has_aligned_floats(to))
    return ROW_LOADED;
  return !has_alpha && is_integer(to) && has_aligned_floats(from) ? ROW_STORED : ROW_BY_RUNS;
}

static void convert_row(const xdi_view *to, const xdi_view *from, uint32_t y, row_way way) {
  unsigned char *target = xdi_view_row(to, y), *source = xdi_view_row(from, y);
  const uint32_t count = to->width * to->channels;
  const size_t size = xd_sample_size(to->sample);
  float run[XDI_RUN * 4];
  if (way == ROW_COPIED)
    memmove(target, source, count * size);
  else if (way == ROW_LOADED)
    xdi_samples_load(from->sample, (float *)(void *)target, 1, source,
                     (ptrdiff_t)xd_sample_size(from->sample), count);
  else if (way == ROW_STORED)
    xdi_samples_store(to->sample, target, (ptrdiff_t)size, (const float *)(void *)source, 1, count);
  for (uint32_t x = 0; way == ROW_BY_RUNS && x < to->width; x += XDI_RUN) {
    const uint32_t part = to->width - x < XDI_RUN ? to->width - x : XDI_RUN;
    xdi_run_read(run, to->channels, from, x, y, part);
    xdi_run_write(to, x, y, run, part);
  }
}

void xdi_view_convert(const xdi_view *output, const xdi_view *input) {
  xdi_view to = *output, from = *input;
  xdi_view_keep_premultiplied(&to, &from);
  const row_way way = choose_way(&to, &from);
  for (uint32_t y = 0; y < to.height; y++)
    convert_row(&to, &from, y, way);
}

xd_status xd_image_convert(xd_context *context, const xd_image *to, const xd_image *from) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status = xdi_view_open_both(context, &to_view, &from_view, to, from);
  if (status != XD_OK)
    return status;
  if (to_view.width != from_view.width || to_view.height != from_view.height)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "to is %ux%u pixels, from %ux%u", to_view.width,
                    to_view.height, from_view.width, from_view.height);
  xdi_view_convert(&to_view, &from_view);
  return XD_OK;
}

xd_status xd_image_to_floats(xd_context *context, float *to, const xd_image *from, uint32_t channels) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = xdi_view_open_input(context, &from_view, from, "from");
  if (status == XD_OK)
    status = xdi_view_open_floats(context, &to_view, to, from_view.width, from_view.height, channels, "to");
  if (status == XD_OK)
    xdi_view_convert(&to_view, &from_view);
  return status;
}

xd_status xd_image_from_floats(xd_context *context, const xd_image *to, const float *from,
                               uint32_t channels) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = xdi_view_open_output(context, &to_view, to, "to");
  if (status == XD_OK)
    status = xdi_view_open_floats(context, &from_view, from, to_view.width, to_view.height, channels, "from");
  if (status == XD_OK)
    status = xdi_view_check_finite(context, &from_view, "from");
  if (status == XD_OK)
    xdi_view_convert(&to_view, &from_view);
  return status;
}
