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

static xd_status fail_cut(const bitmap *b) {
  return xdi_fail(b->context, XD_ERROR_TRUNCATED, "'%s' ends before the BMP data that its header promises",
                  b->file->name);
}

static xd_status fail_field(const bitmap *b, xd_status status, const char *field, uint32_t value) {
  return xdi_fail(b->context, status, "'%s': BMP %s %u", b->file->name, field, value);
}

static mask make_mask(uint32_t bits) {
  mask m = {bits, 0, 0};
  while (bits && !(bits >> m.shift & 1))
    m.shift++;
  m.maximum = bits >> m.shift;
  return m;
}

/* Fields of the info header; those of the 12-byte one are narrower. */
static xd_status read_info(bitmap *b) {
  const unsigned char *from = b->file->data + FILE_HEADER;
  bool narrow = b->header_size == 12;
  uint32_t height = narrow ? read_u16(from + 6) : read_u32(from + 8);
  uint32_t planes = read_u16(from + (narrow ? 8 : 12));
  b->top_down = !narrow && height > INT32_MAX;
  b->width = narrow ? read_u16(from + 4) : read_u32(from + 4);
  b->height = b->top_down ? 0u - height : height;
  b->depth = read_u16(from + (narrow ? 10 : 14));
  b->compression = narrow ? COMPRESSION_NONE : read_u32(from + 16);
  b->colours = narrow ? 0 : read_u32(from + 32);
  if (planes != 1)
    return fail_field(b, XD_ERROR_BAD_DATA, "planes", planes);
  return xdi_picture_check_promise(b->context, b->file->name, b->width, b->height);
}

static xd_status check_kind(const bitmap *b) {
  uint32_t depth = b->depth;
  bool masked = b->compression == COMPRESSION_MASKS || b->compression == COMPRESSION_ALPHA_MASKS;
  if (depth != 1 && depth != 4 && depth != 8 && depth != 16 && depth != 24 && depth != 32)
    return fail_field(b, XD_ERROR_BAD_DATA, "bits a pixel", depth);
  if (b->compression != COMPRESSION_NONE && !masked)
    return fail_field(b, XD_ERROR_UNSUPPORTED, "compression", b->compression);
  if (masked && depth != 16 && depth != 32)
    return fail_field(b, XD_ERROR_BAD_DATA, "masks with bits a pixel", depth);
  return XD_OK;
}

/* Masks follow a header of 40 bytes and are part of a longer one. */
static xd_status read_masks(bitmap *b) {
  const unsigned char *from = b->file->data + FILE_HEADER + 40;
  bool masked = b->compression != COMPRESSION_NONE;
  bool has_alpha = b->compression == COMPRESSION_ALPHA_MASKS || (masked && b->header_size >= 56);
  bool deep = b->depth == 32;
  uint32_t bits[4] = {deep ? 0xFF0000u : 0x7C00u, deep ? 0xFF00u : 0x3E0u, deep ? 0xFFu : 0x1Fu, 0};
  for (unsigned c = 0; masked && c < (has_alpha ? 4 : 3); c++) {
    if ((size_t)(from - b->file->data) + 4 * c + 4 > b->file->size)
      return fail_cut(b);
    bits[c] = read_u32(from + 4 * c);
  }
  for (unsigned c = 0; c < 4; c++) {
    if (c < 3 && bits[c] == 0)
      return fail_field(b, XD_ERROR_BAD_DATA, "mask without bits for channel", c);
    b->masks[c] = make_mask(bits[c]);
  }
  return XD_OK;
}

/* A palette may have fewer colours than the depth allows; a pixel beyond them is refused later. */
static xd_status find_palette(bitmap *b) {
  uint32_t limit = 1u << b->depth;
  b->entry_size = b->header_size == 12 ? 3 : 4;
  b->palette_at = FILE_HEADER + (size_t)b->header_size;
  if (b->pixels_at < b->palette_at)
    return fail_field(b, XD_ERROR_BAD_DATA, "pixel offset", read_u32(b->file->data + 10));
  size_t room = (b->pixels_at - b->palette_at) / b->entry_size;
  if (b->colours == 0 || b->colours > limit)
    b->colours = limit;
  if (b->colours > room)
    b->colours = (uint32_t)room;
  return b->colours ? XD_OK : fail_field(b, XD_ERROR_BAD_DATA, "colours", 0);
}

static xd_status check_size(bitmap *b) {
  size_t used = ((size_t)b->width * b->depth + 7) / 8;
  b->row_bytes = (used + 3) / 4 * 4;
  size_t needed = b->row_bytes * (b->height - 1) + used; /* the last row's padding is often left out */
  if (b->pixels_at > b->file->size || needed > b->file->size - b->pixels_at)
    return fail_cut(b);
  return XD_OK;
}

static xd_status read_header(bitmap *b) {
  const xdi_encoded *file = b->file;
  if (file->size < FILE_HEADER + 12)
    return fail_cut(b);
  b->pixels_at = read_u32(file->data + 10);
  b->header_size = read_u32(file->data + 14);
  if (b->header_size != 12 && (b->header_size < 40 || b->header_size > 124))
    return fail_field(b, XD_ERROR_BAD_DATA, "header size", b->header_size);
  if (file->size - FILE_HEADER < b->header_size)
    return fail_cut(b);
  xd_status status = read_info(b);
  if (status == XD_OK)
    status = check_kind(b);
  if (status == XD_OK && (b->depth == 16 || b->depth == 32))
    status = read_masks(b);
  if (status == XD_OK && b->depth <= 8)
    status = find_palette(b);
  return status == XD_OK ? check_size(b) : status;
}

/* ---- pixels ---- */

static unsigned char cut(uint32_t pixel, const mask *m) {
  uint64_t value = (pixel & m->bits) >> m->shift;
  return (unsigned char)((value * 255 + m->maximum / 2) / m->maximum);
}

static void read_masked(const bitmap *b, unsigned char *to, const unsigned char *row) {
  unsigned channels = b->masks[3].bits ? 4 : 3;
  for (uint32_t x = 0; x < b->width; x++, to += channels) {
    uint32_t pixel = b->depth == 16 ? read_u16(row + 2 * (size_t)x) : read_u32(row + 4 * (size_t)x);
    for (unsigned c = 0; c < channels; c++)
      to[c] = cut(pixel, &b->masks[c]);
  }
}

static void read_direct(const bitmap *b, unsigned char *to, const unsigned char *row) {
  for (uint32_t x = 0; x < b->width; x++, to += 3, row += 3) {
    to[0] = row[2];
    to[1] = row[1];
    to[2] = row[0];
  }
}

/* False when an index is beyond the palette. */
static bool read_indexed(const bitmap *b, unsigned char *to, const unsigned char *row) {
  uint32_t in_byte = 8 / b->depth, limit = (1u << b->depth) - 1;
  for (uint32_t x = 0; x < b->width; x++, to += 3) {
    uint32_t shift = 8 - b->depth * (x % in_byte + 1);
    uint32_t index = row[x / in_byte] >> shift & limit;
    if (index >= b->colours)
      return false;
    const unsigned char *entry = b->file->data + b->palette_at + (size_t)index * b->entry_size;
    to[0] = entry[2];
    to[1] = entry[1];
    to[2] = entry[0];
  }
  return true;
}

static xd_status read_rows(const bitmap *b, unsigned char *to, size_t to_row) {
  for (uint32_t y = 0; y < b->height; y++, to += to_row) {
    uint32_t stored = b->top_down ? y : b->height - 1 - y;
    const unsigned char *row = b->file->data + b->pixels_at + stored * b->row_bytes;
    if (b->depth == 24)
      read_direct(b, to, row);
    else if (b->depth > 8)
      read_masked(b, to, row);
    else if (!read_indexed(b, to, row))
      return fail_field(b, XD_ERROR_BAD_DATA, "pixel beyond the palette in row", y);
  }
  return XD_OK;
}

xd_status xdi_bmp_decode(xd_picture **out, xd_context *context, const xdi_encoded *file) {
  bitmap b;
  memset(&b, 0, sizeof b);
  b.context = context;
  b.file = file;
  xd_status status = read_header(&b);
  if (status != XD_OK)
    return status;
  uint32_t channels = b.masks[3].bits ? 4 : 3;
  status = xd_picture_create(out, context, b.width, b.height, XD_SAMPLE_U8, xdi_layout_of(channels));
  if (status != XD_OK)
    return status;
  status = read_rows(&b, (*out)->view.pixels, (size_t)b.width * channels);
  if (status != XD_OK) {
    xd_picture_destroy(*out);
    *out = NULL;
  }
  return status;
}
