/* Buffers of a context's backend, and small kernel calls, with messages. */
#include "tensor/device.h"

#include <math.h>

static xd_status report(xd_context *context, size_t count, const char *way, xd_status status) {
  if (status == XD_OK)
    return XD_OK;
  return xdi_fail(context, status, "backend \"%s\" failed to %s %zu floats: %s", context->table.name, way,
                  count, xd_status_text(status));
}

xd_status xdi_device_create(xd_context *context, xd_buffer **out, size_t count) {
  *out = NULL;
  const xd_status status = context->table.buffer_create(context->backend, out, count);
  if (status != XD_OK)
    *out = NULL;
  return report(context, count, "make room for", status);
}

xd_status xdi_device_wrap(xd_context *context, xd_buffer **out, const float *host, size_t count) {
  *out = NULL;
  if (context->table.buffer_wrap)
    return report(context, count, "wrap", context->table.buffer_wrap(context->backend, out, host, count));
  const xd_status status = xdi_device_create(context, out, count);
  return status == XD_OK ? xdi_device_write(context, xdi_slice(*out, 0), host, count) : status;
}

void xdi_device_destroy(xd_context *context, xd_buffer *buffer) {
  if (buffer)
    context->table.buffer_destroy(context->backend, buffer);
}

xd_status xdi_device_write(xd_context *context, xd_slice to, const float *from, size_t count) {
  return report(context, count, "take", context->table.buffer_write(context->backend, to, from, count));
}

xd_status xdi_device_read(xd_context *context, float *to, xd_slice from, size_t count) {
  return report(context, count, "give", context->table.buffer_read(context->backend, to, from, count));
}

xd_status xdi_device_check_finite(xd_context *context, const float *numbers, size_t count, const char *what) {
  size_t odd = 0;
  for (size_t i = 0; i < count; i++)
    odd += isfinite(numbers[i]) ? 0 : 1;
  if (odd > 0)
    return xdi_fail(context, XD_ERROR_NUMERIC,
                    "%zu of the %zu numbers of %s are not finite: weights or inputs are too large", odd,
                    count, what);
  return XD_OK;
}

xd_status xdi_device_read_finite(xd_context *context, float *to, xd_slice from, size_t count,
                                 const char *what) {
  const xd_status status = xdi_device_read(context, to, from, count);
  return status == XD_OK ? xdi_device_check_finite(context, to, count, what) : status;
}

xd_status xdi_device_check(xd_context *context, xd_status status, const char *kernel) {
  if (status == XD_OK)
    return XD_OK;
  return xdi_fail(context, status, "the %s of backend %s failed: %s", kernel, context->table.name,
                  xd_status_text(status));
}

static xd_status report_value(xd_context *context, xdi_row_kind kind, uint32_t row, size_t column,
                              float value) {
  if (kind == XDI_ROWS_OF_PIXELS)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "pixel value %zu of picture %u is %f, not a finite number",
                    column, row, (double)value);
  return xdi_fail(context, XD_ERROR_NUMERIC, "value %zu of code %u is %f, not a finite number", column, row,
                  (double)value);
}

xd_status xdi_device_check_rows(xd_context *context, const float *rows, uint32_t count, size_t width,
                                xdi_row_kind kind) {
  xd_status status = XD_OK;
  for (uint32_t row = 0; row < count && status == XD_OK; row++, rows += width) {
    status = xdi_check_cancelled(context);
    for (size_t column = 0; column < width && status == XD_OK; column++)
      if (!isfinite(rows[column]))
        status = report_value(context, kind, row, column, rows[column]);
  }
  return status;
}

xd_status xdi_device_scale_add(xd_context *context, float alpha, xd_slice x, float beta, xd_slice y,
                               size_t count) {
  return xdi_device_check(context, context->table.scale_add(context->backend, alpha, x, beta, y, count),
                          "scale_add");
}

xd_status xdi_device_pull(xd_context *context, double *mean, xd_squared_distance *args) {
  args->a_stride = args->b_stride = args->da_stride = args->columns;
  const xd_status status =
      xdi_device_check(context, context->table.squared_distance(context->backend, args), "squared_distance");
  *mean = args->loss / ((double)args->rows * args->columns);
  return status;
}
