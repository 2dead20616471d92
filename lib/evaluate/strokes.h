/* Two plain measures of what is drawn on a ground. */
#ifndef XDI_EVALUATE_STROKES_H
#define XDI_EVALUATE_STROKES_H

#include "xdomain/shape.h"

/* The ground is the median of the outermost pixels, channel by channel; what differs from it is drawn. ink is the
 * mean difference; slant is how far the drawing leans: the regression of its columns on its rows, positive where
 * it leans to the right, 0 where nothing is drawn in more than one row. */
typedef struct xdi_strokes {
  float ink, slant;
} xdi_strokes;

xdi_strokes xdi_strokes_of(const float *picture, xd_shape shape);

#endif
