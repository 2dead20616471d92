/* Convolutions that gather: each output cell is a sum over the taps that meet it. One description serves
 * conv2d forward and conv_transpose2d's backward_data (cells of the wide side are gathered at each
 * place of the kernel), and their adjoints (cells of the narrow side are gathered for each wide cell). The
 * ways to compute it are those of ways.h.
 *
 * A transposed convolution of stride s falls apart into s * s ordinary convolutions of stride 1, one
 * for each residue class of the output's rows and columns, each with its share of the taps. So there
 * are "phases": one for a convolution, s by s for its adjoint. */
#ifndef XDI_NATIVE_GATHER_H
#define XDI_NATIVE_GATHER_H

#include "backend/geometry.h"
#include "backend/native/frame.h"

/* How output cells of one residue class along one axis meet the taps: output cell
 * out_stride * j + phase reads source cells in_stride * j + first + u at tap first_tap + u * tap_step. */
typedef struct xdi_phase {
  size_t taps; /* u < taps; 0: no tap reaches these cells */
  ptrdiff_t first;
  ptrdiff_t first_tap, tap_step;
} xdi_phase;

typedef struct xdi_axis {
  bool adjoint; /* taps run backwards, one phase for each residue of the stride */
  size_t kernel, pad, in_stride, out_stride;
  size_t source, target; /* cells */
  ptrdiff_t first, last; /* the reach of all phases around in_stride * j */
} xdi_axis;

typedef struct xdi_gather {
  size_t batch;
  xdi_axis y, x;
  size_t source_channels, target_channels;
  bool turned; /* weights are [tap][target][source] instead of [tap][source][target] */
  const float *source, *weights;
  const float *panels; /* the weights as the way packs them, or NULL */
  /* Or NULL: panels of bytes instead; source then holds pairs of whole numbers, a channel each. */
  const int8_t *bytes;
  const float *scales, *picture_scales; /* of such panels' columns, and of each picture's numbers */
  float *target;
  const float *bias;
  xd_activation activation;
  const float *derived_by; /* like target, or NULL: multiply by the slope of x_activation there */
  xd_activation x_activation;
} xdi_gather;

/* Source wide, target narrow; and source narrow, target wide. The caller adds pointers and finish. */
xdi_gather xdi_gather_wide(const xdi_geometry *geometry);
xdi_gather xdi_gather_narrow(const xdi_geometry *geometry);

/* Geometry along one axis: the phase's taps; how many places it has; and how many source cells lie
 * between the first and the last that `places` neighbouring places of all phases read. */
xdi_phase xdi_axis_phase(const xdi_axis *axis, size_t phase);
size_t xdi_axis_places(const xdi_axis *axis, size_t phase);
size_t xdi_axis_reach(const xdi_axis *axis, size_t places);

/* Frames of the source for bands whose rows are `unit` rows of places, `columns` places wide. */
xdi_frames xdi_gather_frames(const xdi_gather *gather, size_t unit, size_t columns);

#endif
