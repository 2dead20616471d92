/* Geometry of gathering convolutions. */
#include "backend/native/gather.h"

xdi_phase xdi_axis_phase(const xdi_axis *axis, size_t phase) {
  if (!axis->adjoint)
    return (xdi_phase){axis->kernel, -(ptrdiff_t)axis->pad, 0, 1};
  const size_t stride = axis->out_stride, first_tap = (phase + axis->pad) % stride;
  const size_t taps = first_tap < axis->kernel ? xdi_native_ceil(axis->kernel - first_tap, stride) : 0;
  const ptrdiff_t base = (ptrdiff_t)((phase + axis->pad) / stride), before = (ptrdiff_t)taps - 1;
  return (xdi_phase){taps, base - before, (ptrdiff_t)first_tap + before * (ptrdiff_t)stride,
                     -(ptrdiff_t)stride};
}

static void find_reach(xdi_axis *axis) {
  bool any = false;
  for (size_t i = 0; i < axis->out_stride; i++) {
    const xdi_phase phase = xdi_axis_phase(axis, i);
    const ptrdiff_t last = phase.first + (ptrdiff_t)phase.taps - 1;
    if (phase.taps == 0)
      continue;
    axis->first = any && axis->first < phase.first ? axis->first : phase.first;
    axis->last = any && axis->last > last ? axis->last : last;
    any = true;
  }
}

static xdi_axis wide_axis(size_t kernel, size_t pad, size_t stride, size_t wide, size_t narrow) {
  xdi_axis axis = {false, kernel, pad, stride, 1, wide, narrow, 0, 0};
  find_reach(&axis);
  return axis;
}

static xdi_axis narrow_axis(size_t kernel, size_t pad, size_t stride, size_t narrow, size_t wide) {
  xdi_axis axis = {true, kernel, pad, 1, stride, narrow, wide, 0, 0};
  find_reach(&axis);
  return axis;
}

xdi_gather xdi_gather_wide(const xdi_geometry *g) {
  return (xdi_gather){.batch = g->batch,
                      .y = wide_axis(g->kernel_height, g->pad, g->stride, g->wide_height, g->narrow_height),
                      .x = wide_axis(g->kernel_width, g->pad, g->stride, g->wide_width, g->narrow_width),
                      .source_channels = g->wide_channels,
                      .target_channels = g->narrow_channels};
}

xdi_gather xdi_gather_narrow(const xdi_geometry *g) {
  return (xdi_gather){.batch = g->batch,
                      .y = narrow_axis(g->kernel_height, g->pad, g->stride, g->narrow_height, g->wide_height),
                      .x = narrow_axis(g->kernel_width, g->pad, g->stride, g->narrow_width, g->wide_width),
                      .source_channels = g->narrow_channels,
                      .target_channels = g->wide_channels};
}

size_t xdi_axis_reach(const xdi_axis *axis, size_t places) {
  return places ? (places - 1) * axis->in_stride + (size_t)(axis->last - axis->first) + 1 : 0;
}

size_t xdi_axis_places(const xdi_axis *axis, size_t phase) {
  return phase < axis->target ? xdi_native_ceil(axis->target - phase, axis->out_stride) : 0;
}

xdi_frames xdi_gather_frames(const xdi_gather *g, size_t unit, size_t columns) {
  return (xdi_frames){.pictures = g->source,
                      .height = g->y.source,
                      .width = g->x.source,
                      .channels = g->source_channels,
                      .row_step = unit * g->y.in_stride,
                      .row_reach = xdi_axis_reach(&g->y, unit),
                      .top = g->y.first,
                      .left = g->x.first,
                      .columns = xdi_axis_reach(&g->x, columns)};
}
