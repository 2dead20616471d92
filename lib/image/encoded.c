/* Which kind of picture file this is, by its first bytes. */
#include "image/encoded.h"

#include <string.h>

static bool begins_with(const xdi_encoded *file, const char *bytes, size_t count) {
  return file->size >= count && memcmp(file->data, bytes, count) == 0;
}

void xdi_encoded_recognise(xdi_encoded *file) {
  file->encoding = XDI_ENCODING_UNKNOWN;
  if (begins_with(file, "\x89PNG\r\n\x1a\n", 8))
    file->encoding = XDI_ENCODING_PNG;
  else if (begins_with(file, "\xff\xd8\xff", 3))
    file->encoding = XDI_ENCODING_JPEG;
  else if (begins_with(file, "BM", 2))
    file->encoding = XDI_ENCODING_BMP;
  else if (begins_with(file, "P5", 2) || begins_with(file, "P6", 2))
    file->encoding = XDI_ENCODING_PNM;
}
