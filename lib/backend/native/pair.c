/* Gradients of convolution weights as products (see pair.h).
 *
 * For one kernel row ky, dweights[ky][kx, wide channel][narrow channel] is a product over all places:
 * the left factor's rows are the kernel_width * channels floats that a place sees in the wide side's
 * frame, the right factor is the narrow side as it stands. A shard sums over its share of the pictures
 * into a matrix of its own; the second run adds these up in order, and turns them if asked.
 *
 * Where a kernel has two taps for each residue of the stride and the places come in pairs, the products are
 * formed at the nine points of minimal filtering (winograd.h), with the places' cells in the role of the taps:
 * for 2 x 2 places nine products instead of sixteen. A shard's matrix then holds the points,
 * [point][residue, wide channel][narrow channel], and the second run joins them to weights. */
#include "backend/native/pair.h"

#include <string.h>

#include "backend/native/frame.h"
#include "backend/native/winograd.h"

/* Each shard's matrix has to be written and added. */
#define MOST_SHARDS 16

/* The shards' matrices together hold no more floats than this, unless one alone does. */
#define PARTIAL_LIMIT ((size_t)1 << 22)

/* 2 x 2 places whose products are added up before they are written. */
#define TILES_WANTED 64

/* The frames of a group of pictures together (in floats). */
#define GROUP_LIMIT ((size_t)1 << 15)

typedef struct pair_job {
  xd_backend *backend;
  const xdi_geometry *g;
  const float *wide, *narrow;
  bool turned, bias_from_wide;
  float *dweights, *dbias;
  size_t bands;      /* a picture; if more than one, groups have one unit */
  size_t group;      /* pictures whose frames are made together */
  size_t frame_size; /* floats between frames */
  size_t frame_columns;
  size_t weights, bias; /* floats */
  size_t narrow_room;   /* floats for a copy of the narrow side, 0: read where it stands */
  size_t tiles;
  xdi_cut cut;       /* of the product's rows into tiles */
  bool minimal;      /* at points */
  size_t step;       /* rows of places that stay together: 1, minimal 2 */
  size_t area, most; /* wide channels * narrow channels; minimal: 2 x 2 places of the largest group */
  uint32_t shards, sum_shards;
} pair_job;

static float *partial(const pair_job *job, size_t shard) {
  return job->backend->shared.floats + shard * (job->weights + job->bias);
}

/* A band of places of some pictures. */
typedef struct group {
  size_t picture, pictures;
  size_t begin, end; /* rows of places */
} group;

static size_t frame_rows(const xdi_geometry *g, size_t rows) {
  return (rows - 1) * g->stride + g->kernel_height;
}

static void fill_frames(const pair_job *job, const group *at, float *frames) {
  const xdi_geometry *g = job->g;
  for (size_t i = 0; i < at->pictures; i++)
    xdi_fill_frame(frames + i * job->frame_size, frame_rows(g, at->end - at->begin), job->frame_columns,
                   job->wide + (at->picture + i) * g->wide_height * g->wide_width * g->wide_channels,
                   g->wide_height, g->wide_width, g->wide_channels,
                   (ptrdiff_t)(at->begin * g->stride) - (ptrdiff_t)g->pad, -(ptrdiff_t)g->pad);
}

static void add_tiles(const pair_job *job, xdi_tile *tile, float *c, const float *a) {
  const xdi_geometry *g = job->g;
  const xdi_kernels *kernels = job->backend->kernels;
  for (size_t i = 0; i < job->tiles; i++) {
    const size_t begin = xdi_cut_at(job->cut, i), rows = xdi_cut_at(job->cut, i + 1) - begin;
    tile->a = a + begin;
    tile->c = c + begin * g->narrow_channels;
    xdi_run_tile(kernels, tile, rows, XD_ACTIVATION_IDENTITY, NULL, XD_ACTIVATION_IDENTITY);
  }
}

static void add_products(const pair_job *job, const group *at, const float *frames, const float *narrow,
                         float *to, bool accumulate) {
  const xdi_geometry *g = job->g;
  const size_t width = xdi_panel_width(job->backend->kernels), columns = g->narrow_channels;
  const ptrdiff_t frame_row = (ptrdiff_t)(job->frame_columns * g->wide_channels);
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

/* The narrow side's 2 x 2 places at nine points, [point][2 x 2 places][narrow channels]. */
static void spread_narrow(const pair_job *job, const group *at, const float *narrow, float *to) {
  const xdi_geometry *g = job->g;
  const size_t columns = g->narrow_channels, row = g->narrow_width * columns;
  for (size_t picture = 0; picture < at->pictures; picture++)
    for (size_t y = 0; y < at->end - at->begin; y += 2)
      for (size_t x = 0; x < g->narrow_width; x += 2, to += columns)
        job->backend->kernels->spread_taps(to, (ptrdiff_t)(job->most * columns),
                                           narrow + (picture * g->narrow_height + y) * row + x * columns,
                                           (ptrdiff_t)row, (ptrdiff_t)columns, columns);
}

/* The same of what one residue of the stride sees of the wide side: [point][2 x 2 places][wide channels]. */
static void spread_wide(const pair_job *job, const group *at, const float *frames, size_t residue,
                        float *to) {
  const xdi_geometry *g = job->g;
  const size_t channels = g->wide_channels, stride = g->stride, row = job->frame_columns * channels;
  const float *first = frames + residue / stride * row + residue % stride * channels;
  for (size_t picture = 0; picture < at->pictures; picture++)
    for (size_t y = 0; y < at->end - at->begin; y += 2)
      for (size_t x = 0; x < g->narrow_width; x += 2, to += channels)
        job->backend->kernels->spread_data(
            to, (ptrdiff_t)(job->most * channels),
            first + picture * job->frame_size + stride * (y * row + x * channels), (ptrdiff_t)(stride * row),
            (ptrdiff_t)(stride * channels), channels);
}

static void add_points(const pair_job *job, const group *at, float *frames, const float *narrow, float *to,
                       bool accumulate) {
  const xdi_geometry *g = job->g;
  const size_t width = xdi_panel_width(job->backend->kernels), columns = g->narrow_channels;
  const size_t residues = g->stride * g->stride;
  float *data = frames + job->group * job->frame_size,
        *taps = data + XDI_POINTS * job->most * g->wide_channels;
  spread_narrow(job, at, narrow, taps);
  for (size_t residue = 0; residue < residues; residue++) {
    spread_wide(job, at, frames, residue, data);
    for (size_t point = 0; point < XDI_POINTS; point++)
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
static void add_bias(const pair_job *job, const group *at, float *to, bool accumulate) {
  const xdi_geometry *g = job->g;
  const bool wide = job->bias_from_wide;
  const size_t row = wide ? g->wide_width : g->narrow_width, channels = job->bias;
  const size_t height = wide ? g->wide_height : g->narrow_height;
  size_t begin = at->begin, end = at->end;
  if (wide) {
    begin = begin * g->stride < height ? begin * g->stride : height;
    end = at->end == g->narrow_height || end * g->stride > height ? height : end * g->stride;
  }
  const size_t cells = at->pictures > 1 ? at->pictures * height * row : (end - begin) * row;
  const float *from = (wide ? job->wide : job->narrow) + (at->picture * height + begin) * row * channels;
  job->backend->kernels->sum_rows(to, from, (ptrdiff_t)channels, (uint32_t)cells, (uint32_t)channels,
                                  accumulate);
}

static void run_group(const pair_job *job, const group *at, float *scratch, float *to, bool accumulate) {
  const xdi_geometry *g = job->g;
  const size_t row = g->narrow_width * g->narrow_channels;
  const float *narrow = job->narrow + (at->picture * g->narrow_height + at->begin) * row;
  float *frames = scratch + job->narrow_room;
  fill_frames(job, at, frames);
  if (job->narrow_room) {
    const size_t rows = at->pictures > 1 ? at->pictures * g->narrow_height : at->end - at->begin;
    memcpy(scratch, narrow, rows * row * sizeof *scratch);
    narrow = scratch;
  }
  if (job->minimal)
    add_points(job, at, frames, narrow, to, accumulate);
  else
    add_products(job, at, frames, narrow, to, accumulate);
  if (job->bias)
    add_bias(job, at, to + job->weights, accumulate);
}

static void run_shard(void *argument, uint32_t index) {
  const pair_job *job = argument;
  const xdi_geometry *g = job->g;
  const size_t units = g->batch * job->bands;
  const size_t first = xdi_native_part(units, job->shards, index);
  const size_t end = xdi_native_part(units, job->shards, index + 1);
  float *to = partial(job, index);
  uint32_t slot;
  float *scratch = xdi_native_claim(job->backend, &slot);
  for (size_t unit = first; unit < end;) {
    const size_t band = unit % job->bands, pictures = end - unit < job->group ? end - unit : job->group;
    const group at = {.picture = unit / job->bands,
                      .pictures = pictures,
                      .begin = job->step * xdi_native_part(g->narrow_height / job->step, job->bands, band),
                      .end = job->step * xdi_native_part(g->narrow_height / job->step, job->bands, band + 1)};
    run_group(job, &at, scratch, to, unit > first);
    unit += pictures;
  }
  xdi_native_release(job->backend, slot);
}

/* ---- adding up ---- */

static void add_partials(const pair_job *job, float *to, size_t begin, size_t end) {
  job->backend->kernels->sum_rows(to, partial(job, 0) + begin, (ptrdiff_t)(job->weights + job->bias),
                                  job->shards, (uint32_t)(end - begin), false);
}

static void run_sum(void *argument, uint32_t index) {
  const pair_job *job = argument;
  const xdi_geometry *g = job->g;
  const size_t taps = g->kernel_height * g->kernel_width, area = job->area;
  const size_t first = xdi_native_part(taps, job->sum_shards, index);
  const size_t end = xdi_native_part(taps, job->sum_shards, index + 1);
  float *to = job->turned ? partial(job, 0) : job->dweights;
  if (!job->turned || job->shards > 1)
    add_partials(job, to + first * area, first * area, end * area);
  for (size_t tap = first; job->turned && tap < end; tap++)
    job->backend->kernels->transpose(job->dweights + tap * area, (ptrdiff_t)g->wide_channels, to + tap * area,
                                     (ptrdiff_t)g->narrow_channels, (uint32_t)g->wide_channels,
                                     (uint32_t)g->narrow_channels);
}

/* The points of a residue, added up over the shards, become its four taps. */
static void run_join(void *argument, uint32_t residue) {
  const pair_job *job = argument;
  const xdi_geometry *g = job->g;
  const size_t stride = g->stride, area = job->area,
               first = residue / stride * g->kernel_width + residue % stride;
  float *sums = partial(job, job->shards) + residue * (XDI_POINTS + 4) * area,
        *joined = sums + XDI_POINTS * area;
  for (size_t point = 0; point < XDI_POINTS; point++) {
    const size_t begin = (point * stride * stride + residue) * area;
    add_partials(job, sums + point * area, begin, begin + area);
  }
  const xdi_points points = {.from = sums,
                             .from_point = (ptrdiff_t)area,
                             .to = job->turned ? joined : job->dweights + first * area,
                             .to_row = (ptrdiff_t)(job->turned ? 2 * area : stride * g->kernel_width * area),
                             .to_column = (ptrdiff_t)(job->turned ? area : stride * area),
                             .count = area,
                             .slope = 1.0f};
  job->backend->kernels->join_points(&points);
  for (size_t i = 0; job->turned && i < 4; i++)
    job->backend->kernels->transpose(
        job->dweights + (first + (i / 2 * g->kernel_width + i % 2) * stride) * area,
        (ptrdiff_t)g->wide_channels, joined + i * area, (ptrdiff_t)g->narrow_channels,
        (uint32_t)g->wide_channels, (uint32_t)g->narrow_channels);
}

/* ---- the plan ---- */

static bool is_minimal(const xdi_kernels *kernels, const xdi_geometry *g) {
  return g->wide_channels % kernels->lanes == 0 && g->narrow_channels % kernels->lanes == 0 &&
         g->kernel_height == 2 * g->stride && g->kernel_width == 2 * g->stride && g->narrow_height % 2 == 0 &&
         g->narrow_width % 2 == 0 && g->narrow_width <= XDI_WINOGRAD_COLUMNS && g->stride <= 4 &&
         g->batch * g->narrow_height * g->narrow_width >= 4 * TILES_WANTED;
}

static void choose_shards(pair_job *job) {
  const xdi_geometry *g = job->g;
  const double work = (double)g->batch * (double)(g->narrow_height * g->narrow_width) *
                      (double)(g->kernel_height * g->kernel_width * g->wide_channels + 16) *
                      (double)g->narrow_channels;
  const size_t frame = frame_rows(g, g->narrow_height) * job->frame_columns * g->wide_channels;
  size_t fitting = PARTIAL_LIMIT / (job->weights + job->bias) + 1;
  if (fitting > MOST_SHARDS)
    fitting = MOST_SHARDS;
  const uint32_t wanted = xdi_native_shards(work, 2.0 * XDI_SHARD_WORK, fitting);
  const size_t tiles = g->narrow_height * g->narrow_width / 4;
  job->bands = xdi_native_ceil(frame, XDI_FRAME_LIMIT);
  if (job->minimal && job->bands < xdi_native_ceil(tiles, TILES_WANTED))
    job->bands = xdi_native_ceil(tiles, TILES_WANTED);
  if (g->batch * job->bands < wanted)
    job->bands = xdi_native_ceil(wanted, g->batch);
  if (job->bands > g->narrow_height / job->step)
    job->bands = g->narrow_height / job->step;
  job->shards = xdi_native_shards(work, 2.0 * XDI_SHARD_WORK, g->batch * job->bands);
  if (job->shards > wanted)
    job->shards = wanted;
  const size_t rows = job->step * xdi_native_ceil(g->narrow_height / job->step, job->bands);
  job->frame_size = frame_rows(g, rows) * job->frame_columns * g->wide_channels;
  job->group = job->bands > 1 ? 1
               : job->minimal ? xdi_native_ceil(TILES_WANTED, tiles)
                              : GROUP_LIMIT / job->frame_size;
  if (job->group == 0)
    job->group = 1;
  job->most = job->group * rows * g->narrow_width / 4;
  job->sum_shards =
      xdi_native_shards((double)job->weights * job->shards, 1 << 16, g->kernel_height * g->kernel_width);
}

xd_status xdi_pair_run(xd_backend *backend, const xdi_geometry *g, const float *wide, const float *narrow,
                       bool turned, float *dweights, bool bias_from_wide, float *dbias) {
  pair_job job = {.backend = backend,
                  .g = g,
                  .wide = wide,
                  .narrow = narrow,
                  .turned = turned,
                  .bias_from_wide = bias_from_wide,
                  .dweights = dweights,
                  .dbias = dbias};
  job.minimal = is_minimal(backend->kernels, g);
  job.step = job.minimal ? 2 : 1;
  job.area = g->wide_channels * g->narrow_channels;
  const uint32_t residues = (uint32_t)(g->stride * g->stride);
  job.weights = job.area * (job.minimal ? XDI_POINTS * residues : g->kernel_height * g->kernel_width);
  job.bias = !dbias ? 0 : bias_from_wide ? g->wide_channels : g->narrow_channels;
  job.frame_columns = (g->narrow_width - 1) * g->stride + g->kernel_width;
  const size_t product_rows = job.minimal ? g->wide_channels : g->kernel_width * g->wide_channels;
  job.tiles = xdi_native_ceil(product_rows, backend->kernels->tile_rows);
  job.cut = xdi_cut_into(product_rows, job.tiles);
  choose_shards(&job);
  const size_t rows = job.group * xdi_native_ceil(g->narrow_height, job.bands),
               slack = xdi_panel_width(backend->kernels);
  if (g->narrow_channels % backend->kernels->lanes)
    job.narrow_room = rows * g->narrow_width * g->narrow_channels + slack;
  const size_t points = job.minimal ? XDI_POINTS * job.most * (g->wide_channels + g->narrow_channels) : 0;
  const size_t joining = job.minimal ? residues * (XDI_POINTS + 4) * job.area : 0;
  xd_status status = xdi_native_reserve(backend, job.shards * (job.weights + job.bias) + joining, job.shards,
                                        job.narrow_room + job.group * job.frame_size + points);
  if (status == XD_OK)
    status = xdi_native_run(backend, run_shard, &job, job.shards);
  if (status == XD_OK)
    status = xdi_native_run(backend, job.minimal ? run_join : run_sum, &job,
                            job.minimal ? residues : job.sum_shards);
  if (status == XD_OK && dbias)
    add_partials(&job, dbias, job.weights, job.weights + job.bias);
  return status;
}
