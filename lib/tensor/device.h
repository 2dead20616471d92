/* Memory of a context's backend: buffers, places in them, floats in and out, and failures of all that with the
 * context's message. Nothing else in the library calls the table's buffer slots. */
#ifndef XDI_TENSOR_DEVICE_H
#define XDI_TENSOR_DEVICE_H

#include "base/context.h"

/* Parts of a buffer begin at multiples of so many floats: 64 bytes. */
#define XDI_DEVICE_LINE 16

/* What `count` floats take up before the next part; count <= SIZE_MAX - XDI_DEVICE_LINE. */
static inline size_t xdi_device_room(size_t count) {
  return (count + XDI_DEVICE_LINE - 1) / XDI_DEVICE_LINE * XDI_DEVICE_LINE;
}

/* Zeroed floats on the backend; count > 0. */
xd_status xdi_device_create(xd_context *context, xd_buffer **out, size_t count);

/* Floats that are only read and that the caller keeps until the buffer is destroyed: where the backend can, in
 * their place, else as a copy. */
xd_status xdi_device_wrap(xd_context *context, xd_buffer **out, const float *host, size_t count);

void xdi_device_destroy(xd_context *context, xd_buffer *buffer); /* NULL is legal */

static inline xd_slice xdi_slice(xd_buffer *buffer, size_t offset) {
  return (xd_slice){buffer, offset};
}

/* A place further on in the same buffer; an absent slice stays absent. */
static inline xd_slice xdi_slice_after(xd_slice slice, size_t offset) {
  return (xd_slice){slice.buffer, slice.buffer ? slice.offset + offset : 0};
}

/* Floats between host memory and a slice. */
xd_status xdi_device_write(xd_context *context, xd_slice to, const float *from, size_t count);
xd_status xdi_device_read(xd_context *context, float *to, xd_slice from, size_t count);

/* The same; XD_ERROR_NUMERIC where a number is not finite, the message naming `what` they are ("the codes"). */
xd_status xdi_device_read_finite(xd_context *context, float *to, xd_slice from, size_t count,
                                 const char *what);

/* The check alone, of numbers that came from the backend. */
xd_status xdi_device_check_finite(xd_context *context, const float *numbers, size_t count, const char *what);

/* Hands a kernel's status on, with the context's message on failure. */
xd_status xdi_device_check(xd_context *context, xd_status status, const char *kernel);

/* y = alpha x + beta y. */
xd_status xdi_device_scale_add(xd_context *context, float alpha, xd_slice x, float beta, xd_slice y,
                               size_t count);

/* Adds weight / n |a - b|^2, over the n cells of dense rows, to the gradient da; *mean gets the unweighted mean.
 * Strides are filled in. */
xd_status xdi_device_pull(xd_context *context, double *mean, xd_squared_distance *args);

/* What the rows of a block of host memory are: decides the status and the message for values that are not
 * finite. */
typedef enum xdi_row_kind { XDI_ROWS_OF_PIXELS, XDI_ROWS_OF_CODES } xdi_row_kind;

/* XD_ERROR_BAD_DATA (pixels) or XD_ERROR_NUMERIC (codes) names the first value of rows[count][width] that is not
 * finite; XD_ERROR_CANCELLED. */
xd_status xdi_device_check_rows(xd_context *context, const float *rows, uint32_t count, size_t width,
                                xdi_row_kind kind);

#endif
