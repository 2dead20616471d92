/* The frame of a PNG (RFC 2083): signature, then chunks of length, type, data and CRC-32, from IHDR to
 * IEND. Every checksum is verified, and the pixels that IHDR promises must be possible at deflate's
 * greatest compression, 1032 to 1. */
#include "image/encoded.h"

#include <string.h>

#include "image/crc.h"
#include "image/exif.h"
#include "image/picture.h"

#define DEFLATE_LIMIT 1032u
#define CHUNK_FRAME 12u /* length, type, CRC */

typedef struct chunk {
  size_t at; /* of its data */
  uint32_t length;
  const unsigned char *type;
} chunk;

static uint32_t read_u32(const unsigned char *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static bool is_type(const chunk *part, const char *type) {
  return memcmp(part->type, type, 4) == 0;
}

/* The chunk at `at`, whole and with the right checksum. */
static xd_status read_chunk(xd_context *context, const xdi_encoded *file, size_t at, chunk *out) {
  if (file->size - at < CHUNK_FRAME || read_u32(file->data + at) > file->size - at - CHUNK_FRAME)
    return xdi_fail(context, XD_ERROR_TRUNCATED, "'%s' ends in the middle of a PNG chunk at byte %zu",
                    file->name, at);
  out->length = read_u32(file->data + at);
  out->type = file->data + at + 4;
  out->at = at + 8;
  if (xdi_crc32(out->type, (size_t)out->length + 4) != read_u32(file->data + out->at + out->length))
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': the PNG chunk at byte %zu has a wrong checksum",
                    file->name, at);
  return XD_OK;
}

/* What the size of the rows and of the result follows from. */
typedef struct sizes {
  uint64_t row_bits, packed; /* of a row as it is stored; bytes of all IDAT */
  uint32_t depth, colour;    /* IHDR's */
  bool has_key;              /* tRNS makes some colours or entries transparent */
} sizes;

static xd_status read_ihdr(xd_context *context, xdi_encoded *file, const chunk *part, sizes *out) {
  static const unsigned char channels[7] = {1, 0, 3, 1, 2, 0, 4};
  if (!is_type(part, "IHDR") || part->length != 13)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': a PNG that does not begin with IHDR", file->name);
  const unsigned char *from = file->data + part->at;
  uint32_t width = read_u32(from), height = read_u32(from + 4), depth = from[8], colour = from[9];
  xd_status status = xdi_picture_check_promise(context, file->name, width, height);
  if (status != XD_OK)
    return status;
  if (colour > 6 || channels[colour] == 0 || depth == 0 || depth > 16)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': PNG colour type %u with depth %u", file->name, colour,
                    depth);
  file->width = width;
  file->height = height;
  file->deep = depth == 16;
  out->depth = depth;
  out->colour = colour;
  out->row_bits = (uint64_t)width * channels[colour] * depth;
  return XD_OK;
}

/* Bytes of the decoded picture: palettes become colours, transparent ones an alpha. */
static uint64_t find_result(const xdi_encoded *file, const sizes *found) {
  static const unsigned char channels[7] = {1, 0, 3, 3, 2, 0, 4};
  const unsigned alpha = found->has_key && found->colour != 4 && found->colour != 6;
  return (uint64_t)file->width * file->height * (channels[found->colour] + alpha) * (file->deep ? 2 : 1);
}

static xd_status check_sizes(xd_context *context, const xdi_encoded *file, const sizes *found) {
  const uint64_t bytes = (found->row_bits + 7) / 8 * file->height, packed = found->packed;
  if (packed == 0)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': a PNG without pixels", file->name);
  if (bytes / DEFLATE_LIMIT > packed)
    return xdi_fail(context, XD_ERROR_TRUNCATED,
                    "'%s' promises %ux%u pixels, more than %ju packed bytes can hold", file->name,
                    file->width, file->height, (uintmax_t)packed);
  if (bytes + file->height > INT32_MAX || find_result(file, found) > INT32_MAX)
    return xdi_fail(context, XD_ERROR_TOO_LARGE,
                    "'%s': %ju bytes of PNG rows become %ju of pixels, of which neither may be more than %d",
                    file->name, (uintmax_t)bytes, (uintmax_t)find_result(file, found), INT32_MAX);
  return XD_OK;
}

xd_status xdi_encoded_walk_png(xd_context *context, xdi_encoded *file) {
  sizes found = {0};
  chunk part = {0, 0, NULL};
  size_t at = 8;
  xd_status status = read_chunk(context, file, at, &part);
  if (status == XD_OK)
    status = read_ihdr(context, file, &part, &found);
  while (status == XD_OK && !is_type(&part, "IEND")) {
    if (is_type(&part, "IDAT"))
      found.packed += part.length;
    if (is_type(&part, "eXIf"))
      file->orientation = xdi_exif_orientation(file->data + part.at, part.length);
    if (is_type(&part, "tRNS"))
      found.has_key = true;
    if (is_type(&part, "PLTE")) {
      file->palette_at = part.at;
      file->palette_bytes = part.length;
    }
    at = part.at + part.length + 4;
    status = read_chunk(context, file, at, &part);
  }
  return status == XD_OK ? check_sizes(context, file, &found) : status;
}
