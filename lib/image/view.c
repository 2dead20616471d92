/* Views on pixels that the host owns: defaults, and the checks that every function of this room makes
 * before it touches a pixel. After them, rows and pixels are addressed without overflow. */
#include "image/view.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

uint32_t xdi_format_channels(uint32_t format) {
  switch (format) {
  case XD_PIXEL_GREY_U8:
  case XD_PIXEL_GREY_F32:
    return 1;
  case XD_PIXEL_RGB_U8:
  case XD_PIXEL_RGB_F32:
    return 3;
  case XD_PIXEL_RGBA_U8:
  case XD_PIXEL_RGBA_F32:
    return 4;
  default:
    return 0;
  }
}

bool xdi_format_is_float(uint32_t format) {
  return format == XD_PIXEL_GREY_F32 || format == XD_PIXEL_RGB_F32 || format == XD_PIXEL_RGBA_F32;
}

size_t xdi_format_size(uint32_t format) {
  return xdi_format_channels(format) * (xdi_format_is_float(format) ? sizeof(float) : 1);
}

uint32_t xdi_format_of_bytes(uint32_t channels) {
  return channels == 1 ? XD_PIXEL_GREY_U8 : channels == 3 ? XD_PIXEL_RGB_U8 : XD_PIXEL_RGBA_U8;
}

void xd_image_init(xd_image *image, void *pixels, uint32_t width, uint32_t height, uint32_t format) {
  if (!image)
    return;
  memset(image, 0, sizeof *image);
  image->struct_size = sizeof *image;
  image->pixels = pixels;
  image->width = width;
  image->height = height;
  image->format = format;
}

static xd_status check_geometry(xd_context *context, const xd_image *image, const char *name) {
  if (!image->pixels)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.pixels is NULL", name);
  if (image->width < 1 || image->width > XDI_SIDE_LIMIT || image->height < 1 ||
      image->height > XDI_SIDE_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is %ux%u pixels; sides are 1 to %u", name,
                    image->width, image->height, XDI_SIDE_LIMIT);
  if (xdi_format_channels(image->format) == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.format is %u, no xd_pixel_format", name,
                    image->format);
  if (image->reserved != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.reserved is %u, not 0", name, image->reserved);
  return XD_OK;
}

static xd_status check_alpha(xd_context *context, const xd_image *image, const char *name) {
  if (image->alpha > XD_ALPHA_CARRY)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.alpha is %u, no xd_alpha_policy", name,
                    image->alpha);
  if (image->alpha != XD_ALPHA_COMPOSITE)
    return XD_OK;
  for (unsigned c = 0; c < 3; c++)
    if (!(image->background[c] >= 0.0f && image->background[c] <= 1.0f))
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.background[%u] is %g, not in 0 to 1", name, c,
                      (double)image->background[c]);
  return XD_OK;
}

/* Rows must not overlap, and the distance of the first to the last must be a ptrdiff_t. */
static xd_status check_stride(xd_context *context, const xd_image *image, const char *name) {
  ptrdiff_t row = (ptrdiff_t)(image->width * xdi_format_size(image->format));
  ptrdiff_t stride = image->stride, limit = PTRDIFF_MAX / (ptrdiff_t)image->height;
  if (stride != 0 && ((stride > -row && stride < row) || stride > limit || stride < -limit))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.stride is %td bytes for rows of %td", name,
                    stride, row);
  if (!xdi_format_is_float(image->format))
    return XD_OK;
  if ((uintptr_t)image->pixels % sizeof(float) != 0 || stride % (ptrdiff_t)sizeof(float) != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "%s has float pixels, but its address or its stride of %td bytes is no multiple of 4",
                    name, stride);
  return XD_OK;
}

xd_status xdi_view_open(xd_context *context, xdi_view *out, const xd_image *image, const char *name) {
  xd_image copy;
  xd_image_init(&copy, NULL, 0, 0, 0);
  if (!image)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
  if (!xdi_read_options(&copy, sizeof copy, image))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.struct_size is %zu, not sizeof(xd_image)", name,
                    image->struct_size);
  xd_status status = check_geometry(context, &copy, name);
  if (status == XD_OK)
    status = check_alpha(context, &copy, name);
  if (status == XD_OK)
    status = check_stride(context, &copy, name);
  if (status != XD_OK)
    return status;
  out->pixels = copy.pixels;
  out->stride = copy.stride ? copy.stride : (ptrdiff_t)(copy.width * xdi_format_size(copy.format));
  out->width = copy.width;
  out->height = copy.height;
  out->channels = xdi_format_channels(copy.format);
  out->is_float = xdi_format_is_float(copy.format);
  out->alpha = copy.alpha;
  memcpy(out->background, copy.background, sizeof out->background);
  return XD_OK;
}

static bool is_finite_row(const float *row, size_t count) {
  bool finite = true;
  for (size_t i = 0; i < count; i++)
    finite &= isfinite(row[i]) != 0;
  return finite;
}

xd_status xdi_view_check_finite(xd_context *context, const xdi_view *view, const char *name) {
  if (!view->is_float)
    return XD_OK;
  size_t count = (size_t)view->width * view->channels;
  for (uint32_t y = 0; y < view->height; y++) {
    const float *row = (const float *)(const void *)xdi_view_row(view, y);
    if (is_finite_row(row, count))
      continue;
    size_t i = 0;
    while (isfinite(row[i]))
      i++;
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s has the value %g at column %zu, row %u, channel %zu",
                    name, (double)row[i], i / view->channels, y, i % view->channels);
  }
  return XD_OK;
}

xd_status xdi_view_open_input(xd_context *context, xdi_view *out, const xd_image *image, const char *name) {
  xd_status status = xdi_view_open(context, out, image, name);
  return status == XD_OK ? xdi_view_check_finite(context, out, name) : status;
}

xd_status xdi_view_open_floats(xd_context *context, xdi_view *out, const float *floats, const xdi_view *size,
                               uint32_t channels, const char *name) {
  if (!floats)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
  if (channels != 1 && channels != 3)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "channels is %u, not 1 or 3", channels);
  memset(out, 0, sizeof *out);
  out->pixels = (unsigned char *)(uintptr_t)floats; /* only written where the caller's pointer is not const */
  out->stride = (ptrdiff_t)(size->width * channels * sizeof(float));
  out->width = size->width;
  out->height = size->height;
  out->channels = channels;
  out->is_float = true;
  out->alpha = XD_ALPHA_IGNORE;
  return XD_OK;
}
