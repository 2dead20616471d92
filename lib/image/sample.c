/* Samples in memory and floats. n/255 and n/65535 and back are exact, and u16 becomes the nearest u8: the
 * quotient n/257 is never half way between two whole numbers. Bytes and floats that lie together have loops
 * of their own, which compilers make vectors of; the others may be at any address and any distance. */
#include "image/sample.h"

#include <string.h>

#include "base/half.h"

/* ---- loading ---- */

static void load_u8(float *to, size_t to_step, const unsigned char *from, ptrdiff_t step, uint32_t count) {
  if (step == 1 && to_step == 1)
    for (uint32_t i = 0; i < count; i++)
      to[i] = (float)from[i] / 255.0f;
  else
    for (uint32_t i = 0; i < count; i++, from += step)
      to[i * to_step] = (float)*from / 255.0f;
}

static void load_u16(float *to, size_t to_step, const unsigned char *from, ptrdiff_t step, uint32_t count) {
  for (uint32_t i = 0; i < count; i++, from += step) {
    uint16_t value;
    memcpy(&value, from, sizeof value);
    to[i * to_step] = (float)value / 65535.0f;
  }
}

static void load_f16(float *to, size_t to_step, const unsigned char *from, ptrdiff_t step, uint32_t count) {
  for (uint32_t i = 0; i < count; i++, from += step) {
    uint16_t half;
    memcpy(&half, from, sizeof half);
    to[i * to_step] = xdi_half_to_float(half);
  }
}

static void load_f32(float *to, size_t to_step, const unsigned char *from, ptrdiff_t step, uint32_t count) {
  if (step == (ptrdiff_t)sizeof *to && to_step == 1)
    memcpy(to, from, count * sizeof *to);
  else
    for (uint32_t i = 0; i < count; i++, from += step)
      memcpy(&to[i * to_step], from, sizeof *to);
}

void xdi_samples_load(xd_sample sample, float *to, size_t to_step, const unsigned char *from, ptrdiff_t step,
                      uint32_t count) {
  switch (sample) {
  case XD_SAMPLE_U8:
    load_u8(to, to_step, from, step, count);
    return;
  case XD_SAMPLE_U16:
    load_u16(to, to_step, from, step, count);
    return;
  case XD_SAMPLE_F16:
    load_f16(to, to_step, from, step, count);
    return;
  default:
    load_f32(to, to_step, from, step, count);
    return;
  }
}

/* ---- storing ---- */

static void store_u8(unsigned char *to, ptrdiff_t step, const float *from, size_t from_step, uint32_t count) {
  if (step == 1 && from_step == 1)
    for (uint32_t i = 0; i < count; i++)
      to[i] = (unsigned char)(xdi_clamp(from[i]) * 255.0f + 0.5f);
  else
    for (uint32_t i = 0; i < count; i++, to += step)
      *to = (unsigned char)(xdi_clamp(from[i * from_step]) * 255.0f + 0.5f);
}

static void store_u16(unsigned char *to, ptrdiff_t step, const float *from, size_t from_step,
                      uint32_t count) {
  for (uint32_t i = 0; i < count; i++, to += step) {
    const uint16_t value = (uint16_t)(xdi_clamp(from[i * from_step]) * 65535.0f + 0.5f);
    memcpy(to, &value, sizeof value);
  }
}

static void store_f16(unsigned char *to, ptrdiff_t step, const float *from, size_t from_step,
                      uint32_t count) {
  for (uint32_t i = 0; i < count; i++, to += step) {
    const uint16_t half = xdi_half_from_float(xdi_clamp(from[i * from_step]));
    memcpy(to, &half, sizeof half);
  }
}

static void store_f32(unsigned char *to, ptrdiff_t step, const float *from, size_t from_step,
                      uint32_t count) {
  const bool together = step == (ptrdiff_t)sizeof *from && from_step == 1;
  for (uint32_t i = 0; together && i < count; i++) {
    const float value = xdi_clamp(from[i]);
    memcpy(to + i * sizeof value, &value, sizeof value);
  }
  for (uint32_t i = 0; !together && i < count; i++, to += step) {
    const float value = xdi_clamp(from[i * from_step]);
    memcpy(to, &value, sizeof value);
  }
}

void xdi_samples_store(xd_sample sample, unsigned char *to, ptrdiff_t step, const float *from,
                       size_t from_step, uint32_t count) {
  switch (sample) {
  case XD_SAMPLE_U8:
    store_u8(to, step, from, from_step, count);
    return;
  case XD_SAMPLE_U16:
    store_u16(to, step, from, from_step, count);
    return;
  case XD_SAMPLE_F16:
    store_f16(to, step, from, from_step, count);
    return;
  default:
    store_f32(to, step, from, from_step, count);
    return;
  }
}
