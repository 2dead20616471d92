/* libxdomain, unstable: contact sheets, pictures of many pictures.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_SHEET_H
#define XDOMAIN_UNSTABLE_SHEET_H

#include "../image.h"

XD_BEGIN_DECLS

/* A sheet of rows * columns pictures of one size: `pictures` holds their floats, in
 * row-major order, sides, columns and rows 1..65535, channels 1 or 3, each magnified `scale` times
 * (1..16) with a `gap` of pixels between and around (0..64), mid-grey. The sheet is u8, grey or RGB
 * by `channels`. XD_ERROR_BAD_DATA, XD_ERROR_TOO_LARGE (as of xd_picture_create),
 * XD_ERROR_OUT_OF_MEMORY, XD_ERROR_CANCELLED. The caller owns *out. */
XD_API xd_status xd_picture_create_sheet(xd_picture **out, xd_context *context,
                                         const float *pictures, uint32_t width, uint32_t height,
                                         uint32_t channels, uint32_t columns, uint32_t rows,
                                         uint32_t scale, uint32_t gap);

XD_END_DECLS

#endif
