/* Saving a view as an 8-bit PNG (RFC 2083): packed tightly, filtered and deflated in memory, handed to a file or a sink.
 * Alpha is written straight, whatever the view's policy. The bytes are the same in every build and on every machine. */
#include <string.h>

#include "base/content.h"
#include "base/memory.h"
#include "image/convert.h"
#include "image/crc.h"
#include "image/deflate.h"
#include "image/png_filter.h"
#include "image/view.h"

#define SIGNATURE_SIZE 8u
#define CHUNK_FRAME 12u /* length, type, CRC */
#define HEADER_SIZE 13u /* of IHDR's data */
#define FRAME_SIZE (SIGNATURE_SIZE + 3 * CHUNK_FRAME + HEADER_SIZE)
#define FILTERED_LIMIT ((uint64_t)1 << 29) /* one chunk holds it all */

static void write_u32(unsigned char *to, uint32_t value) {
  for (int i = 0; i < 4; i++)
    to[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* The frame around `size` bytes that lie at chunk + 8 already; the place behind it. */
static unsigned char *frame_chunk(unsigned char *chunk, const char *type, size_t size) {
  write_u32(chunk, (uint32_t)size);
  memcpy(chunk + 4, type, 4);
  write_u32(chunk + 8 + size, xdi_crc32(chunk + 4, size + 4));
  return chunk + CHUNK_FRAME + size;
}

static unsigned char *put_header(unsigned char *at, const xdi_view *packed) {
  static const unsigned char colours[5] = {0, 0, 4, 2, 6}; /* by the channels */
  unsigned char *data = at + 8;
  write_u32(data, packed->width);
  write_u32(data + 4, packed->height);
  data[8] = 8;
  data[9] = colours[packed->channels];
  memset(data + 10, 0, 3); /* deflate, the five filters, not interlaced */
  return frame_chunk(at, "IHDR", HEADER_SIZE);
}

static size_t put_picture(unsigned char *png, const xdi_view *packed, const unsigned char *filtered,
                          size_t size, xdi_deflater *deflater) {
  memcpy(png, "\x89PNG\r\n\x1a\n", SIGNATURE_SIZE);
  unsigned char *at = put_header(png + SIGNATURE_SIZE, packed);
  at = frame_chunk(at, "IDAT", xdi_deflate(deflater, at + 8, filtered, size));
  return (size_t)(frame_chunk(at, "IEND", 0) - png);
}

static xd_status encode_and_write(xd_context *context, const xdi_target *target, const xdi_view *packed) {
  const uint32_t row_bytes = packed->width * packed->channels;
  const uint64_t size = ((uint64_t)row_bytes + 1) * packed->height;
  if (size > FILTERED_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "%ux%u pixels are too many for a PNG", packed->width,
                    packed->height);
  const size_t filter_room = xdi_png_filter_room(row_bytes, packed->channels);
  xdi_deflater *deflater = xdi_deflater_create(&context->allocator);
  unsigned char *filtered = xdi_allocate(&context->allocator, (size_t)size + filter_room, 1);
  unsigned char *png = xdi_allocate(&context->allocator, FRAME_SIZE + xdi_deflate_room((size_t)size), 1);
  xd_status status = XD_OK;
  if (deflater && filtered && png) {
    xdi_png_filter(filtered, packed->pixels, row_bytes, packed->height, packed->channels, filtered + size);
    status =
        xdi_target_write(target, context, png, put_picture(png, packed, filtered, (size_t)size, deflater));
  } else {
    status = xdi_fail_memory(context, "encoding a PNG");
  }
  xdi_release(&context->allocator, png);
  xdi_release(&context->allocator, filtered);
  xdi_release(&context->allocator, deflater);
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
