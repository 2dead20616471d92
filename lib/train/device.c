/* Buffers and small kernel calls of the trainers, with messages. */
#include "train/device.h"

#include <math.h>

xd_status xdi_device_create(xd_context *context, xd_buffer **out, size_t count) {
  *out = NULL;
  xd_status status = context->table.buffer_create(context->backend, out, count);
  if (status == XD_ERROR_OUT_OF_MEMORY)
    return xdi_fail_memory(context, "taking memory on the backend");
  return xdi_device_check(context, status, "buffer_create");
}

void xdi_device_destroy(xd_context *context, xd_buffer *buffer) {
  if (buffer)
    context->table.buffer_destroy(context->backend, buffer);
}

xd_status xdi_device_check(xd_context *context, xd_status status, const char *kernel) {
  if (status == XD_OK)
    return XD_OK;
  return xdi_fail(context, status, "the %s of backend %s failed: %s", kernel, context->table.name,
                  xd_status_text(status));
}

xd_status xdi_device_check_pixels(xd_context *context, const float *pictures, uint32_t count, size_t size) {
  for (uint32_t i = 0; i < count; i++) {
    const float *picture = pictures + i * size;
    size_t bad = 0;
    for (size_t k = 0; k < size; k++)
      bad += isfinite(picture[k]) ? 0 : 1;
    if (bad)
      return xdi_fail(context, XD_ERROR_BAD_DATA,
                      "picture %u of the batch has %zu values that are not finite", i, bad);
  }
  return XD_OK;
}

xd_status xdi_device_scale_add(xd_context *context, float alpha, xd_slice x, float beta, xd_slice y,
                               size_t count) {
  return xdi_device_check(context, context->table.scale_add(context->backend, alpha, x, beta, y, count),
                          "scale_add");
}
