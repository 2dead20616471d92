/* What xd_fit_areas tells, of sides and a fit that were checked. */
#ifndef XDI_IMAGE_FIT_H
#define XDI_IMAGE_FIT_H

#include "xdomain/image.h"

xd_rectangle xdi_fit_used(xd_fit fit, uint32_t from_width, uint32_t from_height, uint32_t to_width,
                          uint32_t to_height);
xd_rectangle xdi_fit_place(xd_fit fit, uint32_t from_width, uint32_t from_height, uint32_t to_width,
                           uint32_t to_height);

#endif
