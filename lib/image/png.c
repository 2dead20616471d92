/* Saving a view as an 8-bit PNG: packed tightly, encoded in memory, handed to a file or a sink. Alpha is written straight, whatever the
 * view's policy. */
#include "base/content.h"
#include "base/memory.h"
#include "image/convert.h"
#include "image/stb.h"
#include "image/view.h"

static xd_status encode_and_write(xd_context *context, const xdi_target *target, const xdi_view *packed) {
  void *memory;
  const unsigned char *png;
  size_t size;
  xd_status status = xdi_stb_encode_png(context, packed->pixels, packed->width, packed->height,
                                        packed->channels, &memory, &png, &size);
  if (status != XD_OK)
    return status;
  status = xdi_target_write(target, context, png, size);
  xdi_release(&context->allocator, memory);
  return status;
}

static xd_status save(xd_context *context, const xdi_target *target, const xd_image *image) {
  xdi_view view;
  xd_status status = xdi_view_open_input(context, &view, image, "image");
  if (status != XD_OK)
    return status;
  view.policy = XD_ALPHA_CARRY;
  unsigned char *pixels = xdi_allocate(&context->allocator, (size_t)view.width * view.channels, view.height);
  if (!pixels)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while saving '%s'", target->name);
  const xdi_view packed = xdi_view_of(pixels, view.width, view.height, view.channels, XD_SAMPLE_U8);
  xdi_view_convert(&packed, &view);
  status = encode_and_write(context, target, &packed);
  xdi_release(&context->allocator, pixels);
  return status;
}

xd_status xd_image_save_png(xd_context *context, const char *path, const xd_image *image) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_image_save_png: path is NULL");
  const xdi_target target = xdi_target_of_path(path);
  return save(context, &target, image);
}

xd_status xd_image_save_png_sink(xd_context *context, const xd_sink *sink, const xd_image *image) {
  xdi_target target;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status = xdi_target_of_sink(&target, context, sink, "xd_image_save_png_sink");
  return status == XD_OK ? save(context, &target, image) : status;
}
