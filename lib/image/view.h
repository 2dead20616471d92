/* A view that was checked: what the loops of this room read and write. */
#ifndef XDI_IMAGE_VIEW_H
#define XDI_IMAGE_VIEW_H

#include <stdbool.h>

#include "base/context.h"
#include "xdomain/image.h"

#define XDI_SIDE_LIMIT 65535u
#define XDI_PIXEL_LIMIT ((size_t)1 << 28)

typedef struct xdi_view {
  unsigned char *pixels; /* the top row */
  ptrdiff_t stride;      /* bytes from a row to the one below it */
  uint32_t width, height;
  uint32_t channels; /* 1, 3 or 4 */
  bool is_float;
  uint32_t alpha; /* xd_alpha_policy */
  float background[3];
} xdi_view;

/* Checks every field; `name` is the argument's, for messages. XD_ERROR_INVALID_ARGUMENT. */
xd_status xdi_view_open(xd_context *context, xdi_view *out, const xd_image *image, const char *name);

/* The same for an input: float pixels must be finite too (XD_ERROR_BAD_DATA). */
xd_status xdi_view_open_input(xd_context *context, xdi_view *out, const xd_image *image, const char *name);

/* Tight floats as a view of 1 or 3 channels; checked likewise. */
xd_status xdi_view_open_floats(xd_context *context, xdi_view *out, const float *floats, const xdi_view *size,
                               uint32_t channels, const char *name);

/* XD_ERROR_BAD_DATA names the first pixel that is NaN or infinite. */
xd_status xdi_view_check_finite(xd_context *context, const xdi_view *view, const char *name);

/* Channels of a format, 0 for an unknown one; whether its pixels are floats; bytes of a pixel. */
uint32_t xdi_format_channels(uint32_t format);
bool xdi_format_is_float(uint32_t format);
size_t xdi_format_size(uint32_t format);

/* The 8-bit format of 1, 3 or 4 channels. */
uint32_t xdi_format_of_bytes(uint32_t channels);

static inline unsigned char *xdi_view_row(const xdi_view *view, uint32_t y) {
  return view->pixels + (ptrdiff_t)y * view->stride;
}

#endif
