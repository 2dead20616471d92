/* Runs of pixels as floats: the one road between any two kinds of pixels. */
#ifndef XDI_IMAGE_CONVERT_H
#define XDI_IMAGE_CONVERT_H

#include "image/view.h"

/* Pixels a run has at most, so that runs live on the stack and no call allocates. */
#define XDI_RUN 64u

/* Reads pixels x .. x+count-1 of row y, count <= XDI_RUN, as `channels` (1 to 4) straight floats each, alpha
 * treated by the view's policy. */
void xdi_run_read(float *to, uint32_t channels, const xdi_view *from, uint32_t x, uint32_t y, uint32_t count);

/* Writes a run of straight floats that has the view's own channels, clamped to 0..1. */
void xdi_run_write(const xdi_view *to, uint32_t x, uint32_t y, const float *from, uint32_t count);

/* Where premultiplied colours stay what they are, takes both views for straight: nothing is divided and
 * multiplied again. */
void xdi_view_keep_premultiplied(xdi_view *to, xdi_view *from);

/* Both views of one size; `from` was found finite. */
void xdi_view_convert(const xdi_view *to, const xdi_view *from);

#endif
