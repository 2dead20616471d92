/* Packing bytes into a zlib stream (RFC 1950 and 1951). The same bytes become the same stream on every machine. */
#ifndef XDI_IMAGE_DEFLATE_H
#define XDI_IMAGE_DEFLATE_H

#include "base/memory.h"

typedef struct xdi_deflater xdi_deflater;

/* The memory of any number of streams, one after the other; NULL without memory. Released by xdi_release. */
xdi_deflater *xdi_deflater_create(const xd_allocator *allocator);

/* The most bytes that `size` become; size < 2^31. */
size_t xdi_deflate_room(size_t size);

/* Writes the stream to `to`, which has room for the most, and returns its size. */
size_t xdi_deflate(xdi_deflater *deflater, unsigned char *to, const unsigned char *from, size_t size);

#endif
