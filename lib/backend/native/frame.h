/* A frame: a band of a picture's rows with as much zero border as a kernel's taps reach beyond it, so
 * that the loops over it need to know no borders. */
#ifndef XDI_NATIVE_FRAME_H
#define XDI_NATIVE_FRAME_H

#include <stddef.h>

/* Frames larger than this (in floats) are cut into bands: half a megabyte stays in the second-level
 * cache beside the weights. */
#define XDI_FRAME_LIMIT ((size_t)1 << 17)

/* to[rows][columns][channels] = the picture's rows from `top` and columns from `left` on, both of which
 * may begin and end outside the picture. */
void xdi_fill_frame(float *to, size_t rows, size_t columns, const float *picture, size_t height, size_t width,
                    size_t channels, ptrdiff_t top, ptrdiff_t left);

#endif
