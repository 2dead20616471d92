/* IEEE 754 binary16, as weights are stored in half the room, and pixels by image tools. */
#ifndef XDI_BASE_HALF_H
#define XDI_BASE_HALF_H

#include <stdint.h>

/* Rounds to nearest, ties to even; values beyond 65504 become infinity, NaN stays NaN. */
uint16_t xdi_half_from_float(float value);
float xdi_half_to_float(uint16_t half);

#endif
