/* How far apart pictures lie from each other. */
#ifndef XDI_EVALUATE_DIVERSITY_H
#define XDI_EVALUATE_DIVERSITY_H

#include "base/context.h"

/* Mean L2 distance over all pairs of pictures[count][size]; 0 for fewer than two. */
xd_status xdi_mean_distance(xd_context *context, double *out, const float *pictures, uint32_t count,
                            size_t size);

/* The first pictures of each of `classes` classes, at most `limit` of one. */
typedef struct xdi_gallery {
  xd_allocator allocator;
  uint32_t classes, limit;
  size_t size;      /* floats of a picture */
  uint32_t *count;  /* [classes] */
  float **pictures; /* [classes][count][size]; NULL for a class without any */
} xdi_gallery;

/* On failure the gallery is to be closed. */
xd_status xdi_gallery_open(xdi_gallery *gallery, xd_context *context, uint32_t classes, uint32_t limit,
                           size_t size);
void xdi_gallery_close(xdi_gallery *gallery); /* a zeroed one is legal */

/* Keeps a copy, unless the class is full. */
xd_status xdi_gallery_add(xdi_gallery *gallery, xd_context *context, uint32_t class, const float *picture);

#endif
