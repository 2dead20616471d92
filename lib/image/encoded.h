/* A picture file in memory, its kind, and what its frame promises before any pixel is decoded.
 *
 * stb_image is lenient: it takes a cut JPEG for a grey one, ignores checksums, and trusts some of the
 * counts in a file. So the frame is walked first, and only whole files with sane counts go on. */
#ifndef XDI_IMAGE_ENCODED_H
#define XDI_IMAGE_ENCODED_H

#include <stdbool.h>

#include "base/context.h"
#include "xdomain/image.h"

typedef enum xdi_encoding {
  XDI_ENCODING_UNKNOWN,
  XDI_ENCODING_PNG,
  XDI_ENCODING_JPEG,
  XDI_ENCODING_BMP,
  XDI_ENCODING_PNM
} xdi_encoding;

typedef struct xdi_encoded {
  const char *name; /* for messages */
  const unsigned char *data;
  size_t size;
  xdi_encoding encoding;
  uint32_t width, height;
  uint32_t orientation; /* JPEG, PNG: EXIF's, 1 to 8; 0: not told */
  bool deep;            /* PNG: 16 bits a sample */
  size_t palette_at;    /* PNG: where the entries of PLTE begin; 0: none */
  size_t palette_bytes; /* PNG: their size */
} xdi_encoded;

/* Finds `encoding` by the first bytes. */
void xdi_encoded_recognise(xdi_encoded *file);

/* Walk a PNG or JPEG from its first chunk to its last and fill in what was found.
 * XD_ERROR_BAD_DATA, XD_ERROR_TRUNCATED, XD_ERROR_TOO_LARGE, XD_ERROR_UNSUPPORTED. */
xd_status xdi_encoded_walk_png(xd_context *context, xdi_encoded *file);
xd_status xdi_encoded_walk_jpeg(xd_context *context, xdi_encoded *file);

/* Whether a JPEG's marker, the byte after 0xFF, is followed by no length. */
bool xdi_jpeg_is_standalone(unsigned marker);

/* Decode in full; *out is the caller's. The same statuses, and XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_bmp_decode(xd_picture **out, xd_context *context, const xdi_encoded *file);
xd_status xdi_pnm_decode(xd_picture **out, xd_context *context, const xdi_encoded *file);
xd_status xdi_stb_decode_png(xd_picture **out, xd_context *context, const xdi_encoded *file);
xd_status xdi_stb_decode_jpeg(xd_picture **out, xd_context *context, const xdi_encoded *file);

#endif
