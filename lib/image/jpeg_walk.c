/* The frame of a JPEG (ITU T.81, annex B): SOI, segments, scans of entropy-coded data, EOI. A file that
 * lacks EOI was cut. Huffman tables are counted here because a decoder that trusts the counts writes
 * beyond its tables; scans are limited because each one costs a pass over the whole picture. */
#include "image/encoded.h"

#include <string.h>

#include "image/exif.h"
#include "image/picture.h"

#define SCAN_LIMIT 100
#define CODE_LIMIT 256u /* of one Huffman table */

typedef struct walk {
  xd_context *context;
  xdi_encoded *file;
  size_t at;
  unsigned scans;
  bool has_frame, has_exif;
} walk;

static xd_status fail_cut(const walk *walker) {
  return xdi_fail(walker->context, XD_ERROR_TRUNCATED, "'%s' ends before the end of its JPEG data",
                  walker->file->name);
}

static xd_status fail_bad(const walk *walker, const char *what) {
  return xdi_fail(walker->context, XD_ERROR_BAD_DATA, "'%s': %s before byte %zu", walker->file->name, what,
                  walker->at);
}

static unsigned read_u16(const unsigned char *from) {
  return (unsigned)from[0] << 8 | from[1];
}

/* Moves behind the next marker that is neither fill nor stuffing nor, in a scan, a restart. */
static bool find_marker(walk *walker, bool in_scan, unsigned *marker) {
  const xdi_encoded *file = walker->file;
  for (; walker->at + 1 < file->size; walker->at++) {
    unsigned next = file->data[walker->at + 1];
    if (file->data[walker->at] != 0xFF || next == 0xFF || next == 0x00)
      continue;
    if (in_scan && next >= 0xD0 && next <= 0xD7)
      continue;
    walker->at += 2;
    *marker = next;
    return true;
  }
  return false;
}

bool xdi_jpeg_is_standalone(unsigned marker) {
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

static bool is_frame(unsigned marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

static xd_status read_frame(walk *walker, unsigned marker, const unsigned char *body, size_t size) {
  if (size < 6)
    return fail_bad(walker, "a short JPEG frame header");
  if (walker->has_frame)
    return fail_bad(walker, "a second JPEG frame header");
  unsigned height = read_u16(body + 1), width = read_u16(body + 3);
  if (marker > 0xC2 || body[0] != 8)
    return xdi_fail(walker->context, XD_ERROR_UNSUPPORTED, "'%s': a JPEG of process %u with %u bits a sample",
                    walker->file->name, marker - 0xC0, (unsigned)body[0]);
  if (height == 0)
    return xdi_fail(walker->context, XD_ERROR_UNSUPPORTED, "'%s': a JPEG that does not state its height",
                    walker->file->name);
  walker->has_frame = true;
  walker->file->width = width;
  walker->file->height = height;
  xd_status status = xdi_picture_check_promise(walker->context, walker->file->name, width, height);
  if (status != XD_OK)
    return status;
  /* Even an empty block of 8x8 pixels takes a bit, in at least one component in sixteen. */
  if ((size_t)width * height / (64 * 8 * 16) > walker->file->size)
    return fail_cut(walker);
  return XD_OK;
}

static xd_status check_tables(const walk *walker, const unsigned char *body, size_t size) {
  for (size_t at = 0; at < size;) {
    unsigned codes = 0;
    if (size - at < 17)
      return fail_bad(walker, "a short JPEG Huffman table");
    for (size_t i = 1; i <= 16; i++)
      codes += body[at + i];
    at += 17;
    if (codes > CODE_LIMIT || codes > size - at)
      return fail_bad(walker, "a JPEG Huffman table of too many codes");
    at += codes;
  }
  return XD_OK;
}

static xd_status read_segment(walk *walker, unsigned marker) {
  const xdi_encoded *file = walker->file;
  if (file->size - walker->at < 2)
    return fail_cut(walker);
  size_t length = read_u16(file->data + walker->at);
  if (length < 2)
    return fail_bad(walker, "a JPEG segment of impossible length");
  if (length > file->size - walker->at)
    return fail_cut(walker);
  const unsigned char *body = file->data + walker->at + 2;
  walker->at += length;
  if (marker == 0xC4)
    return check_tables(walker, body, length - 2);
  if (is_frame(marker))
    return read_frame(walker, marker, body, length - 2);
  if (marker == 0xE1 && !walker->has_exif && length > 8 && memcmp(body, "Exif\0", 6) == 0) {
    walker->has_exif = true;
    walker->file->orientation = xdi_exif_orientation(body + 6, length - 8);
  }
  if (marker != 0xDA)
    return XD_OK;
  if (!walker->has_frame)
    return fail_bad(walker, "a JPEG scan without a frame");
  if (++walker->scans > SCAN_LIMIT)
    return xdi_fail(walker->context, XD_ERROR_TOO_LARGE, "'%s': a JPEG of more than %d scans", file->name,
                    SCAN_LIMIT);
  return XD_OK;
}

xd_status xdi_encoded_walk_jpeg(xd_context *context, xdi_encoded *file) {
  walk walker = {.context = context, .file = file, .at = 2};
  bool in_scan = false;
  unsigned marker;
  for (;;) {
    if (!find_marker(&walker, in_scan, &marker))
      return fail_cut(&walker);
    if (marker == 0xD9)
      break;
    if (xdi_jpeg_is_standalone(marker))
      continue;
    xd_status status = read_segment(&walker, marker);
    if (status != XD_OK)
      return status;
    in_scan = marker == 0xDA;
  }
  return walker.scans ? XD_OK : fail_bad(&walker, "a JPEG without a scan");
}
