/* Loading pictures: the file is read whole, its kind recognised, its frame checked, and its pixels
 * decoded by the one who knows the kind. */
#include "base/content.h"
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

/* Closes the content. */
static xd_status decode_content(xd_picture **out, xd_context *context, xdi_content *content) {
  xdi_encoded file = {.name = content->name, .data = content->data, .size = content->size};
  const xd_status status = decode(out, context, &file);
  xdi_content_close(content, context);
  return status;
}

xd_status xd_picture_load(xd_picture **out, xd_context *context, const char *path) {
  xdi_content content;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_load: %s is NULL", out ? "path" : "out");
  const xd_status status = xdi_content_open_file(&content, context, path, FILE_LIMIT);
  return status == XD_OK ? decode_content(out, context, &content) : status;
}

xd_status xd_picture_load_source(xd_picture **out, xd_context *context, const xd_source *source) {
  xdi_content content;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_load_source: out is NULL");
  const xd_status status =
      xdi_content_open_source(&content, context, source, FILE_LIMIT, "xd_picture_load_source");
  return status == XD_OK ? decode_content(out, context, &content) : status;
}
