/* The checksum of PNG's chunks. */
#ifndef XDI_IMAGE_CRC_H
#define XDI_IMAGE_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t xdi_crc32(const unsigned char *from, size_t count);

#endif
