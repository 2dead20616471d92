/* A frame: a band of a picture's rows with as much zero border as a kernel's taps reach beyond it, so
 * that the loops over it need to know no borders. */
#ifndef XDI_NATIVE_FRAME_H
#define XDI_NATIVE_FRAME_H

#include "backend/native/bands.h"

/* Frames larger than this (in floats) are cut into bands: half a megabyte stays in the second-level
 * cache beside the weights. */
#define XDI_FRAME_LIMIT ((size_t)1 << 17)

/* How the frames of a convolution's bands lie in its pictures. */
typedef struct xdi_frames {
  const float *pictures;
  size_t height, width, channels; /* of a picture */
  size_t row_step, row_reach; /* picture rows from one of a band's rows to the next; those that one reads */
  ptrdiff_t top, left;        /* the first cell that a band's row 0 reads; may lie outside the picture */
  size_t columns;             /* of a frame */
} xdi_frames;

/* Floats of the frame of a band of so many rows. */
size_t xdi_frame_floats(const xdi_frames *frames, size_t rows);

/* Fills a band's frames, `size` floats from one picture's to the next. */
void xdi_fill_frames(const xdi_frames *frames, const xdi_band *band, float *to, size_t size);

#endif
