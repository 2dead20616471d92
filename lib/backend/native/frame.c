/* Frames: bands of pictures with zero borders. */
#include "backend/native/frame.h"

#include <string.h>

static size_t clamp(ptrdiff_t value, size_t limit) {
  return value < 0 ? 0 : (size_t)value < limit ? (size_t)value : limit;
}

static size_t row_count(const xdi_frames *frames, size_t rows) {
  return rows ? (rows - 1) * frames->row_step + frames->row_reach : 0;
}

size_t xdi_frame_floats(const xdi_frames *frames, size_t rows) {
  return row_count(frames, rows) * frames->columns * frames->channels;
}

/* to[rows][columns][channels] = the picture's rows from `top` on. */
static void fill(const xdi_frames *frames, const float *picture, ptrdiff_t top, size_t rows, float *to) {
  const size_t columns = frames->columns, channels = frames->channels, width = frames->width;
  const ptrdiff_t left = frames->left;
  const size_t before = clamp(-left, columns);                            /* zero columns on the left */
  const size_t inside = clamp((ptrdiff_t)width - left, columns) - before; /* then columns of the picture */
  const size_t after = columns - before - inside;
  const size_t first = left > 0 ? (size_t)left : 0;
  for (size_t i = 0; i < rows; i++, to += columns * channels) {
    const ptrdiff_t row = top + (ptrdiff_t)i;
    if (row < 0 || row >= (ptrdiff_t)frames->height || inside == 0) {
      memset(to, 0, columns * channels * sizeof *to);
      continue;
    }
    const float *from = picture + ((size_t)row * width + first) * channels;
    memset(to, 0, before * channels * sizeof *to);
    memcpy(to + before * channels, from, inside * channels * sizeof *to);
    memset(to + (before + inside) * channels, 0, after * channels * sizeof *to);
  }
}

void xdi_fill_frames(const xdi_frames *frames, const xdi_band *band, float *to, size_t size) {
  const size_t picture = frames->height * frames->width * frames->channels;
  const size_t rows = row_count(frames, band->end - band->begin);
  const ptrdiff_t top = frames->top + (ptrdiff_t)(band->begin * frames->row_step);
  for (size_t i = 0; i < band->pictures; i++)
    fill(frames, frames->pictures + (band->picture + i) * picture, top, rows, to + i * size);
}
