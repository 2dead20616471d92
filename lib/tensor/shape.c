/* Sizes of pictures and batches. A shape with a side of 0 is nowhere legal, so it has no count. */
#include "tensor/shape.h"

#include "base/memory.h"

bool xdi_shape_count(xd_shape shape, uint32_t batch, size_t *out) {
  size_t count = batch, bytes;
  if (!xdi_multiply(count, shape.height, &count) || !xdi_multiply(count, shape.width, &count) ||
      !xdi_multiply(count, shape.channels, &count) || !xdi_multiply(count, sizeof(float), &bytes) ||
      count == 0)
    return false;
  *out = count;
  return true;
}
