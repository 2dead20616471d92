/* Pixels that the library owns. */
#ifndef XDI_IMAGE_PICTURE_H
#define XDI_IMAGE_PICTURE_H

#include "base/context.h"
#include "xdomain/image.h"

struct xd_picture {
  xd_allocator allocator;
  void *memory; /* the block that holds the pixels */
  xd_image view;
};

/* Sides 1..65535, at most 2^28 pixels: `zero_status` for a side of 0, XD_ERROR_TOO_LARGE beyond. */
xd_status xdi_picture_check_size(xd_context *context, const char *name, uint64_t width, uint64_t height,
                                 xd_status zero_status);

/* The sides that a file promises: XD_ERROR_BAD_DATA for 0, XD_ERROR_TOO_LARGE beyond the context's limit. */
xd_status xdi_picture_check_promise(xd_context *context, const char *name, uint64_t width, uint64_t height);

/* A picture around pixels that lie, tightly packed, somewhere in `memory`, which comes from the
 * context's allocator and belongs to the picture on success. */
xd_status xdi_picture_adopt(xd_picture **out, xd_context *context, void *memory, void *pixels, uint32_t width,
                            uint32_t height, xd_sample sample, xd_layout layout);

#endif
