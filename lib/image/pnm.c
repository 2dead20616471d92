/* Binary PGM (P5) and PPM (P6): "P5", width, height and maximum as decimal numbers between white space
 * and #-comments, one white space character, then the samples, of two bytes where the maximum is over
 * 255. Samples are scaled to 0..255, or to 0..65535 where there are two bytes, and rounded. */
#include "image/encoded.h"

#include "image/picture.h"
#include "image/view.h"

typedef struct header {
  uint32_t channels, width, height, maximum;
  size_t at; /* of the first sample */
} header;

static bool is_blank(unsigned char letter) {
  return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

/* A comment runs to the end of its line. */
static size_t skip_blanks(const xdi_encoded *file, size_t at) {
  while (at < file->size && (is_blank(file->data[at]) || file->data[at] == '#')) {
    if (file->data[at] == '#')
      while (at < file->size && file->data[at] != '\n')
        at++;
    else
      at++;
  }
  return at;
}

static xd_status read_number(xd_context *context, const xdi_encoded *file, size_t *at, const char *field,
                             uint32_t *out) {
  size_t begin = skip_blanks(file, *at), end = begin;
  uint32_t value = 0;
  for (; end < file->size && file->data[end] >= '0' && file->data[end] <= '9'; end++)
    if (value <= XDI_SIDE_LIMIT) /* already too large otherwise */
      value = value * 10 + (uint32_t)(file->data[end] - '0');
  if (end == file->size)
    return xdi_fail(context, XD_ERROR_TRUNCATED, "'%s' ends in the PNM header's %s", file->name, field);
  if (end == begin || begin == *at)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': the PNM header's %s is no number", file->name, field);
  *at = end;
  *out = value;
  return XD_OK;
}

static xd_status read_header(xd_context *context, const xdi_encoded *file, header *found) {
  found->channels = file->data[1] == '5' ? 1 : 3;
  found->at = 2;
  xd_status status = read_number(context, file, &found->at, "width", &found->width);
  if (status == XD_OK)
    status = read_number(context, file, &found->at, "height", &found->height);
  if (status == XD_OK)
    status = read_number(context, file, &found->at, "maximum", &found->maximum);
  if (status == XD_OK)
    status = xdi_picture_check_promise(context, file->name, found->width, found->height);
  if (status != XD_OK)
    return status;
  if (found->maximum == 0 || found->maximum > 65535 || !is_blank(file->data[found->at]))
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': the PNM header's maximum is not 1 to 65535",
                    file->name);
  found->at++;
  size_t bytes = (size_t)found->width * found->height * found->channels * (found->maximum > 255 ? 2 : 1);
  if (bytes > file->size - found->at)
    return xdi_fail(context, XD_ERROR_TRUNCATED, "'%s' has %zu bytes of the %zu of its PNM samples",
                    file->name, file->size - found->at, bytes);
  return XD_OK;
}

/* These are false when a sample is above the maximum. */
static bool scale_bytes(unsigned char *to, const unsigned char *from, size_t count, uint32_t maximum) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t value = from[i];
    largest = value > largest ? value : largest;
    to[i] = (unsigned char)((value * 255 + maximum / 2) / maximum);
  }
  return largest <= maximum;
}

static bool scale_words(uint16_t *to, const unsigned char *from, size_t count, uint32_t maximum) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t value = (uint32_t)from[2 * i] << 8 | from[2 * i + 1];
    largest = value > largest ? value : largest;
    to[i] = (uint16_t)(((uint64_t)value * 65535 + maximum / 2) / maximum);
  }
  return largest <= maximum;
}

xd_status xdi_pnm_decode(xd_picture **out, xd_context *context, const xdi_encoded *file) {
  header found = {0, 0, 0, 0, 0};
  xd_status status = read_header(context, file, &found);
  if (status == XD_OK)
    status =
        xd_picture_create(out, context, found.width, found.height,
                          found.maximum > 255 ? XD_SAMPLE_U16 : XD_SAMPLE_U8, xdi_layout_of(found.channels));
  if (status != XD_OK)
    return status;
  const size_t count = (size_t)found.width * found.height * found.channels;
  void *pixels = (*out)->view.pixels;
  if (found.maximum > 255 ? scale_words(pixels, file->data + found.at, count, found.maximum)
                          : scale_bytes(pixels, file->data + found.at, count, found.maximum))
    return XD_OK;
  xd_picture_destroy(*out);
  *out = NULL;
  return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': a PNM sample above the header's maximum %u", file->name,
                  found.maximum);
}
