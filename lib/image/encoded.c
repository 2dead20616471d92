/* Which kind of picture file this is, by its first bytes. */
#include "image/encoded.h"

#include <string.h>

static bool begins_with(const xdi_encoded *file, const char *bytes, size_t count) {
  return file->size >= count && memcmp(file->data, bytes, count) == 0;
}

xd_status xdi_encoded_recognise(xd_context *context, xdi_encoded *file) {
  if (begins_with(file, "\x89PNG\r\n\x1a\n", 8))
    file->encoding = XDI_ENCODING_PNG;
  else if (begins_with(file, "\xff\xd8\xff", 3))
    file->encoding = XDI_ENCODING_JPEG;
  else if (begins_with(file, "BM", 2))
    file->encoding = XDI_ENCODING_BMP;
  else if (begins_with(file, "P5", 2) || begins_with(file, "P6", 2))
    file->encoding = XDI_ENCODING_PNM;
  else if (file->size == 0)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s' is empty", file->name);
  else
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s' is no PNG, JPEG, BMP, P5 or P6 picture", file->name);
  return XD_OK;
}
