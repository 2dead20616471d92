/* A door to stb, which nothing outside of stb_png.c and stb_jpeg.c sees; the others: encoded.h. */
#ifndef XDI_IMAGE_STB_H
#define XDI_IMAGE_STB_H

#include "image/encoded.h"

/* A PNG of tightly packed 8-bit pixels with 1 to 4 channels. *memory is the caller's to release
 * through the context's allocator; *png points into it. XD_ERROR_TOO_LARGE, XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_stb_encode_png(xd_context *context, const unsigned char *pixels, uint32_t width,
                             uint32_t height, uint32_t channels, void **memory, const unsigned char **png,
                             size_t *size);

#endif
