/* Windows and OS/2 bitmaps, uncompressed: file header of 14 bytes, info header of 12 (16-bit sides, RGB
 * palette) or 40 to 124 bytes, masks or palette, then rows padded to 4 bytes, the lowest first unless
 * the height is negative. 1, 4 and 8 bits a pixel index the palette, 16 and 32 are cut by masks, 24 are
 * B, G, R. The result is RGB, or RGBA where the header has an alpha mask. */
#include "image/encoded.h"

#include <string.h>

#include "image/picture.h"
#include "image/view.h"

#define FILE_HEADER 14u
#define COMPRESSION_NONE 0u
#define COMPRESSION_MASKS 3u
#define COMPRESSION_ALPHA_MASKS 6u

typedef struct mask {
  uint32_t bits, shift, maximum;
} mask;

typedef struct bitmap {
  xd_context *context;
  const xdi_encoded *file;
  uint32_t header_size, width, height, depth, compression, colours;
  bool top_down;
  size_t pixels_at, row_bytes;
  mask masks[4]; /* R, G, B, A */
  size_t palette_at;
  uint32_t entry_size;
} bitmap;

static uint32_t read_u16(const unsigned char *from) {
  return (uint32_t)from[0] | (uint32_t)from[1] << 8;
}

static uint32_t read_u32(const unsigned char *from) {
  return read_u16(from) | read_u16(from + 2) << 16;
}

static xd_status fail_cut(const bitmap *image) {
  return xdi_fail(image->context, XD_ERROR_TRUNCATED,
                  "'%s' ends before the BMP data that its header promises", image->file->name);
}

static xd_status fail_field(const bitmap *image, xd_status status, const char *field, uint32_t value) {
  return xdi_fail(image->context, status, "'%s': BMP %s %u", image->file->name, field, value);
}

static mask make_mask(uint32_t bits) {
  mask field = {bits, 0, 0};
  while (bits && !(bits >> field.shift & 1))
    field.shift++;
  field.maximum = bits >> field.shift;
  return field;
}

/* Fields of the info header; those of the 12-byte one are narrower. */
static xd_status read_info(bitmap *image) {
  const unsigned char *from = image->file->data + FILE_HEADER;
  bool narrow = image->header_size == 12;
  uint32_t height = narrow ? read_u16(from + 6) : read_u32(from + 8);
  uint32_t planes = read_u16(from + (narrow ? 8 : 12));
  image->top_down = !narrow && height > INT32_MAX;
  image->width = narrow ? read_u16(from + 4) : read_u32(from + 4);
  image->height = image->top_down ? 0u - height : height;
  image->depth = read_u16(from + (narrow ? 10 : 14));
  image->compression = narrow ? COMPRESSION_NONE : read_u32(from + 16);
  image->colours = narrow ? 0 : read_u32(from + 32);
  if (planes != 1)
    return fail_field(image, XD_ERROR_BAD_DATA, "planes", planes);
  return xdi_picture_check_promise(image->context, image->file->name, image->width, image->height);
}

static xd_status check_kind(const bitmap *image) {
  uint32_t depth = image->depth;
  bool masked = image->compression == COMPRESSION_MASKS || image->compression == COMPRESSION_ALPHA_MASKS;
  if (depth != 1 && depth != 4 && depth != 8 && depth != 16 && depth != 24 && depth != 32)
    return fail_field(image, XD_ERROR_BAD_DATA, "bits a pixel", depth);
  if (image->compression != COMPRESSION_NONE && !masked)
    return fail_field(image, XD_ERROR_UNSUPPORTED, "compression", image->compression);
  if (masked && depth != 16 && depth != 32)
    return fail_field(image, XD_ERROR_BAD_DATA, "masks with bits a pixel", depth);
  return XD_OK;
}

/* Masks follow a header of 40 bytes and are part of a longer one. */
static xd_status read_masks(bitmap *image) {
  const unsigned char *from = image->file->data + FILE_HEADER + 40;
  bool masked = image->compression != COMPRESSION_NONE;
  bool has_alpha = image->compression == COMPRESSION_ALPHA_MASKS || (masked && image->header_size >= 56);
  bool deep = image->depth == 32;
  uint32_t bits[4] = {deep ? 0xFF0000u : 0x7C00u, deep ? 0xFF00u : 0x3E0u, deep ? 0xFFu : 0x1Fu, 0};
  for (unsigned c = 0; masked && c < (has_alpha ? 4 : 3); c++) {
    if ((size_t)(from - image->file->data) + 4 * c + 4 > image->file->size)
      return fail_cut(image);
    bits[c] = read_u32(from + 4 * c);
  }
  for (unsigned c = 0; c < 4; c++) {
    if (c < 3 && bits[c] == 0)
      return fail_field(image, XD_ERROR_BAD_DATA, "mask without bits for channel", c);
    image->masks[c] = make_mask(bits[c]);
  }
  return XD_OK;
}

/* A palette may have fewer colours than the depth allows; a pixel beyond them is refused later. */
static xd_status find_palette(bitmap *image) {
  uint32_t limit = 1u << image->depth;
  image->entry_size = image->header_size == 12 ? 3 : 4;
  image->palette_at = FILE_HEADER + (size_t)image->header_size;
  if (image->pixels_at < image->palette_at)
    return fail_field(image, XD_ERROR_BAD_DATA, "pixel offset", read_u32(image->file->data + 10));
  size_t room = (image->pixels_at - image->palette_at) / image->entry_size;
  if (image->colours == 0 || image->colours > limit)
    image->colours = limit;
  if (image->colours > room)
    image->colours = (uint32_t)room;
  return image->colours ? XD_OK : fail_field(image, XD_ERROR_BAD_DATA, "colours", 0);
}

static xd_status check_size(bitmap *image) {
  size_t used = ((size_t)image->width * image->depth + 7) / 8;
  image->row_bytes = (used + 3) / 4 * 4;
  size_t needed =
      image->row_bytes * (image->height - 1) + used; /* the last row's padding is often left out */
  if (image->pixels_at > image->file->size || needed > image->file->size - image->pixels_at)
    return fail_cut(image);
  return XD_OK;
}

static xd_status read_header(bitmap *image) {
  const xdi_encoded *file = image->file;
  if (file->size < FILE_HEADER + 12)
    return fail_cut(image);
  image->pixels_at = read_u32(file->data + 10);
  image->header_size = read_u32(file->data + 14);
  if (image->header_size != 12 && (image->header_size < 40 || image->header_size > 124))
    return fail_field(image, XD_ERROR_BAD_DATA, "header size", image->header_size);
  if (file->size - FILE_HEADER < image->header_size)
    return fail_cut(image);
  xd_status status = read_info(image);
  if (status == XD_OK)
    status = check_kind(image);
  if (status == XD_OK && (image->depth == 16 || image->depth == 32))
    status = read_masks(image);
  if (status == XD_OK && image->depth <= 8)
    status = find_palette(image);
  return status == XD_OK ? check_size(image) : status;
}

/* ---- pixels ---- */

static unsigned char cut(uint32_t pixel, const mask *field) {
  uint64_t value = (pixel & field->bits) >> field->shift;
  return (unsigned char)((value * 255 + field->maximum / 2) / field->maximum);
}

static void read_masked(const bitmap *image, unsigned char *to, const unsigned char *row) {
  unsigned channels = image->masks[3].bits ? 4 : 3;
  for (uint32_t x = 0; x < image->width; x++, to += channels) {
    uint32_t pixel = image->depth == 16 ? read_u16(row + 2 * (size_t)x) : read_u32(row + 4 * (size_t)x);
    for (unsigned c = 0; c < channels; c++)
      to[c] = cut(pixel, &image->masks[c]);
  }
}

static void read_direct(const bitmap *image, unsigned char *to, const unsigned char *row) {
  for (uint32_t x = 0; x < image->width; x++, to += 3, row += 3) {
    to[0] = row[2];
    to[1] = row[1];
    to[2] = row[0];
  }
}

/* False when an index is beyond the palette. */
static bool read_indexed(const bitmap *image, unsigned char *to, const unsigned char *row) {
  uint32_t in_byte = 8 / image->depth, limit = (1u << image->depth) - 1;
  for (uint32_t x = 0; x < image->width; x++, to += 3) {
    uint32_t shift = 8 - image->depth * (x % in_byte + 1);
    uint32_t index = row[x / in_byte] >> shift & limit;
    if (index >= image->colours)
      return false;
    const unsigned char *entry = image->file->data + image->palette_at + (size_t)index * image->entry_size;
    to[0] = entry[2];
    to[1] = entry[1];
    to[2] = entry[0];
  }
  return true;
}

static xd_status read_rows(const bitmap *image, unsigned char *to, size_t to_row) {
  for (uint32_t y = 0; y < image->height; y++, to += to_row) {
    uint32_t stored = image->top_down ? y : image->height - 1 - y;
    const unsigned char *row = image->file->data + image->pixels_at + stored * image->row_bytes;
    if (image->depth == 24)
      read_direct(image, to, row);
    else if (image->depth > 8)
      read_masked(image, to, row);
    else if (!read_indexed(image, to, row))
      return fail_field(image, XD_ERROR_BAD_DATA, "pixel beyond the palette in row", y);
  }
  return XD_OK;
}

xd_status xdi_bmp_decode(xd_picture **out, xd_context *context, const xdi_encoded *file) {
  bitmap image;
  memset(&image, 0, sizeof image);
  image.context = context;
  image.file = file;
  xd_status status = read_header(&image);
  if (status != XD_OK)
    return status;
  uint32_t channels = image.masks[3].bits ? 4 : 3;
  status = xd_picture_create(out, context, image.width, image.height, XD_SAMPLE_U8, xdi_layout_of(channels));
  if (status != XD_OK)
    return status;
  status = read_rows(&image, (*out)->view.pixels, (size_t)image.width * channels);
  if (status != XD_OK) {
    xd_picture_destroy(*out);
    *out = NULL;
  }
  return status;
}
