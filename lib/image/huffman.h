/* Prefix codes as deflate has them (RFC 1951, 3.2.2): a symbol's code follows from the lengths of all. */
#ifndef XDI_IMAGE_HUFFMAN_H
#define XDI_IMAGE_HUFFMAN_H

#include <stdint.h>

#define XDI_HUFFMAN_MOST 288u     /* symbols */
#define XDI_HUFFMAN_COUNT 0x3FFFu /* the greatest sum of counts */

/* The lengths, at most `limit` bits (15 or 7), that make the counted symbols' codes short together; 0 for a symbol
 * that is not counted. Two symbols have a code even where fewer are counted, since some decoders want no less. */
void xdi_huffman_find_lengths(uint8_t *lengths, const uint32_t *counts, uint32_t symbols, uint32_t limit);

/* The codes to these lengths, turned around: deflate writes a code from its highest bit. */
void xdi_huffman_find_codes(uint16_t *codes, const uint8_t *lengths, uint32_t symbols);

#endif
