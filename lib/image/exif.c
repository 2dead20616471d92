/* EXIF data (CIPA DC-008) are a TIFF file: "II" or "MM" for the byte order, the number 42, where the first
 * directory lies; a directory is a count of entries of 12 bytes: tag, type, count, value. Orientation is tag
 * 274, one number of 16 bits. */
#include "image/exif.h"

#include <stdbool.h>
#include <string.h>

#define HEAD 8u
#define ENTRY 12u
#define TAG_ORIENTATION 274u
#define TYPE_SHORT 3u

static uint32_t read_number(const unsigned char *from, unsigned bytes, bool little) {
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes; i++)
    value = value << 8 | from[little ? bytes - 1 - i : i];
  return value;
}

uint32_t xdi_exif_orientation(const unsigned char *tiff, size_t size) {
  if (size < HEAD || (memcmp(tiff, "II", 2) != 0 && memcmp(tiff, "MM", 2) != 0))
    return 0;
  const bool little = tiff[0] == 'I';
  const size_t directory = read_number(tiff + 4, 4, little);
  if (read_number(tiff + 2, 2, little) != 42 || directory > size - 2)
    return 0;
  const size_t count = read_number(tiff + directory, 2, little), room = (size - directory - 2) / ENTRY;
  const unsigned char *entry = tiff + directory + 2;
  for (size_t i = 0; i < count && i < room; i++, entry += ENTRY) {
    if (read_number(entry, 2, little) != TAG_ORIENTATION)
      continue;
    const uint32_t value = read_number(entry + 8, 2, little);
    const bool good =
        read_number(entry + 2, 2, little) == TYPE_SHORT && read_number(entry + 4, 4, little) == 1;
    return good && value >= 1 && value <= 8 ? value : 0;
  }
  return 0;
}
