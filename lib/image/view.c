/* Views on pixels that the host owns: the checks that every function of this room makes before it touches a
 * pixel. After them, samples are addressed without overflow. */
#include "image/view.h"

#include <math.h>
#include <string.h>

#include "base/half.h"
#include "base/sized.h"
#include "image/extent.h"

/* ---- the fields ---- */

static xd_status check_kind(xd_context *context, const xd_image *image, const char *name) {
  if (!image->pixels)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.pixels is NULL", name);
  if (image->width < 1 || image->width > XDI_SIDE_LIMIT || image->height < 1 ||
      image->height > XDI_SIDE_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is %ux%u pixels; sides are 1 to %u", name,
                    image->width, image->height, XDI_SIDE_LIMIT);
  if (xd_sample_size(image->sample) == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.sample is %u, no xd_sample", name, image->sample);
  if (xd_layout_channels(image->layout) == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.layout is %u, no xd_layout", name, image->layout);
  if (image->reserved != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.reserved is %u, not 0", name, image->reserved);
  return XD_OK;
}

static xd_status check_alpha(xd_context *context, const xd_image *image, const char *name) {
  if (image->alpha > XD_ALPHA_PREMULTIPLIED)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.alpha is %u, no xd_alpha", name, image->alpha);
  if (image->policy > XD_ALPHA_CARRY)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.policy is %u, no xd_alpha_policy", name,
                    image->policy);
  for (unsigned c = 0; c < 3; c++)
    if (!(image->background[c] >= 0.0f && image->background[c] <= 1.0f))
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.background[%u] is %g, not in 0 to 1", name, c,
                      (double)image->background[c]);
  return XD_OK;
}

xd_status xdi_image_read(xd_context *context, xd_image *out, const xd_image *image, const char *name) {
  xd_image_init(out, sizeof *out, NULL, 0, 0, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  if (!image)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
  xd_status status = xdi_sized_read(context, out, image, XDI_SIZED(xd_image, reserved));
  if (status == XD_OK)
    status = check_kind(context, out, name);
  return status == XD_OK ? check_alpha(context, out, name) : status;
}

/* ---- views ---- */

/* Where the channels lie, and whether they lie as the loops like it best. */
static void place_channels(xdi_view *view, bool reversed) {
  const ptrdiff_t size = (ptrdiff_t)xd_sample_size(view->sample);
  for (uint32_t c = 0; c < view->channels; c++)
    view->channel_at[c] = (ptrdiff_t)(reversed && c < 3 ? 2 - c : c) * view->channel_stride;
  view->packed = !reversed && (view->channels == 1 || view->channel_stride == size) &&
                 (view->width == 1 || view->pixel_stride == size * (ptrdiff_t)view->channels);
}

xd_status xdi_view_open(xd_context *context, xdi_view *out, const xd_image *image, const char *name) {
  xd_image from;
  xdi_extent memory;
  const xd_status status = xdi_image_read(context, &from, image, name);
  if (status != XD_OK)
    return status;
  *out = (xdi_view){.pixels = from.pixels,
                    .row_stride = from.row_stride,
                    .pixel_stride = from.pixel_stride,
                    .channel_stride = from.channel_stride,
                    .width = from.width,
                    .height = from.height,
                    .channels = xd_layout_channels(from.layout),
                    .sample = from.sample,
                    .premultiplied = from.alpha == XD_ALPHA_PREMULTIPLIED,
                    .policy = from.policy,
                    .background = {from.background[0], from.background[1], from.background[2]}};
  if (!xdi_extent_find(&memory, out))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "%s has strides of %td, %td and %td bytes, which lead out of memory", name,
                    from.row_stride, from.pixel_stride, from.channel_stride);
  place_channels(out, from.layout == XD_LAYOUT_BGR || from.layout == XD_LAYOUT_BGRA);
  return XD_OK;
}

xd_status xdi_view_open_output(xd_context *context, xdi_view *out, const xd_image *image, const char *name) {
  xdi_extent memory;
  const xd_status status = xdi_view_open(context, out, image, name);
  if (status != XD_OK)
    return status;
  if (xdi_extent_find(&memory, out) && xdi_extent_is_single(&memory))
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                  "%s has strides of %td, %td and %td bytes, with which its pixels overlap one another", name,
                  out->row_stride, out->pixel_stride, out->channel_stride);
}

xd_status xdi_view_open_input(xd_context *context, xdi_view *out, const xd_image *image, const char *name) {
  const xd_status status = xdi_view_open(context, out, image, name);
  return status == XD_OK ? xdi_view_check_finite(context, out, name) : status;
}

xd_status xdi_view_open_both(xd_context *context, xdi_view *to_view, xdi_view *from_view, const xd_image *to,
                             const xd_image *from) {
  xd_status status = xdi_view_open_output(context, to_view, to, "to");
  if (status == XD_OK)
    status = xdi_view_open_input(context, from_view, from, "from");
  if (status != XD_OK || xdi_view_is_same(to_view, from_view) || xdi_view_is_apart(to_view, from_view))
    return status;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                  "to and from share memory, but are not the same view (size, strides, sample and layout)");
}

xdi_view xdi_view_of(const void *pixels, uint32_t width, uint32_t height, uint32_t channels,
                     xd_sample sample) {
  const ptrdiff_t size = (ptrdiff_t)xd_sample_size(sample);
  xdi_view view = {.pixels = (unsigned char *)(uintptr_t)pixels,
                   .row_stride = (ptrdiff_t)width * (ptrdiff_t)channels * size,
                   .pixel_stride = (ptrdiff_t)channels * size,
                   .channel_stride = size,
                   .width = width,
                   .height = height,
                   .channels = channels,
                   .sample = sample};
  place_channels(&view, false);
  return view;
}

xd_status xdi_view_open_floats(xd_context *context, xdi_view *out, const float *floats, uint32_t width,
                               uint32_t height, uint32_t channels, const char *name) {
  if (!floats)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
  if (channels != 1 && channels != 3)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "channels is %u, not 1 or 3", channels);
  *out = xdi_view_of(floats, width, height, channels, XD_SAMPLE_F32);
  return XD_OK;
}

xdi_view xdi_view_part(const xdi_view *view, uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
  xdi_view part = *view;
  part.pixels = xdi_view_row(view, y) + (ptrdiff_t)x * view->pixel_stride;
  part.width = width;
  part.height = height;
  return part;
}

bool xdi_view_is_same(const xdi_view *first, const xdi_view *second) {
  return first->pixels == second->pixels && first->width == second->width &&
         first->height == second->height && first->channels == second->channels &&
         first->sample == second->sample && (first->height == 1 || first->row_stride == second->row_stride) &&
         (first->width == 1 || first->pixel_stride == second->pixel_stride) &&
         memcmp(first->channel_at, second->channel_at, first->channels * sizeof *first->channel_at) == 0;
}

bool xdi_view_is_apart(const xdi_view *first, const xdi_view *second) {
  xdi_extent first_memory, second_memory;
  return xdi_extent_find(&first_memory, first) && xdi_extent_find(&second_memory, second) &&
         xdi_extent_is_apart(&first_memory, &second_memory);
}

/* ---- numbers ---- */

/* A float or half whose exponent is all ones is no finite number. */
static bool is_finite_sample(const unsigned char *from, xd_sample sample) {
  uint16_t half;
  float value;
  if (sample == XD_SAMPLE_F16) {
    memcpy(&half, from, sizeof half);
    return (half & 0x7c00u) != 0x7c00u;
  }
  memcpy(&value, from, sizeof value);
  return isfinite(value) != 0;
}

static bool is_finite_row(const unsigned char *row, size_t count) {
  bool finite = true;
  for (size_t i = 0; i < count; i++) {
    float value;
    memcpy(&value, row + i * sizeof value, sizeof value);
    finite &= isfinite(value) != 0;
  }
  return finite;
}

static xd_status check_row(xd_context *context, const xdi_view *view, uint32_t y, const char *name) {
  const unsigned char *pixel = xdi_view_row(view, y);
  for (uint32_t x = 0; x < view->width; x++, pixel += view->pixel_stride)
    for (uint32_t c = 0; c < view->channels; c++)
      if (!is_finite_sample(pixel + view->channel_at[c], view->sample))
        return xdi_fail(context, XD_ERROR_BAD_DATA, "%s is not finite at column %u, row %u, channel %u", name,
                        x, y, c);
  return XD_OK;
}

xd_status xdi_view_check_finite(xd_context *context, const xdi_view *view, const char *name) {
  const bool quick = view->sample == XD_SAMPLE_F32 && view->packed;
  xd_status status = XD_OK;
  if (view->sample == XD_SAMPLE_U8 || view->sample == XD_SAMPLE_U16)
    return XD_OK;
  for (uint32_t y = 0; y < view->height && status == XD_OK; y++)
    if (!quick || !is_finite_row(xdi_view_row(view, y), (size_t)view->width * view->channels))
      status = check_row(context, view, y, name);
  return status;
}
