/* The one reader and the one writer of structs whose size is the caller's. */
#include "base/sized.h"

#include <string.h>

#include "base/context.h"

size_t xdi_sized_stated(const void *of) {
  size_t size;
  memcpy(&size, of, sizeof size);
  return size;
}

/* A multiple of a size_t's size, so that no field is cut in two. */
static xd_status check_size(xd_context *context, size_t size, const xdi_sized *as) {
  if (size >= as->least && size <= XDI_SIZED_MOST && size % sizeof size == 0)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.struct_size is %zu, but this library's is %zu",
                  as->name, size, as->size);
}

xd_status xdi_sized_check(xd_context *context, const void *of, const xdi_sized *as) {
  if (!of)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the place of an %s is NULL", as->name);
  return check_size(context, xdi_sized_stated(of), as);
}

xd_status xdi_sized_check_array(xd_context *context, const void *array, uint32_t count, const xdi_sized *as,
                                size_t *step) {
  *step = as->size;
  if (count == 0)
    return XD_OK;
  const xd_status status = xdi_sized_check(context, array, as);
  if (status != XD_OK)
    return status;
  *step = xdi_sized_stated(array);
  for (uint32_t i = 1; i < count; i++) {
    const size_t size = xdi_sized_stated((const char *)array + i * *step);
    if (size != *step)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                      "element %u of an array of %s has struct_size %zu, but the first has %zu", i, as->name,
                      size, *step);
  }
  return XD_OK;
}

xd_status xdi_sized_read(xd_context *context, void *to, const void *from, const xdi_sized *as) {
  const xd_status status = xdi_sized_check(context, from, as);
  if (status != XD_OK)
    return status;
  const size_t size = xdi_sized_stated(from);
  const unsigned char *bytes = from;
  for (size_t i = as->size; i < size; i++)
    if (bytes[i] != 0)
      return xdi_fail(context, XD_ERROR_UNSUPPORTED,
                      "%s asks for something at offset %zu, but this library knows its first %zu bytes alone",
                      as->name, i, as->size);
  memcpy(to, from, size < as->size ? size : as->size);
  memcpy(to, &as->size, sizeof as->size);
  return XD_OK;
}

void xdi_sized_write(void *to, size_t to_size, const void *from, size_t from_size) {
  if (!to || to_size < sizeof to_size || to_size > XDI_SIZED_MOST)
    return;
  const size_t known = to_size < from_size ? to_size : from_size;
  memcpy(to, from, known);
  memset((char *)to + known, 0, to_size - known);
  memcpy(to, &to_size, sizeof to_size);
}

xd_status xdi_check_reserved(xd_context *context, const char *name, uint32_t value) {
  if (value == 0)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is %u, but reserved fields are 0", name, value);
}

xd_status xdi_check_switch(xd_context *context, const char *name, uint32_t value) {
  if (value <= 1)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is %u, but a switch is 0 or 1", name, value);
}
