/* Loading pictures: the file is read whole, its kind recognised, its frame checked, and its pixels
 * decoded by the one who knows the kind. */
#include "base/file.h"
#include "base/memory.h"
#include "image/encoded.h"

#define FILE_LIMIT ((size_t)256 << 20)

static xd_status decode(xd_picture **out, xd_context *context, xdi_encoded *file) {
  xd_status status = xdi_encoded_recognise(context, file);
  if (status != XD_OK)
    return status;
  switch (file->encoding) {
  case XDI_ENCODING_PNG:
    status = xdi_encoded_walk_png(context, file);
    return status == XD_OK ? xdi_stb_decode(out, context, file) : status;
  case XDI_ENCODING_JPEG:
    status = xdi_encoded_walk_jpeg(context, file);
    return status == XD_OK ? xdi_stb_decode(out, context, file) : status;
  case XDI_ENCODING_BMP:
    return xdi_bmp_decode(out, context, file);
  case XDI_ENCODING_PNM:
    return xdi_pnm_decode(out, context, file);
  }
  return xdi_fail(context, XD_ERROR_INTERNAL, "'%s': unknown picture kind", file->name);
}

xd_status xd_picture_load(xd_picture **out, xd_context *context, const char *path) {
  unsigned char *data;
  size_t size;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_load: %s is NULL", out ? "path" : "out");
  xd_status status = xdi_file_read(context, path, FILE_LIMIT, &data, &size);
  if (status != XD_OK)
    return status;
  xdi_encoded file = {.name = path, .data = data, .size = size};
  status = decode(out, context, &file);
  xdi_release(&context->allocator, data);
  return status;
}

xd_status xd_picture_load_memory(xd_picture **out, xd_context *context, const void *data, size_t size) {
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !data)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_load_memory: %s is NULL",
                    out ? "data" : "out");
  if (size > FILE_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "a picture file of %zu bytes in memory; at most %zu", size,
                    FILE_LIMIT);
  xdi_encoded file = {.name = "picture in memory", .data = data, .size = size};
  return decode(out, context, &file);
}
