/* Saving a view as an 8-bit PNG: packed tightly, encoded in memory, written so that a crash leaves the
 * old file or the new one. Alpha is written straight, whatever the
 * view's policy. */
#include "base/file.h"
#include "base/memory.h"
#include "image/convert.h"
#include "image/stb.h"
#include "image/view.h"

static xd_status encode_and_write(xd_context *context, const char *path, const xdi_view *packed) {
  void *memory;
  const unsigned char *png;
  size_t size;
  xd_status status = xdi_stb_encode_png(context, packed->pixels, packed->width, packed->height,
                                        packed->channels, &memory, &png, &size);
  if (status != XD_OK)
    return status;
  status = xdi_file_write(context, path, png, size);
  xdi_release(&context->allocator, memory);
  return status;
}

xd_status xd_image_save_png(xd_context *context, const char *path, const xd_image *image) {
  xdi_view view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_image_save_png: path is NULL");
  xd_status status = xdi_view_open_input(context, &view, image, "image");
  if (status != XD_OK)
    return status;
  view.policy = XD_ALPHA_CARRY;
  unsigned char *pixels = xdi_allocate(&context->allocator, (size_t)view.width * view.channels, view.height);
  if (!pixels)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while saving '%s'", path);
  const xdi_view packed = xdi_view_of(pixels, view.width, view.height, view.channels, XD_SAMPLE_U8);
  xdi_view_convert(&packed, &view);
  status = encode_and_write(context, path, &packed);
  xdi_release(&context->allocator, pixels);
  return status;
}
