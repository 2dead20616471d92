/* One channel of a run of pixels between memory and floats in 0..1, for each kind of sample. */
#ifndef XDI_IMAGE_SAMPLE_H
#define XDI_IMAGE_SAMPLE_H

#include "image/view.h"

/* Floats `to_step` floats apart from samples `step` bytes apart. */
void xdi_samples_load(xd_sample sample, float *to, size_t to_step, const unsigned char *from, ptrdiff_t step,
                      uint32_t count);

/* The way back: clamped to 0..1, rounded to the nearest. */
void xdi_samples_store(xd_sample sample, unsigned char *to, ptrdiff_t step, const float *from,
                       size_t from_step, uint32_t count);

static inline float xdi_clamp(float value) {
  const float positive = value < 0.0f ? 0.0f : value;
  return positive > 1.0f ? 1.0f : positive;
}

#endif
