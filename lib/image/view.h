/* A view that was checked: what the loops of this room read and write. */
#ifndef XDI_IMAGE_VIEW_H
#define XDI_IMAGE_VIEW_H

#include <stdbool.h>

#include "base/context.h"
#include "xdomain/image.h"

#define XDI_SIDE_LIMIT 65535u
#define XDI_PIXEL_LIMIT ((size_t)1 << 28)

/* Its channels are 1 grey, 2 grey and alpha, 3 R, G, B, or 4 R, G, B and alpha, in this order wherever runs
 * of floats are concerned; where they lie in a pixel is the affair of `channel_at`. */
typedef struct xdi_view {
  unsigned char *pixels; /* the top left pixel's first sample in memory's order */
  ptrdiff_t row_stride, pixel_stride, channel_stride;
  ptrdiff_t channel_at[4]; /* bytes from a pixel to each channel */
  uint32_t width, height;
  uint32_t channels;
  xd_sample sample;
  bool packed; /* a row's samples lie one after another in the order above */
  bool premultiplied;
  xd_alpha_policy policy;
  float background[3];
} xdi_view;

static inline bool xdi_view_has_alpha(const xdi_view *view) {
  return view->channels % 2 == 0;
}

/* A caller's view of any struct_size, copied, its fields checked. XD_ERROR_INVALID_ARGUMENT with `name`, the
 * argument's. */
xd_status xdi_image_read(xd_context *context, xd_image *out, const xd_image *image, const char *name);

/* The same as a view, whose addresses can be computed without overflow. */
xd_status xdi_view_open(xd_context *context, xdi_view *out, const xd_image *image, const char *name);

/* An output, whose pixels must not overlap one another. */
xd_status xdi_view_open_output(xd_context *context, xdi_view *out, const xd_image *image, const char *name);

/* An input, whose float samples must be finite (XD_ERROR_BAD_DATA). */
xd_status xdi_view_open_input(xd_context *context, xdi_view *out, const xd_image *image, const char *name);

/* Both, which must share no memory unless they are one and the same view. */
xd_status xdi_view_open_both(xd_context *context, xdi_view *to_view, xdi_view *from_view, const xd_image *to,
                             const xd_image *from);

/* Tight rows of interleaved samples of 1 to 4 channels; nothing is checked. `pixels` is only written where
 * the caller's pointer is not const. */
xdi_view xdi_view_of(const void *pixels, uint32_t width, uint32_t height, uint32_t channels,
                     xd_sample sample);

/* Floats of the networks as such a view: 1 or 3 channels, not NULL. */
xd_status xdi_view_open_floats(xd_context *context, xdi_view *out, const float *floats, uint32_t width,
                               uint32_t height, uint32_t channels, const char *name);

/* XD_ERROR_BAD_DATA names the first sample that is NaN or infinite. */
xd_status xdi_view_check_finite(xd_context *context, const xdi_view *view, const char *name);

/* The rectangle of a view, which lies in it. */
xdi_view xdi_view_part(const xdi_view *view, uint32_t x, uint32_t y, uint32_t width, uint32_t height);

/* Whether both are the same pixels in the same order. */
bool xdi_view_is_same(const xdi_view *first, const xdi_view *second);

/* Whether both certainly share no byte: their ranges do not meet, or the common measure of their strides
 * keeps them apart. */
bool xdi_view_is_apart(const xdi_view *first, const xdi_view *second);

/* The layout of 1 to 4 channels that has colours in the order R, G, B. */
static inline xd_layout xdi_layout_of(uint32_t channels) {
  return channels; /* as they are numbered */
}

static inline unsigned char *xdi_view_row(const xdi_view *view, uint32_t y) {
  return view->pixels + (ptrdiff_t)y * view->row_stride;
}

#endif
