/* The filters of a PNG's rows (RFC 2083, 6). */
#ifndef XDI_IMAGE_PNG_FILTER_H
#define XDI_IMAGE_PNG_FILTER_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of memory that filtering needs beside its result. */
size_t xdi_png_filter_room(uint32_t row_bytes, uint32_t channels);

/* Rows of `row_bytes` become rows of one byte more, which tells the filter: of the five the one that leaves the least
 * sum of magnitudes. */
void xdi_png_filter(unsigned char *to, const unsigned char *pixels, uint32_t row_bytes, uint32_t rows,
                    uint32_t channels, unsigned char *room);

#endif
