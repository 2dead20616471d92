/* The direct way with weights that are bytes times their columns' scales, as in a model packed so: products of whole
 * numbers, two a lane and instruction.
 *
 * A picture becomes whole numbers of 16 bits times a scale of its own, as rows do before dense layers of bytes; two
 * neighbouring channels are a pair, which takes the place of a float in frames and strides. So direct.c runs it as a
 * convolution of half as many channels. */
#include <float.h>
#include <math.h>

#include "backend/native/ways.h"
#include "base/int8.h"

/* Numbers that are worth a shard when they become whole. */
#define FIXING_GRAIN (XDI_SHARD_WORK / 16)

/* Bytes of the weights, as floats of their room. */
static size_t byte_floats(const xdi_gather *g) {
  return g->y.kernel * g->x.kernel * g->source_channels * g->target_channels / sizeof(float);
}

/* The scale of a channel, found in its largest weight; 0 where that is not finite. */
static float find_scale(const xdi_gather *g, size_t channel) {
  const size_t rows = g->y.kernel * g->x.kernel * g->source_channels, columns = g->target_channels;
  float largest = 0.0f;
  for (size_t k = 0; k < rows; k++) {
    const float size = fabsf(g->weights[k * columns + channel]);
    largest = size > largest ? size : largest;
  }
  return largest <= FLT_MAX ? xdi_int8_scale(largest) : 0.0f;
}

/* Whether a channel's weights are bytes times its scale. */
static bool holds_bytes(const xdi_gather *g, size_t channel) {
  const size_t rows = g->y.kernel * g->x.kernel * g->source_channels, columns = g->target_channels;
  const float scale = find_scale(g, channel);
  bool exact = scale > 0.0f;
  for (size_t k = 0; k < rows && exact; k++) {
    const float weight = g->weights[k * columns + channel];
    exact = weight == weight && (float)xdi_int8_from_float(weight, scale) * scale == weight;
  }
  return exact;
}

static bool fits(const xdi_kernels *kernels, const xdi_gather *g) {
  bool exact = !g->turned && g->source_channels > 0 && g->source_channels % 2 == 0 &&
               g->target_channels > 0 && g->target_channels % xdi_panel_width(kernels) == 0 &&
               g->x.kernel * g->source_channels / 2 <= XDI_FIXED_PAIRS;
  for (size_t n = 0; n < g->target_channels && exact; n++)
    exact = holds_bytes(g, n);
  return exact;
}

static size_t panel_floats(const xdi_kernels *kernels, const xdi_gather *g) {
  (void)kernels;
  return byte_floats(g) + g->target_channels;
}

/* One phase's panels: depth [tap y][tap x][pair of source channels], each step two bytes a column. */
static int8_t *pack_phase(const xdi_gather *g, xdi_phase y, xdi_phase x, size_t width, const float *scales,
                          int8_t *to) {
  const size_t source = g->source_channels, target = g->target_channels;
  for (size_t n = 0; n < target; n += width)
    for (size_t u = 0; u < y.taps; u++)
      for (size_t v = 0; v < x.taps; v++) {
        const ptrdiff_t ky = y.first_tap + (ptrdiff_t)u * y.tap_step;
        const ptrdiff_t kx = x.first_tap + (ptrdiff_t)v * x.tap_step;
        const float *tap = g->weights + ((size_t)ky * g->x.kernel + (size_t)kx) * source * target;
        for (size_t pair = 0; pair < source; pair += 2)
          for (size_t column = n; column < n + width; column++)
            for (size_t i = 0; i < 2; i++)
              *to++ = xdi_int8_from_float(tap[(pair + i) * target + column], scales[column]);
      }
  return to;
}

static xd_status pack(xd_backend *backend, const xdi_gather *g, float *to) {
  const size_t width = xdi_panel_width(backend->kernels);
  float *scales = to + byte_floats(g);
  int8_t *bytes = (int8_t *)(void *)to;
  for (size_t n = 0; n < g->target_channels; n++)
    scales[n] = find_scale(g, n);
  for (size_t i = 0; i < g->y.out_stride; i++)
    for (size_t j = 0; j < g->x.out_stride; j++)
      bytes = pack_phase(g, xdi_axis_phase(&g->y, i), xdi_axis_phase(&g->x, j), width, scales, bytes);
  return XD_OK;
}

/* Pictures become whole numbers, each by its own scale. */
typedef struct fixing {
  const xd_backend *backend;
  const xdi_gather *g;
  size_t count; /* numbers of a picture */
  float *fixed, *scales;
  uint32_t shards;
} fixing;

static void run_fixing(void *argument, uint32_t index) {
  const fixing *job = argument;
  const size_t end = xdi_native_part(job->g->batch, job->shards, index + 1);
  for (size_t i = xdi_native_part(job->g->batch, job->shards, index); i < end; i++)
    job->backend->kernels->fix_row((int16_t *)(void *)(job->fixed + i * job->count / 2), &job->scales[i],
                                   job->g->source + i * job->count, (uint32_t)job->count);
}

static xd_status run(xd_backend *backend, const xdi_gather *g) {
  fixing job = {.backend = backend, .g = g, .count = g->y.source * g->x.source * g->source_channels};
  job.shards = xdi_native_shards((double)g->batch * (double)job.count, FIXING_GRAIN, g->batch);
  xd_status status = xdi_native_derive(backend, g->batch * (job.count / 2 + 1));
  if (status != XD_OK)
    return status;
  job.fixed = backend->derived.floats;
  job.scales = job.fixed + g->batch * (job.count / 2);
  status = xdi_native_run(backend, run_fixing, &job, job.shards);
  if (status != XD_OK)
    return status;
  xdi_gather pairs = *g;
  pairs.source = job.fixed;
  pairs.source_channels /= 2;
  pairs.bytes = (const int8_t *)(const void *)g->panels;
  pairs.scales = g->panels + byte_floats(g);
  pairs.picture_scales = job.scales;
  return xdi_direct_way.run(backend, &pairs);
}

const xdi_way xdi_direct_bytes_way = {.fits = fits, .panel_floats = panel_floats, .pack = pack, .run = run};
