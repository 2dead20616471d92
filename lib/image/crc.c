/* CRC-32 by the reflected polynomial 0xEDB88320. Four bits at a time are a table of sixteen numbers and a long wait for
 * each; eight bytes at a time are sixteen tables, made here, that do not wait for one another. */
#include "image/crc.h"

#define AT_ONCE 8
#define TABLES (2 * AT_ONCE)

static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
                                   0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                   0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};

static uint32_t add_four_bits(uint32_t crc, uint32_t bits) {
  return (crc >> 4) ^ table[(crc ^ bits) & 15];
}

/* tables[k]: four bits that 4k others follow. */
static void make_tables(uint32_t tables[TABLES][16]) {
  for (uint32_t i = 0; i < 16; i++)
    tables[0][i] = table[i];
  for (int k = 1; k < TABLES; k++)
    for (uint32_t i = 0; i < 16; i++)
      tables[k][i] = add_four_bits(tables[k - 1][i], 0);
}

static uint64_t read_eight(const unsigned char *from) {
  uint64_t value = 0;
  for (int i = 0; i < AT_ONCE; i++)
    value |= (uint64_t)from[i] << 8 * i;
  return value;
}

uint32_t xdi_crc32(const unsigned char *from, size_t count) {
  uint32_t tables[TABLES][16], crc = 0xFFFFFFFF;
  if (count >= 4 * AT_ONCE)
    make_tables(tables);
  for (; count >= 4 * AT_ONCE; from += AT_ONCE, count -= AT_ONCE) {
    const uint64_t eight = read_eight(from) ^ crc;
    crc = 0;
    for (int k = 0; k < TABLES; k++)
      crc ^= tables[TABLES - 1 - k][eight >> 4 * k & 15];
  }
  for (; count > 0; from++, count--)
    crc = add_four_bits(add_four_bits(crc, *from), (uint32_t)*from >> 4);
  return ~crc;
}
