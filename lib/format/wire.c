/* Little-endian numbers and length-prefixed texts, written to growing bytes and read from borrowed ones.
 * Byte by byte, so that the file is the same on every machine. */
#include "format/wire.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void xdi_bytes_release(xdi_bytes *bytes) {
  xdi_release(bytes->allocator, bytes->data);
  bytes->data = NULL;
  bytes->size = bytes->capacity = 0;
}

/* Room for `size` more bytes, or NULL and `failed`. */
static unsigned char *grow(xdi_bytes *bytes, size_t size) {
  size_t needed;
  if (bytes->failed || !xdi_add(bytes->size, size, &needed)) {
    bytes->failed = true;
    return NULL;
  }
  if (needed > bytes->capacity) {
    size_t capacity = needed > SIZE_MAX / 2 ? needed : needed * 2;
    unsigned char *data = xdi_allocate(bytes->allocator, capacity, 1);
    if (!data) {
      bytes->failed = true;
      return NULL;
    }
    if (bytes->size)
      memcpy(data, bytes->data, bytes->size);
    xdi_release(bytes->allocator, bytes->data);
    bytes->data = data;
    bytes->capacity = capacity;
  }
  unsigned char *at = bytes->data + bytes->size;
  bytes->size = needed;
  return at;
}

void xdi_put(xdi_bytes *bytes, const void *data, size_t size) {
  if (!size)
    return;
  unsigned char *at = grow(bytes, size);
  if (at)
    memcpy(at, data, size);
}

void xdi_put_zeros(xdi_bytes *bytes, size_t size) {
  if (!size)
    return;
  unsigned char *at = grow(bytes, size);
  if (at)
    memset(at, 0, size);
}

void xdi_set_u32(unsigned char *at, uint32_t value) {
  for (int i = 0; i < 4; i++)
    at[i] = (unsigned char)(value >> (8 * i));
}

void xdi_set_u64(unsigned char *at, uint64_t value) {
  for (int i = 0; i < 8; i++)
    at[i] = (unsigned char)(value >> (8 * i));
}

void xdi_put_u32(xdi_bytes *bytes, uint32_t value) {
  unsigned char *at = grow(bytes, 4);
  if (at)
    xdi_set_u32(at, value);
}

void xdi_put_u64(xdi_bytes *bytes, uint64_t value) {
  unsigned char *at = grow(bytes, 8);
  if (at)
    xdi_set_u64(at, value);
}

void xdi_put_text(xdi_bytes *bytes, const char *text) {
  const size_t length = text ? strlen(text) : 0;
  bytes->failed = bytes->failed || length > XDI_TEXT_LIMIT;
  xdi_put_u32(bytes, (uint32_t)length);
  xdi_put(bytes, text, length);
}

uint32_t xdi_at_u32(const unsigned char *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t xdi_at_u64(const unsigned char *at) {
  return (uint64_t)xdi_at_u32(at) | (uint64_t)xdi_at_u32(at + 4) << 32;
}

static const unsigned char *take(xdi_cursor *cursor, size_t size) {
  if (cursor->failed || size > cursor->size - cursor->position) {
    cursor->failed = true;
    return NULL;
  }
  const unsigned char *at = cursor->data + cursor->position;
  cursor->position += size;
  return at;
}

uint32_t xdi_get_u32(xdi_cursor *cursor) {
  const unsigned char *at = take(cursor, 4);
  return at ? xdi_at_u32(at) : 0;
}

uint64_t xdi_get_u64(xdi_cursor *cursor) {
  const unsigned char *at = take(cursor, 8);
  return at ? xdi_at_u64(at) : 0;
}

/* Files up to 1.0.0-rc1 may have names of folders as they were. */
static void replace_no_utf8(char *text, size_t size) {
  for (size_t at = 0; at < size;) {
    const size_t length = xdi_utf8_length(text + at, size - at);
    if (length == 0)
      text[at] = '?';
    at += length ? length : 1;
  }
}

char *xdi_get_text(xdi_cursor *cursor, const xd_allocator *allocator, bool *memory) {
  uint32_t length = xdi_get_u32(cursor);
  if (length > XDI_TEXT_LIMIT)
    cursor->failed = true;
  const unsigned char *at = take(cursor, length);
  if (!at || memchr(at, 0, length)) {
    cursor->failed = true;
    return NULL;
  }
  char *text = xdi_allocate(allocator, (size_t)length + 1, 1);
  if (!text) {
    *memory = false;
    return NULL;
  }
  memcpy(text, at, length);
  text[length] = '\0';
  replace_no_utf8(text, length);
  return text;
}

bool xdi_cursor_done(const xdi_cursor *cursor) {
  return !cursor->failed && cursor->position == cursor->size;
}
