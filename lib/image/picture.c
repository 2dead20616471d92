/* Pictures: a view together with the memory under it, and the allocator that memory goes back to. */
#include "image/picture.h"

#include "base/memory.h"
#include "base/sized.h"
#include "image/view.h"

xd_status xdi_picture_check_size(xd_context *context, const char *name, uint64_t width, uint64_t height,
                                 xd_status zero_status) {
  if (width == 0 || height == 0)
    return xdi_fail(context, zero_status, "%s: a picture of %ju x %ju pixels", name, (uintmax_t)width,
                    (uintmax_t)height);
  if (width > XDI_SIDE_LIMIT || height > XDI_SIDE_LIMIT || width * height > XDI_PIXEL_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE,
                    "%s: %ju x %ju pixels; sides are at most %u, and all at most %zu", name, (uintmax_t)width,
                    (uintmax_t)height, XDI_SIDE_LIMIT, XDI_PIXEL_LIMIT);
  return XD_OK;
}

xd_status xdi_picture_check_promise(xd_context *context, const char *name, uint64_t width, uint64_t height) {
  const xd_status status = xdi_picture_check_size(context, name, width, height, XD_ERROR_BAD_DATA);
  if (status != XD_OK || width * height <= context->picture_pixels)
    return status;
  return xdi_fail(context, XD_ERROR_TOO_LARGE,
                  "%s: %ju x %ju pixels, more than the %ju that the context allows (picture_pixels)", name,
                  (uintmax_t)width, (uintmax_t)height, (uintmax_t)context->picture_pixels);
}

xd_status xdi_picture_adopt(xd_picture **out, xd_context *context, void *memory, void *pixels, uint32_t width,
                            uint32_t height, xd_sample sample, xd_layout layout) {
  xd_picture *picture = xdi_allocate(&context->allocator, 1, sizeof *picture);
  if (!picture)
    return xdi_fail_memory(context, "making a picture");
  picture->allocator = context->allocator;
  picture->memory = memory;
  xd_image_init(&picture->view, sizeof picture->view, pixels, width, height, sample, layout);
  *out = picture;
  return XD_OK;
}

xd_status xd_picture_create(xd_picture **out, xd_context *context, uint32_t width, uint32_t height,
                            xd_sample sample, xd_layout layout) {
  size_t bytes;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_create: out is NULL");
  xd_status status =
      xdi_picture_check_size(context, "xd_picture_create", width, height, XD_ERROR_INVALID_ARGUMENT);
  if (status != XD_OK)
    return status;
  const size_t size = xd_sample_size(sample), channels = xd_layout_channels(layout);
  if (size == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_create: sample is %u, no xd_sample",
                    sample);
  if (channels == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_create: layout is %u, no xd_layout",
                    layout);
  if (!xdi_multiply((size_t)width * height, size * channels, &bytes))
    return xdi_fail_memory(context, "making a picture");
  void *memory = xdi_allocate_zeroed(&context->allocator, bytes, 1);
  if (!memory)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while making a picture of %ux%u pixels",
                    width, height);
  status = xdi_picture_adopt(out, context, memory, memory, width, height, sample, layout);
  if (status != XD_OK)
    xdi_release(&context->allocator, memory);
  return status;
}

void xd_picture_destroy(xd_picture *picture) {
  if (!picture)
    return;
  xd_allocator allocator = picture->allocator;
  xdi_release(&allocator, picture->memory);
  xdi_release(&allocator, picture);
}

xd_status xd_picture_view(const xd_picture *picture, xd_image *out) {
  if (!picture || xdi_sized_check(NULL, out, XDI_SIZED(xd_image, reserved)) != XD_OK)
    return XD_ERROR_INVALID_ARGUMENT;
  xdi_sized_write(out, xdi_sized_stated(out), &picture->view, sizeof picture->view);
  return XD_OK;
}
