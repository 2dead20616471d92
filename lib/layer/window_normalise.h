/* The window of a window_normalise layer, for those who weight with it. */
#ifndef XDI_LAYER_WINDOW_NORMALISE_H
#define XDI_LAYER_WINDOW_NORMALISE_H

#include "layer/builtin.h"

#define XDI_WINDOW_TAG XD_TAG('W', 'N', 'R', 'M')
#define XDI_WINDOW_SIDE_MAX 256
#define XDI_WINDOW_MIN 50 /* thousandths of the larger side */
#define XDI_WINDOW_MAX 10000

/* w(y, x) = vertical[y] * horizontal[x]: a Gaussian, 1 at the picture's centre. */
typedef struct xdi_window {
  float vertical[XDI_WINDOW_SIDE_MAX], horizontal[XDI_WINDOW_SIDE_MAX];
} xdi_window;

/* The window of a network whose first layer normalises by one; NULL: there is none. */
const xdi_window *xdi_window_of(const xd_network *network);

#endif
