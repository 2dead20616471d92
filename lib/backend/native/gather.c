/* Gathering convolutions as products without scatter (see gather.h).
 *
 * A transposed convolution of stride s falls apart into s * s ordinary convolutions of stride 1, one
 * for each residue class of the output's rows and columns, each with its share of the taps. So there
 * are "phases": one for a convolution, s by s for its adjoint.
 *
 * Pictures are copied into frames with zero borders; then each row of outputs is a product whose left
 * factor is read in the frame where it stands: the taps of one kernel row are one run of
 * taps * channels floats. The loops: shards of pictures or bands, phases, panels of weights, blocks of
 * kernel rows that fit the first-level cache, output rows, tiles of a row. */
#include "backend/native/gather.h"

#include "backend/native/frame.h"
#include "backend/native/scatter.h"
#include "backend/native/winograd.h"

/* The depth of a panel's block that stays in the first-level cache. */
#define DEPTH_BLOCK 256

/* The frames of a group of pictures together (in floats). */
#define GROUP_LIMIT ((size_t)1 << 14)

/* ---- geometry ---- */

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

/* ---- packed weights ---- */

size_t xdi_gather_panel_floats(const xdi_kernels *kernels, const xdi_gather *g) {
  if (xdi_scatter_fits(kernels, g))
    return xdi_scatter_panel_floats(kernels, g);
  return g->y.kernel * g->x.kernel * g->source_channels * xdi_panel_count(kernels, g->target_channels) *
         xdi_panel_width(kernels);
}

static void pack_phase(const xdi_kernels *kernels, const xdi_gather *g, xdi_phase y, xdi_phase x, float *to) {
  const size_t source = g->source_channels, target = g->target_channels, area = source * target;
  const size_t depth = y.taps * x.taps * source, width = xdi_panel_width(kernels);
  for (size_t u = 0; u < y.taps; u++)
    for (size_t v = 0; v < x.taps; v++) {
      const ptrdiff_t ky = y.first_tap + (ptrdiff_t)u * y.tap_step,
                      kx = x.first_tap + (ptrdiff_t)v * x.tap_step;
      const float *tap = g->weights + ((size_t)ky * g->x.kernel + (size_t)kx) * area;
      xdi_pack_panels(kernels, to + (u * x.taps + v) * source * width, depth, tap,
                      g->turned ? 1 : (ptrdiff_t)target, g->turned ? (ptrdiff_t)source : 1, source, target);
    }
}

/* Where the panels of the phase after this one begin. */
static size_t phase_floats(const xdi_kernels *kernels, const xdi_gather *g, xdi_phase y, xdi_phase x) {
  return y.taps * x.taps * g->source_channels * xdi_panel_count(kernels, g->target_channels) *
         xdi_panel_width(kernels);
}

void xdi_gather_pack(const xdi_kernels *kernels, const xdi_gather *g, float *to) {
  if (xdi_scatter_fits(kernels, g)) {
    xdi_scatter_pack(kernels, g, to);
    return;
  }
  for (size_t i = 0; i < g->y.out_stride; i++)
    for (size_t j = 0; j < g->x.out_stride; j++) {
      const xdi_phase y = xdi_axis_phase(&g->y, i), x = xdi_axis_phase(&g->x, j);
      pack_phase(kernels, g, y, x, to);
      to += phase_floats(kernels, g, y, x);
    }
}

/* ---- running ---- */

typedef struct gather_job {
  xd_backend *backend;
  const xdi_gather *gather;
  const float *panels;
  size_t rows, bands;               /* places of the longest phase along y; bands a picture */
  size_t frame_columns, frame_size; /* floats between frames */
  size_t group;                     /* pictures whose frames are made together; 1 with bands */
  uint32_t shards;
} gather_job;

/* The same band of some pictures, for one phase pair. */
typedef struct pass {
  const float *frame; /* at the first source cell that the first place reads */
  const float *panels;
  xdi_phase y, x;
  size_t phase_y, phase_x;
  size_t first_place, places; /* rows of places */
  size_t width;               /* places in a row */
  size_t tiles;
  xdi_cut cut; /* of the width into tiles */
  size_t picture, pictures;
} pass;

static void run_row(const gather_job *job, const pass *p, xdi_tile *tile, const float *a, size_t cell,
                    bool last) {
  const xdi_gather *g = job->gather;
  const bool derives = tile->x != NULL;
  for (size_t i = 0; i < p->tiles; i++) {
    const size_t begin = xdi_cut_at(p->cut, i), cells = xdi_cut_at(p->cut, i + 1) - begin;
    const size_t at = cell + begin * (size_t)tile->c_row;
    const float *x = last && g->derived_by ? g->derived_by + at : NULL;
    tile->a = a + (ptrdiff_t)begin * tile->a_row;
    tile->c = g->target + at;
    tile->x = derives ? x : NULL;
    xdi_run_tile(job->backend->kernels, tile, cells, last ? g->activation : XD_ACTIVATION_IDENTITY, x,
                 g->x_activation);
  }
}

/* All rows of the pass for one panel's block of kernel rows; the panel's first column is n. */
static void run_rows(const gather_job *job, const pass *p, xdi_tile *tile, size_t n, bool last) {
  const xdi_gather *g = job->gather;
  const size_t source_row = g->y.in_stride * job->frame_columns * g->source_channels;
  const size_t target_row = g->x.target * g->target_channels;
  const float *a = tile->a;
  if (last)
    xdi_set_finish(tile, g->bias ? g->bias + n : NULL, g->activation, g->derived_by, g->x_activation);
  for (size_t picture = 0; picture < p->pictures; picture++)
    for (size_t row = 0; row < p->places; row++) {
      const size_t y = p->phase_y + g->y.out_stride * (p->first_place + row);
      const size_t cell =
          ((p->picture + picture) * g->y.target + y) * target_row + p->phase_x * g->target_channels + n;
      run_row(job, p, tile, a + picture * job->frame_size + row * source_row, cell, last);
    }
}

static void run_panel(const gather_job *job, const pass *p, const float *panel, size_t n) {
  const xdi_gather *g = job->gather;
  const size_t width = xdi_panel_width(job->backend->kernels), run = p->x.taps * g->source_channels;
  const size_t runs_at_once = run >= DEPTH_BLOCK || run == 0 ? 1 : DEPTH_BLOCK / run;
  const size_t blocks = p->y.taps && run ? xdi_native_ceil(p->y.taps, runs_at_once) : 1;
  const ptrdiff_t frame_row = (ptrdiff_t)(job->frame_columns * g->source_channels);
  for (size_t block = 0; block < blocks; block++) {
    const size_t begin = xdi_native_part(p->y.taps, blocks, block);
    const size_t end = xdi_native_part(p->y.taps, blocks, block + 1);
    xdi_tile tile = {.a = p->frame + (ptrdiff_t)begin * frame_row,
                     .b = panel + begin * run * width,
                     .a_row = (ptrdiff_t)(g->x.in_stride * g->source_channels),
                     .a_step = 1,
                     .a_run = frame_row,
                     .b_step = (ptrdiff_t)width,
                     .b_run = (ptrdiff_t)(run * width),
                     .steps = (uint32_t)run,
                     .runs = (uint32_t)(end - begin),
                     .planes = 1,
                     .columns = (uint32_t)(g->target_channels - n < width ? g->target_channels - n : width),
                     .c_row = (ptrdiff_t)(g->x.out_stride * g->target_channels),
                     .accumulate = block > 0,
                     .slope = 1.0f};
    run_rows(job, p, &tile, n, block + 1 == blocks);
  }
}

static void run_phase(const gather_job *job, const pass *p) {
  const xdi_gather *g = job->gather;
  const size_t width = xdi_panel_width(job->backend->kernels);
  const size_t depth = p->y.taps * p->x.taps * g->source_channels;
  for (size_t n = 0; n < g->target_channels; n += width)
    run_panel(job, p, p->panels + n * depth, n);
}

static void run_group(const gather_job *job, size_t unit, size_t pictures, float *frames) {
  const xdi_gather *g = job->gather;
  const size_t picture = unit / job->bands, band = unit % job->bands;
  const size_t begin = xdi_native_part(job->rows, job->bands, band);
  const size_t end = xdi_native_part(job->rows, job->bands, band + 1);
  const ptrdiff_t top = (ptrdiff_t)(begin * g->y.in_stride) + g->y.first;
  const float *panels = job->panels;
  for (size_t i = 0; i < pictures; i++)
    xdi_fill_frame(frames + i * job->frame_size, xdi_axis_reach(&g->y, end - begin), job->frame_columns,
                   g->source + (picture + i) * g->y.source * g->x.source * g->source_channels, g->y.source,
                   g->x.source, g->source_channels, top, g->x.first);
  for (size_t i = 0; i < g->y.out_stride; i++)
    for (size_t j = 0; j < g->x.out_stride; j++) {
      const xdi_phase y = xdi_axis_phase(&g->y, i), x = xdi_axis_phase(&g->x, j);
      const size_t last = xdi_axis_places(&g->y, i) < end ? xdi_axis_places(&g->y, i) : end;
      const ptrdiff_t skip = (y.first - g->y.first) * (ptrdiff_t)job->frame_columns + (x.first - g->x.first);
      const bool empty = y.taps == 0 || x.taps == 0;
      pass p = {.frame = empty ? frames : frames + skip * (ptrdiff_t)g->source_channels,
                .panels = panels,
                .y = y,
                .x = x,
                .phase_y = i,
                .phase_x = j,
                .first_place = begin,
                .places = last > begin ? last - begin : 0,
                .width = xdi_axis_places(&g->x, j),
                .picture = picture,
                .pictures = pictures};
      if (p.places && p.width) {
        p.tiles = xdi_native_ceil(p.width, job->backend->kernels->tile_rows);
        p.cut = xdi_cut_into(p.width, p.tiles);
        run_phase(job, &p);
      }
      panels += phase_floats(job->backend->kernels, g, y, x);
    }
}

static void run_shard(void *argument, uint32_t index) {
  const gather_job *job = argument;
  const size_t units = job->gather->batch * job->bands;
  const size_t end = xdi_native_part(units, job->shards, index + 1);
  uint32_t slot;
  float *frames = xdi_native_claim(job->backend, &slot);
  for (size_t unit = xdi_native_part(units, job->shards, index), pictures; unit < end; unit += pictures) {
    pictures = end - unit < job->group ? end - unit : job->group;
    run_group(job, unit, pictures, frames);
  }
  xdi_native_release(job->backend, slot);
}

/* Bands so that a frame fits its limit, and so that few pictures make enough shards; groups so that a
 * block of weights serves many rows while it is in the first-level cache. */
static void choose_shards(gather_job *job) {
  const xdi_gather *g = job->gather;
  const size_t cells = g->batch * g->y.target * g->x.target;
  const double taps =
      (double)(g->y.kernel * g->x.kernel * g->source_channels) / (double)(g->y.out_stride * g->x.out_stride);
  const double work = (double)cells * (double)g->target_channels * (taps + 16.0);
  const size_t frame = xdi_axis_reach(&g->y, job->rows) * job->frame_columns * g->source_channels;
  const uint32_t wanted = xdi_native_shards(work, XDI_SHARD_WORK, SIZE_MAX);
  job->bands = xdi_native_ceil(frame + 1, XDI_FRAME_LIMIT);
  if (g->batch * job->bands < wanted)
    job->bands = xdi_native_ceil(wanted, g->batch);
  if (job->bands > job->rows)
    job->bands = job->rows;
  job->shards = xdi_native_shards(work, XDI_SHARD_WORK, g->batch * job->bands);
  job->frame_size =
      xdi_axis_reach(&g->y, xdi_native_ceil(job->rows, job->bands)) * job->frame_columns * g->source_channels;
  job->group = job->bands == 1 && job->frame_size < GROUP_LIMIT ? GROUP_LIMIT / job->frame_size : 1;
}

xd_status xdi_gather_run(xd_backend *backend, const xdi_gather *g) {
  const xdi_kernels *kernels = backend->kernels;
  if (xdi_scatter_fits(kernels, g))
    return xdi_scatter_run(backend, g);
  gather_job job = {.backend = backend, .gather = g, .panels = g->panels};
  job.rows = xdi_axis_places(&g->y, 0);
  job.frame_columns = xdi_axis_reach(&g->x, xdi_axis_places(&g->x, 0));
  if (g->batch == 0 || job.rows == 0 || job.frame_columns == 0)
    return XD_OK;
  if (!g->panels && xdi_winograd_fits(kernels, g))
    return xdi_winograd_run(backend, g);
  choose_shards(&job);
  const size_t packed = xdi_gather_panel_floats(kernels, g);
  const xd_status status =
      xdi_native_reserve(backend, g->panels ? 0 : packed, job.shards, job.group * job.frame_size);
  if (status != XD_OK)
    return status;
  if (!g->panels) {
    xdi_gather_pack(kernels, g, backend->shared.floats);
    job.panels = backend->shared.floats;
  }
  return xdi_native_run(backend, run_shard, &job, job.shards);
}
