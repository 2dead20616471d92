/* The trainers' use of the context's backend: their buffers, places in them, and kernels' failures with a
 * message. */
#ifndef XDI_TRAIN_DEVICE_H
#define XDI_TRAIN_DEVICE_H

#include "base/context.h"

/* Zeroed floats on the backend; count > 0. */
xd_status xdi_device_create(xd_context *context, xd_buffer **out, size_t count);
void xdi_device_destroy(xd_context *context, xd_buffer *buffer); /* NULL is legal */

/* Hands a kernel's status on, with the context's message on failure. */
xd_status xdi_device_check(xd_context *context, xd_status status, const char *kernel);

/* XD_ERROR_BAD_DATA names the first of pictures[count][size] that has a value which is not finite. */
xd_status xdi_device_check_pixels(xd_context *context, const float *pictures, uint32_t count, size_t size);

/* y = alpha x + beta y. */
xd_status xdi_device_scale_add(xd_context *context, float alpha, xd_slice x, float beta, xd_slice y,
                               size_t count);

static inline xd_slice xdi_slice(xd_buffer *buffer, size_t offset) {
  return (xd_slice){buffer, offset};
}

static inline xd_slice xdi_slice_after(xd_slice slice, size_t offset) {
  return (xd_slice){slice.buffer, slice.offset + offset};
}

#endif
