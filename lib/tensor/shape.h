/* Sizes of pictures and batches, checked for overflow. */
#ifndef XDI_TENSOR_SHAPE_H
#define XDI_TENSOR_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "xdomain/shape.h"

/* Pictures and codes that networks are made for. Channels are 1 or 3. */
#define XDI_SIDE_MIN 8
#define XDI_SIDE_MAX 256
#define XDI_CHANNELS_MAX 3
#define XDI_LATENT_MAX 1024

/* *out = batch * height * width * channels; false when a side is 0 or the product, or its size in
 * bytes as floats, does not fit. */
bool xdi_shape_count(xd_shape shape, uint32_t batch, size_t *out);

/* Cells of one picture or code that was accepted before: the product cannot overflow. */
static inline size_t xdi_cells(xd_shape shape) {
  return (size_t)shape.height * shape.width * shape.channels;
}

static inline bool xdi_shape_equal(xd_shape left, xd_shape right) {
  return left.height == right.height && left.width == right.width && left.channels == right.channels;
}

#endif
