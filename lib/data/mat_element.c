/* Elements of MATLAB level 5 files in either byte order, and what stands before a matrix's values. */
#include "data/mat_element.h"

#include <string.h>

uint64_t xdi_mat_number(bool big_endian, const unsigned char *from, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; i++)
    value = value << 8 | from[big_endian ? i : bytes - 1 - i];
  return value;
}

static uint32_t read_u32(bool big_endian, const unsigned char *from) {
  return (uint32_t)xdi_mat_number(big_endian, from, 4);
}

/* ---- elements ---- */

void xdi_mat_parse_tag(bool big_endian, const unsigned char bytes[8], xdi_mat_element *out) {
  uint32_t first = read_u32(big_endian, bytes);
  out->is_small = first >> 16 != 0;
  out->type = first & 0xFFFF;
  out->size = out->is_small ? first >> 16 : read_u32(big_endian, bytes + 4);
  out->taken = 0;
  memcpy(out->small, bytes + 4, 4);
}

xd_status xdi_mat_read_tag(xdi_mat_input *input, xdi_mat_element *out) {
  unsigned char bytes[8];
  xd_status status = xdi_source_read(&input->source, bytes, sizeof bytes);
  if (status != XD_OK)
    return status;
  xdi_mat_parse_tag(input->big_endian, bytes, out);
  if (out->is_small && out->size > sizeof out->small)
    return xdi_fail(input->source.context, XD_ERROR_BAD_DATA, "'%s': a small MAT element of %u bytes",
                    input->source.name, out->size);
  return XD_OK;
}

xd_status xdi_mat_read_data(xdi_mat_input *input, xdi_mat_element *element, void *to, uint32_t size) {
  if (!element->is_small)
    return xdi_source_read(&input->source, to, size);
  memcpy(to, element->small + element->taken, size);
  element->taken += size;
  return XD_OK;
}

xd_status xdi_mat_skip_padding(xdi_mat_input *input, const xdi_mat_element *element) {
  return element->is_small ? XD_OK : xdi_source_read(&input->source, NULL, (8 - element->size % 8) % 8);
}

/* The whole data when it fits into `room`, nothing of it otherwise. */
static xd_status read_short(xdi_mat_input *input, xdi_mat_element *element, void *to, uint32_t room) {
  xd_status status;
  if (element->size <= room)
    status = xdi_mat_read_data(input, element, to, element->size);
  else
    status = xdi_source_read(&input->source, NULL, element->size); /* never small: room is at least 4 */
  return status == XD_OK ? xdi_mat_skip_padding(input, element) : status;
}

/* ---- a matrix's head ---- */

static xd_status read_flags(xdi_mat_input *input, xdi_mat_matrix *matrix, bool *known) {
  unsigned char bytes[8];
  xdi_mat_element element;
  xd_status status = xdi_mat_read_tag(input, &element);
  if (status != XD_OK)
    return status;
  *known = element.type == XDI_MAT_UINT32 && element.size == sizeof bytes && !element.is_small;
  if (!*known)
    return XD_OK;
  status = xdi_mat_read_data(input, &element, bytes, sizeof bytes);
  if (status != XD_OK)
    return status;
  uint32_t flags = read_u32(input->big_endian, bytes);
  matrix->class = flags & 0xFF;
  matrix->is_complex = (flags & 0x0800) != 0;
  return XD_OK;
}

static xd_status read_dimensions(xdi_mat_input *input, xdi_mat_matrix *matrix, bool *known) {
  unsigned char bytes[4 * XDI_MAT_DIMENSIONS];
  xdi_mat_element element;
  xd_status status = xdi_mat_read_tag(input, &element);
  if (status != XD_OK)
    return status;
  *known = element.type == XDI_MAT_INT32 && element.size % 4 == 0;
  if (!*known)
    return XD_OK;
  status = read_short(input, &element, bytes, sizeof bytes);
  if (status != XD_OK)
    return status;
  matrix->dimensions = element.size / 4;
  for (uint32_t i = 0; matrix->dimensions <= XDI_MAT_DIMENSIONS && i < matrix->dimensions; i++)
    matrix->sizes[i] = read_u32(input->big_endian, bytes + 4 * (size_t)i);
  return XD_OK;
}

static xd_status read_name(xdi_mat_input *input, xdi_mat_matrix *matrix, bool *known) {
  xdi_mat_element element;
  xd_status status = xdi_mat_read_tag(input, &element);
  if (status != XD_OK)
    return status;
  *known = element.type == XDI_MAT_INT8;
  return *known ? read_short(input, &element, matrix->name, XDI_MAT_NAME_ROOM - 1) : XD_OK;
}

xd_status xdi_mat_read_head(xdi_mat_input *input, xdi_mat_matrix *out, bool *known) {
  memset(out, 0, sizeof *out);
  xd_status status = read_flags(input, out, known);
  if (status == XD_OK && *known)
    status = read_dimensions(input, out, known);
  if (status == XD_OK && *known)
    status = read_name(input, out, known);
  return status;
}
