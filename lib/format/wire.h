/* Numbers and texts as they lie in a file: little-endian, fixed widths. */
#ifndef XDI_FORMAT_WIRE_H
#define XDI_FORMAT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/context.h"

#define XDI_TEXT_LIMIT 65536 /* bytes of one text */

/* Bytes that grow while a file is composed. A failed allocation makes `failed` stick. */
typedef struct xdi_bytes {
  const xd_allocator *allocator;
  unsigned char *data;
  size_t size, capacity;
  uint32_t minor; /* the minor version of the format that knows all that they hold */
  bool failed;
} xdi_bytes;

void xdi_bytes_release(xdi_bytes *bytes);
void xdi_put(xdi_bytes *bytes, const void *data, size_t size);
void xdi_put_zeros(xdi_bytes *bytes, size_t size);
void xdi_put_u32(xdi_bytes *bytes, uint32_t value);
void xdi_put_u64(xdi_bytes *bytes, uint64_t value);
/* u32 length, bytes; NULL is ""; too long a text makes `failed` stick. */
void xdi_put_text(xdi_bytes *bytes, const char *text);
void xdi_set_u32(unsigned char *at, uint32_t value);
void xdi_set_u64(unsigned char *at, uint64_t value);

/* A cursor over borrowed bytes. Reading past the end gives zeros and makes `failed` stick. */
typedef struct xdi_cursor {
  const unsigned char *data;
  size_t size, position;
  bool failed;
} xdi_cursor;

uint32_t xdi_get_u32(xdi_cursor *cursor);
uint64_t xdi_get_u64(xdi_cursor *cursor);
uint32_t xdi_at_u32(const unsigned char *at);
uint64_t xdi_at_u64(const unsigned char *at);

/* A text as a new string of the allocator's (NULL: failed; a text that is too long or holds a zero byte
 * fails as a read past the end does; *memory tells a refused allocation apart). Bytes that are no UTF-8
 * become '?'. */
char *xdi_get_text(xdi_cursor *cursor, const xd_allocator *allocator, bool *memory);

/* Whether the cursor stands exactly at the end and nothing failed. */
bool xdi_cursor_done(const xdi_cursor *cursor);

#endif
