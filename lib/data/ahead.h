/* Pictures of files that are decoded ahead, side by side, for a set that takes them in order. */
#ifndef XDI_DATA_AHEAD_H
#define XDI_DATA_AHEAD_H

#include "base/context.h"
#include "xdomain/image.h"

#define XDI_AHEAD_MOST 256

typedef struct xdi_ahead {
  xd_context *context;
  char *paths[XDI_AHEAD_MOST];
  xd_picture *pictures[XDI_AHEAD_MOST]; /* NULL: not decoded, or taken */
  uint32_t count;                       /* of paths */
  uint32_t room;                        /* the next batch's; 1: nothing is decoded ahead */
} xdi_ahead;

void xdi_ahead_begin(xdi_ahead *out, xd_context *context);

/* Decodes a batch on the context's runner: at most ahead->room files, whose paths the caller has put there. A picture stays
 * NULL where the caller has to load it, and so to hear and tell what is wrong: nothing of it was logged, and the context's
 * message is as before. XD_ERROR_INTERNAL: the runner failed. */
xd_status xdi_ahead_decode(xdi_ahead *ahead);

/* Gives back the paths and what was not taken. */
void xdi_ahead_clear(xdi_ahead *ahead);

#endif
