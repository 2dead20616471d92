/* Bytes one after another, from memory or inflated on the way, never more than were promised. */
#ifndef XDI_DATA_SOURCE_H
#define XDI_DATA_SOURCE_H

#include "base/context.h"

typedef enum xdi_packing {
  XDI_PACKING_NONE,
  XDI_PACKING_GZIP, /* one member or several, each with its checksum */
  XDI_PACKING_ZLIB
} xdi_packing;

typedef struct xdi_source {
  xd_context *context;
  const char *name; /* the file, for messages */
  const unsigned char *at;
  size_t left; /* bytes at `at`, still packed if they are */
  xdi_packing packing;
  void *stream; /* the inflater's state */
  bool ended;   /* the packed stream has given its last byte */
} xdi_source;

/* Borrows `data`. XD_ERROR_UNSUPPORTED (packed, in a build without zlib), XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_source_open(xdi_source *source, xd_context *context, const char *name,
                          const unsigned char *data, size_t size, xdi_packing packing);
void xdi_source_close(xdi_source *source);

/* Whether so many bytes can still come at all: packed data grows 1032 times at the most. */
bool xdi_source_can_give(const xdi_source *source, size_t size);

/* Exactly `size` bytes to `to` (NULL: passed over). XD_ERROR_TRUNCATED, XD_ERROR_BAD_DATA (damaged),
 * XD_ERROR_CANCELLED. */
xd_status xdi_source_read(xdi_source *source, void *to, size_t size);

/* Makes sure that nothing follows, and that the checksum is right. XD_ERROR_BAD_DATA. */
xd_status xdi_source_finish(xdi_source *source);

#endif
