/* What strides reach. */
#include "image/extent.h"

#include "base/memory.h"

static size_t magnitude(ptrdiff_t stride) {
  return stride < 0 ? (size_t)0 - (size_t)stride : (size_t)stride;
}

static bool add_axis(xdi_extent *to, ptrdiff_t stride, size_t count) {
  const size_t step = magnitude(stride);
  unsigned at = to->axes;
  size_t reach;
  if (count < 2)
    return true;
  if (step == 0) {
    to->repeats = true;
    return true;
  }
  if (!xdi_multiply(step, count - 1, &reach) || !xdi_add(to->span, reach, &to->span))
    return false;
  if (to->span > PTRDIFF_MAX || (stride < 0 && to->low < reach))
    return false;
  if (stride < 0)
    to->low -= reach;
  for (; at > 0 && to->stride[at - 1] < step; at--) {
    to->stride[at] = to->stride[at - 1];
    to->count[at] = to->count[at - 1];
  }
  to->stride[at] = step;
  to->count[at] = count;
  to->axes++;
  return true;
}

bool xdi_extent_find(xdi_extent *out, const xdi_view *view) {
  *out = (xdi_extent){.low = (uintptr_t)view->pixels};
  out->span = out->run = xd_sample_size(view->sample);
  if (!add_axis(out, view->row_stride, view->height) || !add_axis(out, view->pixel_stride, view->width) ||
      !add_axis(out, view->channel_stride, view->channels) || out->low > UINTPTR_MAX - out->span)
    return false;
  /* Elements that touch are one longer run. */
  while (out->axes > 0 && out->stride[out->axes - 1] == out->run)
    out->run *= out->count[--out->axes];
  return true;
}

bool xdi_extent_is_single(const xdi_extent *of) {
  size_t inner = of->run;
  for (unsigned axis = of->axes; axis-- > 0;) {
    if (of->stride[axis] < inner)
      return false;
    inner += of->stride[axis] * (of->count[axis] - 1);
  }
  return !of->repeats;
}

static size_t common_measure(size_t a, size_t b) {
  while (b) {
    const size_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

bool xdi_extent_is_apart(const xdi_extent *first, const xdi_extent *second) {
  const xdi_extent *const both[2] = {first, second};
  size_t measure = 0;
  if (first->low + first->span <= second->low || second->low + second->span <= first->low)
    return true;
  for (unsigned i = 0; i < 2; i++)
    for (unsigned axis = 0; axis < both[i]->axes; axis++)
      measure = common_measure(measure, both[i]->stride[axis]);
  if (measure == 0)
    return false;
  const size_t behind = second->low >= first->low
                            ? (second->low - first->low) % measure
                            : (measure - (first->low - second->low) % measure) % measure;
  return behind >= first->run && behind + second->run <= measure;
}
