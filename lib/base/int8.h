/* Weights as bytes: whole numbers of -127 to 127 times a scale that a channel's weights share. */
#ifndef XDI_BASE_INT8_H
#define XDI_BASE_INT8_H

#include <stdbool.h>
#include <stdint.h>

#define XDI_INT8_MOST 127

/* The scale of a channel whose largest weight has that magnitude, such that no other lies further from its
 * product than half of it. Its lowest seven bits are zero, so that products are exact and the scale is found
 * again in them; it is a normal number, also for zeros. */
float xdi_int8_scale(float largest);

/* Whether a number is such a scale. */
bool xdi_int8_is_scale(float scale);

/* The nearest multiple of the scale. */
int8_t xdi_int8_from_float(float value, float scale);

#endif
