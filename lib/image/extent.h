/* The memory under a view, for the questions that strides raise: does it end where addresses do, do a view's
 * own pixels overlap, do two views share a byte. */
#ifndef XDI_IMAGE_EXTENT_H
#define XDI_IMAGE_EXTENT_H

#include "image/view.h"

#define XDI_AXES 3u /* rows, pixels, channels */

/* Steps of `stride` bytes on each axis that has several elements, the longest first. */
typedef struct xdi_extent {
  size_t stride[XDI_AXES], count[XDI_AXES];
  unsigned axes;
  bool repeats;  /* an axis of several elements has a stride of 0 */
  uintptr_t low; /* the first byte */
  size_t span;   /* bytes from there to the last */
  size_t run;    /* bytes that lie together at each place that the axes reach */
} xdi_extent;

/* Uses sizes, strides, sample and channel count alone. False when the memory would go beyond addresses. */
bool xdi_extent_find(xdi_extent *out, const xdi_view *view);

/* Whether each place is reached once, as far as strides tell: each axis steps over all that shorter ones
 * reach. */
bool xdi_extent_is_single(const xdi_extent *of);

/* Whether both share no byte: their ranges do not meet, or all strides are multiples of a measure in which
 * the runs of the one lie between those of the other (halves of a canvas, channels of the same pixels). */
bool xdi_extent_is_apart(const xdi_extent *first, const xdi_extent *second);

#endif
