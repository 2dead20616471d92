/* conv2d and conv_transpose2d as one geometry seen from two sides.
 *
 * The wide side is the picture that the kernel slides over (x of conv2d, y of conv_transpose2d); the
 * narrow side has one cell for each place of the kernel (y of conv2d, x of conv_transpose2d):
 * wide[place * stride + tap - pad] meets narrow[place] at weights[tap]. */
#ifndef XDI_BACKEND_GEOMETRY_H
#define XDI_BACKEND_GEOMETRY_H

#include "xdomain/sys/backend.h"

typedef struct xdi_geometry {
  size_t batch, stride, pad, kernel_height, kernel_width;
  size_t wide_height, wide_width, wide_channels;
  size_t narrow_height, narrow_width, narrow_channels;
} xdi_geometry;

typedef struct xdi_range {
  size_t begin, end;
} xdi_range;

static inline xdi_geometry xdi_conv2d_geometry(const xd_convolution *args) {
  return (xdi_geometry){.batch = args->batch,
                        .stride = args->stride,
                        .pad = args->pad,
                        .kernel_height = args->kernel_height,
                        .kernel_width = args->kernel_width,
                        .wide_height = args->in_height,
                        .wide_width = args->in_width,
                        .wide_channels = args->in_channels,
                        .narrow_height = args->out_height,
                        .narrow_width = args->out_width,
                        .narrow_channels = args->out_channels};
}

static inline xdi_geometry xdi_conv_transpose2d_geometry(const xd_convolution *args) {
  return (xdi_geometry){.batch = args->batch,
                        .stride = args->stride,
                        .pad = args->pad,
                        .kernel_height = args->kernel_height,
                        .kernel_width = args->kernel_width,
                        .wide_height = args->out_height,
                        .wide_width = args->out_width,
                        .wide_channels = args->out_channels,
                        .narrow_height = args->in_height,
                        .narrow_width = args->in_width,
                        .narrow_channels = args->in_channels};
}

/* The taps of a kernel at `place` that meet a cell of the wide side. */
static inline xdi_range xdi_taps_inside(size_t place, size_t stride, size_t pad, size_t kernel, size_t wide) {
  const size_t start = place * stride; /* the wide cell of tap 0, plus pad */
  xdi_range taps = {start < pad ? pad - start : 0, 0};
  if (start < wide + pad)
    taps.end = wide + pad - start < kernel ? wide + pad - start : kernel;
  if (taps.begin > taps.end)
    taps.begin = taps.end;
  return taps;
}

/* The places of a kernel at which `tap` meets a cell of the wide side. */
static inline xdi_range xdi_places_inside(size_t tap, size_t stride, size_t pad, size_t narrow, size_t wide) {
  xdi_range places = {tap < pad ? (pad - tap + stride - 1) / stride : 0, 0};
  if (tap < wide + pad)
    places.end = (wide + pad - tap + stride - 1) / stride;
  if (places.end > narrow)
    places.end = narrow;
  if (places.begin > places.end)
    places.begin = places.end;
  return places;
}

#endif
