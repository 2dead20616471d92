/* Frames: bands of pictures with zero borders. */
#include "backend/native/frame.h"

#include <string.h>

static size_t clamp(ptrdiff_t value, size_t limit) {
  return value < 0 ? 0 : (size_t)value < limit ? (size_t)value : limit;
}

void xdi_fill_frame(float *to, size_t rows, size_t columns, const float *picture, size_t height, size_t width,
                    size_t channels, ptrdiff_t top, ptrdiff_t left) {
  const size_t before = clamp(-left, columns);                            /* zero columns on the left */
  const size_t inside = clamp((ptrdiff_t)width - left, columns) - before; /* then columns of the picture */
  const size_t after = columns - before - inside;
  const size_t first = left > 0 ? (size_t)left : 0;
  for (size_t i = 0; i < rows; i++, to += columns * channels) {
    const ptrdiff_t row = top + (ptrdiff_t)i;
    if (row < 0 || row >= (ptrdiff_t)height || inside == 0) {
      memset(to, 0, columns * channels * sizeof *to);
      continue;
    }
    const float *from = picture + ((size_t)row * width + first) * channels;
    memset(to, 0, before * channels * sizeof *to);
    memcpy(to + before * channels, from, inside * channels * sizeof *to);
    memset(to + (before + inside) * channels, 0, after * channels * sizeof *to);
  }
}
