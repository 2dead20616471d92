/* Conversion between binary32 and binary16 by integer arithmetic: the same bits on every machine. */
#include "base/half.h"

#include <string.h>

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Drops `shift` low bits, to nearest, ties to even. */
static uint32_t round_off(uint32_t value, uint32_t shift) {
  uint32_t kept = value >> shift, rest = value & ((1u << shift) - 1), middle = 1u << (shift - 1);
  return kept + (rest > middle || (rest == middle && (kept & 1)));
}

uint16_t xdi_half_from_float(float value) {
  uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return (uint16_t)(sign | 0x7e00u);
  if (magnitude >= 0x47800000u)
    return (uint16_t)(sign | 0x7c00u); /* 65536 and beyond */
  if (magnitude < 0x33000000u)
    return (uint16_t)sign; /* below half the smallest subnormal */
  uint32_t exponent = magnitude >> 23, mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  if (exponent < 113)
    return (uint16_t)(sign | round_off(mantissa, 126 - exponent));
  /* A carry out of the mantissa steps the exponent up, at the top into infinity: both are right. */
  return (uint16_t)(sign | round_off(magnitude - (112u << 23), 13));
}

float xdi_half_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = half >> 10 & 31u, mantissa = half & 0x3ffu;
  uint32_t bits;
  float value;
  if (exponent == 0) {
    value = (float)mantissa * 0x1p-24f;
    bits = bits_of(value) | sign;
  } else {
    bits = sign | (exponent == 31 ? 255u << 23 : (exponent + 112u) << 23) | mantissa << 13;
  }
  memcpy(&value, &bits, sizeof value);
  return value;
}
