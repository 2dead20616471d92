/* Scales of bytes. A float has 24 bits: 17 of a scale and 7 of a byte make an exact product, so a channel's largest
 * weight, 127 times the scale, divided by 127 is the scale again. */
#include "base/int8.h"

#include <float.h>
#include <string.h>

#define SPARE_BITS 0x7fu

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

float xdi_int8_scale(float largest) {
  float scale = largest / XDI_INT8_MOST;
  const uint32_t bits =
      bits_of(scale) & ~SPARE_BITS; /* down, so that 127 of it are no more than the largest */
  memcpy(&scale, &bits, sizeof scale);
  return scale > FLT_MIN ? scale : FLT_MIN;
}

bool xdi_int8_is_scale(float scale) {
  return scale >= FLT_MIN && scale <= FLT_MAX && (bits_of(scale) & SPARE_BITS) == 0;
}

int8_t xdi_int8_from_float(float value, float scale) {
  const double units = (double)value / (double)scale;
  const int nearest = (int)(units + (units < 0.0 ? -0.5 : 0.5));
  return (int8_t)(nearest > XDI_INT8_MOST    ? XDI_INT8_MOST
                  : nearest < -XDI_INT8_MOST ? -XDI_INT8_MOST
                                             : nearest);
}
