/* Loading pictures: the file is read whole, its kind recognised, its frame checked, and its pixels decoded by
 * the one who knows the kind, ours or the host's. */
#include <string.h>

#include "base/content.h"
#include "base/sized.h"
#include "image/convert.h"
#include "image/encoded.h"
#include "image/picture.h"

#define FILE_LIMIT ((size_t)256 << 20)
#define REASON_ROOM 256

void xd_picture_decoder_init(xd_picture_decoder *decoder, size_t struct_size) {
  const xd_picture_decoder defaults = XD_PICTURE_DECODER_INIT;
  xdi_sized_write(decoder, struct_size, &defaults, sizeof defaults);
}

/* ---- the library's own ---- */

/* Replaces the picture by one that is turned as EXIF asks. */
static xd_status turn(xd_picture **picture, xd_context *context, uint32_t orientation) {
  xd_image view = (*picture)->view, turned = XD_IMAGE_INIT;
  xd_picture *upright = NULL;
  view.policy = XD_ALPHA_CARRY;
  xd_status status = xd_image_orient(context, &turned, &view, orientation);
  if (status == XD_OK)
    status = xd_picture_create(&upright, context, turned.width, turned.height, turned.sample, turned.layout);
  if (status == XD_OK)
    status = xd_image_convert(context, &upright->view, &turned);
  xd_picture_destroy(*picture);
  *picture = upright;
  return status;
}

static xd_status walk(xd_context *context, xdi_encoded *file) {
  if (file->encoding == XDI_ENCODING_PNG)
    return xdi_encoded_walk_png(context, file);
  return file->encoding == XDI_ENCODING_JPEG ? xdi_encoded_walk_jpeg(context, file) : XD_OK;
}

static xd_status unpack(xd_picture **out, xd_context *context, xdi_encoded *file) {
  switch (file->encoding) {
  case XDI_ENCODING_PNG:
    return xdi_stb_decode_png(out, context, file);
  case XDI_ENCODING_JPEG:
    return xdi_stb_decode_jpeg(out, context, file);
  case XDI_ENCODING_BMP:
    return xdi_bmp_decode(out, context, file);
  case XDI_ENCODING_PNM:
    return xdi_pnm_decode(out, context, file);
  case XDI_ENCODING_UNKNOWN:
    break;
  }
  if (file->size == 0)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s' is empty", file->name);
  return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s' is no PNG, JPEG, BMP, P5 or P6 picture", file->name);
}

static xd_status decode(xd_picture **out, xd_context *context, xdi_encoded *file) {
  xd_status status = walk(context, file);
  if (status == XD_OK)
    status = xdi_check_cancelled(context);
  if (status == XD_OK)
    status = unpack(out, context, file);
  if (status == XD_OK && file->orientation > 1)
    status = turn(out, context, file->orientation);
  return status;
}

/* ---- the host's ---- */

/* Copies the pixels that the host holds into a picture of ours. */
static xd_status copy_view(xd_picture **out, xd_context *context, const xd_image *image, const char *name) {
  static const xd_layout kept[] = {
      0, XD_LAYOUT_GREY, XD_LAYOUT_GREY_ALPHA, XD_LAYOUT_RGB, XD_LAYOUT_RGBA, XD_LAYOUT_RGB, XD_LAYOUT_RGBA};
  xdi_view from, to;
  xdi_silence(context);
  xd_status status = xdi_view_open_input(context, &from, image, "the decoder's view");
  xdi_speak(context);
  if (status != XD_OK)
    return xdi_fail(context, status, "'%s': %s", name, context->message);
  status = xdi_picture_check_promise(context, name, from.width, from.height);
  if (status == XD_OK)
    status = xd_picture_create(out, context, from.width, from.height, from.sample, kept[image->layout]);
  if (status != XD_OK)
    return status;
  from.policy = XD_ALPHA_CARRY;
  to = xdi_view_of((*out)->view.pixels, from.width, from.height, from.channels, from.sample);
  xdi_view_convert(&to, &from);
  return XD_OK;
}

/* XD_ERROR_UNSUPPORTED without a message: not the host's either. */
static xd_status ask_host(xd_picture **out, xd_context *context, const xdi_encoded *file) {
  const xd_picture_decoder *decoder = &context->decoder;
  xd_image view = XD_IMAGE_INIT;
  char reason[REASON_ROOM] = "";
  void *held = NULL;
  if (!decoder->decode)
    return XD_ERROR_UNSUPPORTED;
  xd_status status = decoder->decode(decoder->user, &view, &held, reason, sizeof reason, file->name,
                                     file->data, file->size, context->picture_pixels);
  reason[sizeof reason - 1] = '\0';
  if (status == XD_ERROR_UNSUPPORTED)
    return status;
  if (status != XD_OK)
    return xdi_fail(context, status, "'%s': the host's decoder says: %s", file->name,
                    *reason ? reason : xd_status_text(status));
  view.struct_size = sizeof view;
  status = copy_view(out, context, &view, file->name);
  decoder->release(decoder->user, held);
  return status;
}

/* Ours comes first. What it knows but not in that coding may be the host's: then nobody hears that ours failed. */
static xd_status decode_or_ask(xd_picture **out, xd_context *context, xdi_encoded *file) {
  char before[XDI_MESSAGE_SIZE];
  memcpy(before, context->message, sizeof before);
  xdi_silence(context);
  xd_status status = decode(out, context, file);
  xdi_speak(context);
  if (status == XD_OK)
    return status;
  if (status != XD_ERROR_UNSUPPORTED)
    return xdi_fail(context, status, "%s", context->message);
  status = ask_host(out, context, file);
  if (status == XD_ERROR_UNSUPPORTED)
    return xdi_fail(context, status, "%s", context->message);
  if (status == XD_OK)
    memcpy(context->message, before, sizeof before);
  return status;
}

static xd_status keep_unless_cancelled(xd_picture **out, xd_context *context, xd_status status) {
  if (status == XD_OK)
    status = xdi_check_cancelled(context);
  if (status != XD_OK) {
    xd_picture_destroy(*out);
    *out = NULL;
  }
  return status;
}

/* Closes the content. */
static xd_status decode_content(xd_picture **out, xd_context *context, xdi_content *content) {
  xdi_encoded file = {.name = content->name, .data = content->data, .size = content->size};
  xd_status status = XD_ERROR_UNSUPPORTED;
  xdi_encoded_recognise(&file);
  const bool ours = file.encoding != XDI_ENCODING_UNKNOWN;
  const bool asked = file.size > 0 && (context->decoder.first || !ours);
  if (asked)
    status = ask_host(out, context, &file);
  if (status == XD_ERROR_UNSUPPORTED)
    status = asked ? decode(out, context, &file) : decode_or_ask(out, context, &file);
  xdi_content_close(content, context);
  return keep_unless_cancelled(out, context, status);
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
