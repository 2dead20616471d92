/* Numbers as the bytes of exchange files, lowest first, on any processor. */
#ifndef XDOMAIN_LITTLE_ENDIAN_H
#define XDOMAIN_LITTLE_ENDIAN_H

#include <stdint.h>
#include <string.h>

static inline void write_little(uint8_t *to, uint64_t value, uint32_t size) {
  for (uint32_t i = 0; i < size; i++)
    to[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t read_little(const uint8_t *from, uint32_t size) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < size; i++)
    value |= (uint64_t)from[i] << (8 * i);
  return value;
}

static inline void write_little_float(uint8_t *to, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  write_little(to, bits, sizeof bits);
}

static inline float read_little_float(const uint8_t *from) {
  const uint32_t bits = (uint32_t)read_little(from, sizeof bits);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#endif
