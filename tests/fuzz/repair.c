/* See docs/model-format.md for the container and RFC 2083 for PNG. */
#include "repair.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

enum { HEADER = 64, ENTRY = 40, MOST_CHUNKS = 32, PNG_SIGNATURE = 8 };

static uint64_t read_little(const uint8_t *from, unsigned size) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; i++)
    value |= (uint64_t)from[i] << 8 * i;
  return value;
}

static void write_little(uint8_t *to, uint64_t value) {
  for (unsigned i = 0; i < 8; i++)
    to[i] = (uint8_t)(value >> 8 * i);
}

static void repair_entry(uint8_t *entry, const uint8_t *data, size_t size) {
  uint64_t offset = read_little(entry + 16, 8), length = read_little(entry + 24, 8);
  if (offset <= size && length <= size - offset)
    write_little(entry + 32, XXH3_64bits(data + offset, (size_t)length));
}

void repair_container(uint8_t *data, size_t size) {
  if (size < HEADER)
    return;
  uint64_t count = read_little(data + 20, 4);
  if (count > MOST_CHUNKS || size < HEADER + count * ENTRY)
    return;
  write_little(data + 24, size);
  for (uint64_t i = 0; i < count; i++)
    repair_entry(data + HEADER + i * ENTRY, data, size);
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, data, HEADER - 8);
  XXH3_64bits_update(&state, data + HEADER, (size_t)count * ENTRY);
  write_little(data + HEADER - 8, XXH3_64bits_digest(&state));
}

static uint32_t read_big(const uint8_t *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static void write_big(uint8_t *to, uint32_t value) {
  for (int i = 0; i < 4; i++)
    to[i] = (uint8_t)(value >> 8 * (3 - i));
}

static uint32_t find_crc(const uint8_t *from, size_t size) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < size; i++) {
    crc ^= from[i];
    for (int k = 0; k < 8; k++)
      crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
  }
  return ~crc;
}

void repair_png(uint8_t *data, size_t size) {
  if (size < PNG_SIGNATURE || memcmp(data, "\x89PNG\r\n\x1a\n", PNG_SIGNATURE) != 0)
    return;
  for (size_t at = PNG_SIGNATURE; size - at >= 12;) {
    uint32_t length = read_big(data + at);
    if (length > size - at - 12)
      return;
    write_big(data + at + 8 + length, find_crc(data + at + 4, (size_t)length + 4));
    at += 12 + (size_t)length;
  }
}
