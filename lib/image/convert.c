/* Conversion between pixel formats. Pixels go through short runs of floats on the stack: unpacked as
 * they are, mixed to the channels that are wanted (alpha by its policy, grey as 0.299 R + 0.587 G +
 * 0.114 B), then packed. n/255 and back is exact for bytes. */
#include "image/convert.h"

#include <string.h>

static float clamp(float value) {
  return value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
}

static float mix_grey(const float *rgb) {
  return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

/* ---- reading ---- */

static void unpack(float *to, const xdi_view *from, uint32_t x, uint32_t y, uint32_t count) {
  size_t first = (size_t)x * from->channels, values = (size_t)count * from->channels;
  const unsigned char *row = xdi_view_row(from, y);
  if (from->is_float) {
    memcpy(to, row + first * sizeof(float), values * sizeof(float));
    return;
  }
  for (size_t i = 0; i < values; i++)
    to[i] = (float)row[first + i] / 255.0f;
}

/* Afterwards the alpha of each pixel is what an RGBA result takes. */
static void apply_alpha(float *rgba, const xdi_view *view, uint32_t count) {
  if (view->alpha == XD_ALPHA_CARRY)
    return;
  for (uint32_t i = 0; i < count; i++, rgba += 4) {
    const float alpha = clamp(rgba[3]);
    if (view->alpha == XD_ALPHA_COMPOSITE)
      for (unsigned c = 0; c < 3; c++)
        rgba[c] = rgba[c] * alpha + view->background[c] * (1.0f - alpha);
    rgba[3] = 1.0f;
  }
}

static void mix(float *to, uint32_t to_channels, const float *from, uint32_t from_channels, uint32_t count) {
  for (uint32_t i = 0; i < count; i++, to += to_channels, from += from_channels) {
    if (to_channels == 1) {
      to[0] = from_channels == 1 ? from[0] : mix_grey(from);
      continue;
    }
    for (unsigned c = 0; c < 3; c++)
      to[c] = from[from_channels == 1 ? 0 : c];
    if (to_channels == 4)
      to[3] = from_channels == 4 ? from[3] : 1.0f;
  }
}

void xdi_run_read(float *to, uint32_t channels, const xdi_view *from, uint32_t x, uint32_t y,
                  uint32_t count) {
  float run[XDI_RUN * 4];
  if (channels == from->channels && channels != 4) {
    unpack(to, from, x, y, count);
    return;
  }
  unpack(run, from, x, y, count);
  if (from->channels == 4)
    apply_alpha(run, from, count);
  mix(to, channels, run, from->channels, count);
}

/* ---- writing ---- */

void xdi_run_write(const xdi_view *to, uint32_t x, uint32_t y, const float *from, uint32_t count) {
  size_t first = (size_t)x * to->channels, values = (size_t)count * to->channels;
  unsigned char *row = xdi_view_row(to, y);
  if (to->is_float) {
    float *floats = (float *)(void *)row + first;
    for (size_t i = 0; i < values; i++)
      floats[i] = clamp(from[i]);
    return;
  }
  for (size_t i = 0; i < values; i++)
    row[first + i] = (unsigned char)(clamp(from[i]) * 255.0f + 0.5f);
}

/* ---- whole views ---- */

static bool keeps_bytes(const xdi_view *to, const xdi_view *from) {
  return !to->is_float && !from->is_float && to->channels == from->channels &&
         (to->channels != 4 || from->alpha == XD_ALPHA_CARRY);
}

void xdi_view_convert(const xdi_view *to, const xdi_view *from) {
  float run[XDI_RUN * 4];
  for (uint32_t y = 0; y < to->height; y++) {
    if (keeps_bytes(to, from)) {
      memmove(xdi_view_row(to, y), xdi_view_row(from, y), (size_t)to->width * to->channels);
      continue;
    }
    for (uint32_t x = 0; x < to->width; x += XDI_RUN) {
      uint32_t count = to->width - x < XDI_RUN ? to->width - x : XDI_RUN;
      xdi_run_read(run, to->channels, from, x, y, count);
      xdi_run_write(to, x, y, run, count);
    }
  }
}

xd_status xd_image_convert(xd_context *context, const xd_image *to, const xd_image *from) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = xdi_view_open(context, &to_view, to, "to");
  if (status == XD_OK)
    status = xdi_view_open_input(context, &from_view, from, "from");
  if (status != XD_OK)
    return status;
  if (to_view.width != from_view.width || to_view.height != from_view.height)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "to is %ux%u pixels, from %ux%u", to_view.width,
                    to_view.height, from_view.width, from_view.height);
  xdi_view_convert(&to_view, &from_view);
  return XD_OK;
}

xd_status xd_image_to_floats(xd_context *context, float *to, uint32_t channels, const xd_image *from) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = xdi_view_open_input(context, &from_view, from, "from");
  if (status == XD_OK)
    status = xdi_view_open_floats(context, &to_view, to, &from_view, channels, "to");
  if (status == XD_OK)
    xdi_view_convert(&to_view, &from_view);
  return status;
}

xd_status xd_image_from_floats(xd_context *context, const xd_image *to, const float *from,
                               uint32_t channels) {
  xdi_view to_view, from_view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = xdi_view_open(context, &to_view, to, "to");
  if (status == XD_OK)
    status = xdi_view_open_floats(context, &from_view, from, &to_view, channels, "from");
  if (status == XD_OK)
    status = xdi_view_check_finite(context, &from_view, "from");
  if (status == XD_OK)
    xdi_view_convert(&to_view, &from_view);
  return status;
}
