/* How a picture fits into one of another size: the areas of both, and the names of the ways. */
#include "image/fit.h"

#include <string.h>

#include "image/view.h"

static const char *const names[] = {"exact", "stretch", "pad", "crop"}; /* as xd_fit numbers them */

const char *xd_fit_name(xd_fit fit) {
  return fit <= XD_FIT_CROP ? names[fit] : "";
}

xd_status xd_fit_from_name(xd_fit *out, const char *name) {
  if (!out || !name)
    return XD_ERROR_INVALID_ARGUMENT;
  for (xd_fit fit = XD_FIT_EXACT; fit <= XD_FIT_CROP; fit++)
    if (strcmp(name, names[fit]) == 0) {
      *out = fit;
      return XD_OK;
    }
  return XD_ERROR_NOT_FOUND;
}

/* The side of `a` beside a side of `b`, in the proportion a : b, rounded, at least 1 and at most `most`. */
static uint32_t scale_side(uint32_t side, uint32_t a, uint32_t b, uint32_t most) {
  const uint64_t scaled = ((uint64_t)side * a * 2 + b) / ((uint64_t)b * 2);
  if (scaled < 1)
    return 1;
  return scaled > most ? most : (uint32_t)scaled;
}

/* The middle of width x height with the largest sides of the proportion across : down. */
static xd_rectangle find_middle(uint32_t width, uint32_t height, uint32_t across, uint32_t down) {
  xd_rectangle middle = {0, 0, width, height};
  if ((uint64_t)width * down > (uint64_t)height * across)
    middle.width = scale_side(height, across, down, width);
  else
    middle.height = scale_side(width, down, across, height);
  middle.x = (width - middle.width) / 2;
  middle.y = (height - middle.height) / 2;
  return middle;
}

xd_rectangle xdi_fit_used(xd_fit fit, uint32_t from_width, uint32_t from_height, uint32_t to_width,
                          uint32_t to_height) {
  return fit == XD_FIT_CROP ? find_middle(from_width, from_height, to_width, to_height)
                            : (xd_rectangle){0, 0, from_width, from_height};
}

xd_rectangle xdi_fit_place(xd_fit fit, uint32_t from_width, uint32_t from_height, uint32_t to_width,
                           uint32_t to_height) {
  return fit == XD_FIT_PAD ? find_middle(to_width, to_height, from_width, from_height)
                           : (xd_rectangle){0, 0, to_width, to_height};
}

static bool is_side(uint32_t side) {
  return side >= 1 && side <= XDI_SIDE_LIMIT;
}

xd_status xd_fit_areas(xd_rectangle *used, xd_rectangle *place, xd_fit fit, uint32_t from_width,
                       uint32_t from_height, uint32_t to_width, uint32_t to_height) {
  if (!used || !place || fit > XD_FIT_CROP || !is_side(from_width) || !is_side(from_height) ||
      !is_side(to_width) || !is_side(to_height))
    return XD_ERROR_INVALID_ARGUMENT;
  if (fit == XD_FIT_EXACT && (from_width != to_width || from_height != to_height))
    return XD_ERROR_SHAPE_MISMATCH;
  *used = xdi_fit_used(fit, from_width, from_height, to_width, to_height);
  *place = xdi_fit_place(fit, from_width, from_height, to_width, to_height);
  return XD_OK;
}
