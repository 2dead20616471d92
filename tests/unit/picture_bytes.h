/* PNG files, byte by byte, so that each can be spoiled where it hurts. Include after support.h. */
#ifndef XD_TESTS_PICTURE_BYTES_H
#define XD_TESTS_PICTURE_BYTES_H

#include "support.h"

typedef struct bytes {
  size_t size;
  unsigned char data[16384];
} bytes;

static inline void put(bytes *to, const void *from, size_t size) {
  ck_assert_uint_le(size, sizeof to->data - to->size);
  memcpy(to->data + to->size, from, size);
  to->size += size;
}

static inline void put_big(bytes *to, uint32_t value) {
  const unsigned char b[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                              (unsigned char)(value >> 8), (unsigned char)value};
  put(to, b, 4);
}

static inline void put_little(bytes *to, uint32_t value, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    unsigned char b = (unsigned char)(value >> 8 * i);
    put(to, &b, 1);
  }
}

static inline uint32_t crc_of(const unsigned char *from, size_t size) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < size; i++) {
    crc ^= from[i];
    for (int k = 0; k < 8; k++)
      crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
  }
  return ~crc;
}

static inline void put_chunk(bytes *to, const char *type, const void *data, size_t size) {
  put_big(to, (uint32_t)size);
  size_t begin = to->size;
  put(to, type, 4);
  put(to, data, size);
  put_big(to, crc_of(to->data + begin, size + 4));
}

static inline void begin_png(bytes *to, uint32_t width, uint32_t height, unsigned char depth,
                             unsigned char colour) {
  bytes header = {0, {0}};
  to->size = 0;
  put(to, "\x89PNG\r\n\x1a\n", 8);
  put_big(&header, width);
  put_big(&header, height);
  const unsigned char rest[5] = {depth, colour, 0, 0, 0};
  put(&header, rest, 5);
  put_chunk(to, "IHDR", header.data, header.size);
}

/* Rows, each led by its filter byte, in a zlib stream of one stored block. */
static inline void put_rows(bytes *to, const unsigned char *rows, size_t size) {
  bytes packed = {0, {0}};
  uint32_t a = 1, b = 0;
  put(&packed, "\x78\x01\x01", 3);
  put_little(&packed, (uint32_t)size, 2);
  put_little(&packed, ~(uint32_t)size, 2);
  put(&packed, rows, size);
  for (size_t i = 0; i < size; i++) {
    a = (a + rows[i]) % 65521;
    b = (b + a) % 65521;
  }
  put_big(&packed, b << 16 | a);
  put_chunk(to, "IDAT", packed.data, packed.size);
}

static inline void end_png(bytes *to) {
  put_chunk(to, "IEND", "", 0);
}

#endif
