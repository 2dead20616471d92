/* The ways to compute a gathering convolution. native_convolution.c chooses one of them, once a call; none knows
 * of the others, but that of bytes hands on to the direct one. */
#ifndef XDI_NATIVE_WAYS_H
#define XDI_NATIVE_WAYS_H

#include "backend/native/gather.h"
#include "backend/native/tiles.h"

typedef struct xdi_way {
  /* Whether it can compute the convolution, and is then better than those after it. */
  bool (*fits)(const xdi_kernels *kernels, const xdi_gather *gather);

  /* The weights packed for one call or many, as xdi_gather.panels. */
  size_t (*panel_floats)(const xdi_kernels *kernels, const xdi_gather *gather);
  xd_status (*pack)(xd_backend *backend, const xdi_gather *gather, float *to);

  /* Of at least one picture. */
  xd_status (*run)(xd_backend *backend, const xdi_gather *gather);
} xdi_way;

/* direct.c: products whose left factor is read in the pictures. Fits always. */
extern const xdi_way xdi_direct_way;

/* direct_bytes.c: the same for prepared weights that are bytes times their columns' scales, which `fits` looks for. */
extern const xdi_way xdi_direct_bytes_way;

/* scattered.c: one product of each source cell with all taps, whose shares the target collects; to few channels, as
 * a decoder's last layer is. */
extern const xdi_way xdi_scattered_way;

/* winograd.c: minimal filtering of pairs of places by two or three taps. */
extern const xdi_way xdi_winograd_way;

#endif
