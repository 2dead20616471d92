/* Protocol buffers (protobuf.dev, "Encoding"): a field is a key, number * 8 + kind, and a varint, four bytes, or a
 * length and as many bytes. The length of a message within another one is known when it ends, and is put before it
 * then. */
#include <stdlib.h>
#include <string.h>

#include "little_endian.h"
#include "protobuf.h"

#define MOST ((size_t)INT32_MAX) /* bytes of a message */
#define VARINT_SIZE 10

enum wire_kind { VARINT = 0, BYTES = 2, FOUR_BYTES = 5 };

/* Room for `size` more bytes, which count as written; NULL if there is none. */
static uint8_t *extend(protobuf *to, size_t size) {
  if (to->failed || size > MOST - to->size) {
    to->failed = true;
    return NULL;
  }
  if (size > to->room - to->size) {
    const size_t wanted = to->size + size, room = wanted < 1024 ? 2048 : wanted + wanted / 2;
    uint8_t *bytes = realloc(to->bytes, room);
    if (!bytes) {
      to->failed = true;
      return NULL;
    }
    to->bytes = bytes;
    to->room = room;
  }
  to->size += size;
  return to->bytes + to->size - size;
}

static size_t spell_varint(uint8_t at[VARINT_SIZE], uint64_t value) {
  size_t size = 0;
  for (; value >= 0x80; value >>= 7)
    at[size++] = (uint8_t)(value | 0x80);
  at[size++] = (uint8_t)value;
  return size;
}

/* A field's key and the number behind it: its value or its length. */
static size_t spell_head(uint8_t at[2 * VARINT_SIZE], uint32_t field, enum wire_kind kind, uint64_t value) {
  const size_t size = spell_varint(at, (uint64_t)field << 3 | kind);
  return size + spell_varint(at + size, value);
}

static void put_head(protobuf *to, uint32_t field, enum wire_kind kind, uint64_t value) {
  uint8_t head[2 * VARINT_SIZE];
  const size_t size = spell_head(head, field, kind, value);
  uint8_t *at = extend(to, size);
  if (at)
    memcpy(at, head, size);
}

void put_whole(protobuf *to, uint32_t field, uint64_t value) {
  put_head(to, field, VARINT, value);
}

void put_float(protobuf *to, uint32_t field, float value) {
  uint8_t key[VARINT_SIZE];
  const size_t size = spell_varint(key, (uint64_t)field << 3 | FOUR_BYTES);
  uint8_t *at = extend(to, size + 4);
  if (at) {
    memcpy(at, key, size);
    write_little_float(at + size, value);
  }
}

void put_text(protobuf *to, uint32_t field, const char *text) {
  const size_t size = strlen(text);
  put_head(to, field, BYTES, size);
  uint8_t *at = extend(to, size);
  if (at)
    memcpy(at, text, size);
}

void put_floats(protobuf *to, uint32_t field, const float *values, size_t count) {
  put_head(to, field, BYTES, 4 * (uint64_t)count);
  uint8_t *at = count <= MOST / 4 ? extend(to, 4 * count) : extend(to, SIZE_MAX);
  for (size_t i = 0; at && i < count; i++)
    write_little_float(at + 4 * i, values[i]);
}

size_t begin_message(protobuf *to) {
  return to->size;
}

void end_message(protobuf *to, uint32_t field, size_t begin) {
  uint8_t head[2 * VARINT_SIZE];
  const size_t length = to->size - begin, size = spell_head(head, field, BYTES, length);
  if (!extend(to, size))
    return;
  memmove(to->bytes + begin + size, to->bytes + begin, length);
  memcpy(to->bytes + begin, head, size);
}
