/* Gradients of convolution weights as products (see weight_gradients.h).
 *
 * For one kernel row ky, dweights[ky][kx, wide channel][narrow channel] is a product over all places:
 * the left factor's rows are the kernel_width * channels floats that a place sees in the wide side's
 * frame, the right factor is the narrow side as it stands. A shard sums over its share of the pictures
 * into a matrix of its own; the second run adds these up in order, and turns them if asked.
 *
 * Where a kernel has two or three taps for each residue of the stride and the places come in pairs,
 * the products are formed at the points of minimal filtering (winograd.c), with the places' cells in the role of the
 * taps: for 2 x 2 places nine products instead of sixteen, or sixteen instead of thirty-six. A shard's matrix then holds the points,
 * [point][residue, wide channel][narrow channel], and the second run joins them to weights. */
#include "backend/native/weight_gradients.h"

#include <string.h>

#include "backend/native/frame.h"

/* Each shard's matrix has to be written and added. */
#define MOST_SHARDS 16

/* The shards' matrices together hold no more floats than this, unless one alone does. */
#define PARTIAL_LIMIT ((size_t)1 << 22)

/* 2 x 2 places whose products are added up before they are written. */
#define TILES_WANTED 64

/* The frames of a group of pictures together (in floats). */
#define GROUP_LIMIT ((size_t)1 << 15)

/* Multiply-adds that are worth a shard, and added numbers: a shard's matrix has to be written and added up. */
#define SHARD_WORK (2.0 * XDI_SHARD_WORK)
#define SHARD_SUMS 65536.0

typedef struct gradient_job {
  xd_backend *backend;
  const xdi_weight_gradients *args;
  const xdi_geometry *g;
  xdi_bands bands; /* of `step` rows of places */
  xdi_frames frames;
  size_t frame_size;    /* floats between frames */
  size_t weights, bias; /* floats */
  size_t narrow_room;   /* floats for a copy of the narrow side, 0: read where it stands */
  size_t tiles;
  xdi_cut cut;              /* of the product's rows into tiles */
  const xdi_filter *filter; /* at its points, or NULL */
  size_t step;              /* rows of places that stay together: 1, minimal 2 */
  size_t area, most;        /* wide channels * narrow channels; minimal: 2 x 2 places of the largest group */
  uint32_t sum_shards;
} gradient_job;

static float *partial(const gradient_job *job, size_t shard) {
  return job->backend->shared.floats + shard * (job->weights + job->bias);
}

static void add_tiles(const gradient_job *job, xdi_tile *tile, float *c, const float *a) {
  const xdi_geometry *g = job->g;
  const xdi_kernels *kernels = job->backend->kernels;
  for (size_t i = 0; i < job->tiles; i++) {
    const size_t begin = xdi_cut_at(job->cut, i), rows = xdi_cut_at(job->cut, i + 1) - begin;
    tile->a = a + begin;
    tile->c = c + begin * g->narrow_channels;
    xdi_run_tile(kernels, tile, rows, XD_ACTIVATION_IDENTITY, NULL, XD_ACTIVATION_IDENTITY);
  }
}

static void add_products(const gradient_job *job, const xdi_band *at, const float *frames,
                         const float *narrow, float *to, bool accumulate) {
  const xdi_geometry *g = job->g;
  const size_t width = xdi_panel_width(job->backend->kernels), columns = g->narrow_channels;
  const ptrdiff_t frame_row = (ptrdiff_t)(job->frames.columns * g->wide_channels);
  for (size_t n = 0; n < columns; n += width) {
    xdi_tile tile = {.b = narrow + n,
                     .a_row = 1,
                     .a_step = (ptrdiff_t)(g->stride * g->wide_channels),
                     .a_run = (ptrdiff_t)g->stride * frame_row,
                     .a_plane = (ptrdiff_t)job->frame_size,
                     .b_step = (ptrdiff_t)columns,
                     .b_run = (ptrdiff_t)(g->narrow_width * columns),
                     .b_plane = (ptrdiff_t)(g->narrow_height * g->narrow_width * columns),
                     .steps = (uint32_t)g->narrow_width,
                     .runs = (uint32_t)(at->end - at->begin),
                     .planes = (uint32_t)at->pictures,
                     .columns = (uint32_t)(columns - n < width ? columns - n : width),
                     .c_row = (ptrdiff_t)columns,
                     .accumulate = accumulate,
                     .slope = 1.0f};
    for (size_t ky = 0; ky < g->kernel_height; ky++)
      add_tiles(job, &tile, to + ky * g->kernel_width * g->wide_channels * columns + n,
                frames + (ptrdiff_t)ky * frame_row);
  }
}

/* The narrow side's 2 x 2 places at the points, [point][2 x 2 places][narrow channels]. */
static void spread_narrow(const gradient_job *job, const xdi_band *at, const float *narrow, float *to) {
  const xdi_geometry *g = job->g;
  const size_t columns = g->narrow_channels, row = g->narrow_width * columns;
  for (size_t picture = 0; picture < at->pictures; picture++)
    for (size_t y = 0; y < at->end - at->begin; y += 2)
      for (size_t x = 0; x < g->narrow_width; x += 2, to += columns)
        job->filter->spread_cells(to, (ptrdiff_t)(job->most * columns),
                                  narrow + (picture * g->narrow_height + y) * row + x * columns,
                                  (ptrdiff_t)row, (ptrdiff_t)columns, columns);
}

/* The same of what one residue of the stride sees of the wide side: [point][2 x 2 places][wide channels]. */
static void spread_wide(const gradient_job *job, const xdi_band *at, const float *frames, size_t residue,
                        float *to) {
  const xdi_geometry *g = job->g;
  const size_t channels = g->wide_channels, stride = g->stride, row = job->frames.columns * channels;
  const float *first = frames + residue / stride * row + residue % stride * channels;
  for (size_t picture = 0; picture < at->pictures; picture++)
    for (size_t y = 0; y < at->end - at->begin; y += 2)
      for (size_t x = 0; x < g->narrow_width; x += 2, to += channels)
        job->filter->spread_data(to, (ptrdiff_t)(job->most * channels),
                                 first + picture * job->frame_size + stride * (y * row + x * channels),
                                 (ptrdiff_t)(stride * row), (ptrdiff_t)(stride * channels), channels);
}

static void add_points(const gradient_job *job, const xdi_band *at, float *frames, const float *narrow,
                       float *to, bool accumulate) {
  const xdi_geometry *g = job->g;
  const size_t width = xdi_panel_width(job->backend->kernels), columns = g->narrow_channels;
  const size_t residues = g->stride * g->stride;
  float *data = frames + job->bands.group * job->frame_size,
        *taps = data + job->filter->points * job->most * g->wide_channels;
  spread_narrow(job, at, narrow, taps);
  for (size_t residue = 0; residue < residues; residue++) {
    spread_wide(job, at, frames, residue, data);
    for (size_t point = 0; point < job->filter->points; point++)
      for (size_t n = 0; n < columns; n += width) {
        xdi_tile tile = {.b = taps + point * job->most * columns + n,
                         .a_row = 1,
                         .a_step = (ptrdiff_t)g->wide_channels,
                         .b_step = (ptrdiff_t)columns,
                         .steps = (uint32_t)(at->pictures * (at->end - at->begin) * g->narrow_width / 4),
                         .runs = 1,
                         .planes = 1,
                         .columns = (uint32_t)(columns - n < width ? columns - n : width),
                         .c_row = (ptrdiff_t)columns,
                         .accumulate = accumulate,
                         .slope = 1.0f};
        add_tiles(job, &tile, to + (point * residues + residue) * job->area + n,
                  data + point * job->most * g->wide_channels);
      }
  }
}

/* The sums over dy's cells; a band of the wide side takes the rows up to the next band's. */
static void add_bias(const gradient_job *job, const xdi_band *at, float *to, bool accumulate) {
  const xdi_geometry *g = job->g;
  const bool wide = job->args->bias_from_wide;
  const size_t row = wide ? g->wide_width : g->narrow_width, channels = job->bias;
  const size_t height = wide ? g->wide_height : g->narrow_height;
  size_t begin = at->begin, end = at->end;
  if (wide) {
    begin = begin * g->stride < height ? begin * g->stride : height;
    end = at->end == g->narrow_height || end * g->stride > height ? height : end * g->stride;
  }
  const size_t cells = at->pictures > 1 ? at->pictures * height * row : (end - begin) * row;
  const float *from =
      (wide ? job->args->wide : job->args->narrow) + (at->picture * height + begin) * row * channels;
  job->backend->kernels->sum_rows(to, from, (ptrdiff_t)channels, (uint32_t)cells, (uint32_t)channels,
                                  accumulate);
}

static void run_group(const gradient_job *job, const xdi_band *at, float *scratch, float *to,
                      bool accumulate) {
  const xdi_geometry *g = job->g;
  const size_t row = g->narrow_width * g->narrow_channels;
  const float *narrow = job->args->narrow + (at->picture * g->narrow_height + at->begin) * row;
  float *frames = scratch + job->narrow_room;
  xdi_fill_frames(&job->frames, at, frames, job->frame_size);
  if (job->narrow_room) {
    const size_t rows = at->pictures > 1 ? at->pictures * g->narrow_height : at->end - at->begin;
    memcpy(scratch, narrow, rows * row * sizeof *scratch);
    narrow = scratch;
  }
  if (job->filter)
    add_points(job, at, frames, narrow, to, accumulate);
  else
    add_products(job, at, frames, narrow, to, accumulate);
  if (job->bias)
    add_bias(job, at, to + job->weights, accumulate);
}

static void run_shard(void *argument, uint32_t index) {
  const gradient_job *job = argument;
  xdi_walk walk = xdi_walk_shard(&job->bands, index);
  bool accumulate = false;
  uint32_t slot;
  float *scratch = xdi_native_claim(job->backend, &slot);
  for (xdi_band at; xdi_walk_next(&walk, &at); accumulate = true) {
    at.begin *= job->step;
    at.end *= job->step;
    run_group(job, &at, scratch, partial(job, index), accumulate);
  }
  xdi_native_release(job->backend, slot);
}

/* ---- adding up ---- */

/* Room in which a residue's points are added up and joined. */
static size_t joining_floats(const gradient_job *job) {
  return (job->filter->points + (size_t)job->filter->taps * job->filter->taps) * job->area;
}

static void add_partials(const gradient_job *job, float *to, size_t begin, size_t end) {
  job->backend->kernels->sum_rows(to, partial(job, 0) + begin, (ptrdiff_t)(job->weights + job->bias),
                                  job->bands.shards, (uint32_t)(end - begin), false);
}

static void run_sum(void *argument, uint32_t index) {
  const gradient_job *job = argument;
  const xdi_geometry *g = job->g;
  const size_t taps = g->kernel_height * g->kernel_width, area = job->area;
  const size_t first = xdi_native_part(taps, job->sum_shards, index);
  const size_t end = xdi_native_part(taps, job->sum_shards, index + 1);
  float *to = job->args->turned ? partial(job, 0) : job->args->dweights;
  if (!job->args->turned || job->bands.shards > 1)
    add_partials(job, to + first * area, first * area, end * area);
  for (size_t tap = first; job->args->turned && tap < end; tap++)
    job->backend->kernels->transpose(
        job->args->dweights + (job->args->reversed ? taps - 1 - tap : tap) * area,
        (ptrdiff_t)g->wide_channels, to + tap * area, (ptrdiff_t)g->narrow_channels,
        (uint32_t)g->wide_channels, (uint32_t)g->narrow_channels);
}

/* The points of a residue, added up over the shards, become its taps. */
static void run_join(void *argument, uint32_t residue) {
  const gradient_job *job = argument;
  const xdi_geometry *g = job->g;
  const xdi_filter *filter = job->filter;
  const bool turned = job->args->turned;
  const size_t stride = g->stride, area = job->area, side = filter->taps;
  const size_t first = residue / stride * g->kernel_width + residue % stride;
  float *sums = partial(job, job->bands.shards) + residue * joining_floats(job),
        *joined = sums + filter->points * area;
  for (size_t point = 0; point < filter->points; point++) {
    const size_t begin = (point * stride * stride + residue) * area;
    add_partials(job, sums + point * area, begin, begin + area);
  }
  const xdi_points points = {.from = sums,
                             .from_point = (ptrdiff_t)area,
                             .to = turned ? joined : job->args->dweights + first * area,
                             .to_row = (ptrdiff_t)(turned ? side * area : stride * g->kernel_width * area),
                             .to_column = (ptrdiff_t)(turned ? area : stride * area),
                             .count = area,
                             .slope = 1.0f};
  filter->join_taps(&points);
  for (size_t i = 0; turned && i < side * side; i++)
    job->backend->kernels->transpose(
        job->args->dweights + (first + (i / side * g->kernel_width + i % side) * stride) * area,
        (ptrdiff_t)g->wide_channels, joined + i * area, (ptrdiff_t)g->narrow_channels,
        (uint32_t)g->wide_channels, (uint32_t)g->narrow_channels);
}

/* ---- the plan ---- */

/* Two or three taps for each residue of the stride; NULL: neither. */
static const xdi_filter *choose_filter(const xdi_kernels *kernels, const xdi_geometry *g) {
  const size_t wide = g->wide_channels, narrow = g->narrow_channels, least = wide < narrow ? wide : narrow;
  const size_t tiles = g->batch * g->narrow_height * g->narrow_width / 4;
  const bool fits = wide % kernels->lanes == 0 && narrow % kernels->lanes == 0 &&
                    g->kernel_height == g->kernel_width && g->narrow_height % 2 == 0 &&
                    g->narrow_width % 2 == 0 && g->narrow_width <= XDI_MINIMAL_COLUMNS && g->stride <= 4;
  for (const xdi_filter *filter = kernels->filters; fits && filter < kernels->filters + XDI_FILTERS; filter++)
    if (g->kernel_width == filter->taps * g->stride && tiles >= TILES_WANTED &&
        least >= filter->least_channels)
      return filter;
  return NULL;
}

/* A picture's bands fit the frame's limit, and at points have no more 2 x 2 places than are wanted together. */
static xdi_bands plan_bands(const gradient_job *job) {
  const xdi_geometry *g = job->g;
  const size_t frame = xdi_frame_floats(&job->frames, g->narrow_height), most = frame ? frame : 1;
  const size_t caches = xdi_native_ceil(frame, XDI_FRAME_LIMIT);
  const size_t tiles = g->narrow_height * g->narrow_width / 4;
  const size_t filled = job->filter ? xdi_native_ceil(tiles, TILES_WANTED) : 1;
  const size_t fitting = PARTIAL_LIMIT / (job->weights + job->bias) + 1;
  return xdi_plan_bands(
      &(xdi_demand){.batch = g->batch,
                    .rows = g->narrow_height / job->step,
                    .bands = caches > filled ? caches : filled,
                    .group = job->filter ? xdi_native_ceil(TILES_WANTED, tiles) : GROUP_LIMIT / most,
                    .work = (double)g->batch * (double)(g->narrow_height * g->narrow_width) *
                            ((double)(g->kernel_height * g->kernel_width * g->wide_channels) + XDI_SUM_COST) *
                            (double)g->narrow_channels,
                    .grain = SHARD_WORK,
                    .most_shards = fitting < MOST_SHARDS ? fitting : MOST_SHARDS});
}

static xdi_frames frames_of(const xdi_geometry *g, const float *wide) {
  return (xdi_frames){.pictures = wide,
                      .height = g->wide_height,
                      .width = g->wide_width,
                      .channels = g->wide_channels,
                      .row_step = g->stride,
                      .row_reach = g->kernel_height,
                      .top = -(ptrdiff_t)g->pad,
                      .left = -(ptrdiff_t)g->pad,
                      .columns = (g->narrow_width - 1) * g->stride + g->kernel_width};
}

static void plan(gradient_job *job) {
  const xdi_geometry *g = job->g;
  const xdi_weight_gradients *args = job->args;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t taps = g->kernel_height * g->kernel_width;
  job->filter = choose_filter(kernels, g);
  job->step = job->filter ? 2 : 1;
  job->area = g->wide_channels * g->narrow_channels;
  job->weights = job->area * (job->filter ? job->filter->points * g->stride * g->stride : taps);
  job->bias = !args->dbias ? 0 : args->bias_from_wide ? g->wide_channels : g->narrow_channels;
  job->frames = frames_of(g, args->wide);
  const size_t product_rows = job->filter ? g->wide_channels : g->kernel_width * g->wide_channels;
  job->tiles = xdi_native_ceil(product_rows, kernels->tile_rows);
  job->cut = xdi_cut_into(product_rows, job->tiles);
  job->bands = plan_bands(job);
  const size_t rows = job->step * job->bands.most_rows;
  job->frame_size = xdi_frame_floats(&job->frames, rows);
  job->most = job->bands.group * rows * g->narrow_width / 4;
  if (g->narrow_channels % kernels->lanes)
    job->narrow_room =
        job->bands.group * rows * g->narrow_width * g->narrow_channels + xdi_panel_width(kernels);
  job->sum_shards = xdi_native_shards((double)job->weights * job->bands.shards, SHARD_SUMS, taps);
}

xd_status xdi_weight_gradients_run(xd_backend *backend, const xdi_weight_gradients *args) {
  const xdi_geometry *g = &args->geometry;
  gradient_job job = {.backend = backend, .args = args, .g = g};
  plan(&job);
  const uint32_t residues = (uint32_t)(g->stride * g->stride);
  const size_t points =
      job.filter ? job.filter->points * job.most * (g->wide_channels + g->narrow_channels) : 0;
  const size_t joining = job.filter ? residues * joining_floats(&job) : 0;
  xd_status status =
      xdi_native_reserve(backend, job.bands.shards * (job.weights + job.bias) + joining, job.bands.shards,
                         job.narrow_room + job.bands.group * job.frame_size + points);
  if (status == XD_OK)
    status = xdi_native_run(backend, run_shard, &job, job.bands.shards);
  if (status == XD_OK)
    status = xdi_native_run(backend, job.filter ? run_join : run_sum, &job,
                            job.filter ? residues : job.sum_shards);
  if (status == XD_OK && args->dbias)
    add_partials(&job, args->dbias, job.weights, job.weights + job.bias);
  return status;
}
