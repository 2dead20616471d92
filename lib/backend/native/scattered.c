/* Convolutions to few channels whose source is walked cell by cell (adjoint ones, and those of stride 1), as a
 * decoder's last layer is: gathering would leave most lanes of a tile
 * idle. Instead one product forms what each source cell gives to each of its taps, and the target rows collect
 * it.
 *
 * For a band of source rows: shares[cell][tap, channel] = source[cell] weights, a product; then its
 * transpose, so that neighbouring cells' shares for one tap and channel are neighbours; then each
 * target row's cells of one phase and channel are a sum of a few shifted rows of shares. */
#include "backend/native/ways.h"

#include <string.h>

#define MOST_TAPS 64
#define MOST_PHASES 4

/* Shares of one band (in floats). */
#define BAND_LIMIT ((size_t)1 << 15)

static size_t share_count(const xdi_gather *g) {
  return g->y.kernel * g->x.kernel * g->target_channels;
}

static bool fits(const xdi_kernels *kernels, const xdi_gather *g) {
  const size_t taps = g->y.kernel * g->x.kernel;
  return g->y.in_stride == 1 && g->x.in_stride == 1 && taps <= MOST_TAPS && g->y.out_stride <= MOST_PHASES &&
         taps * xdi_native_ceil(g->target_channels, kernels->lanes) >=
             2 * xdi_native_ceil(share_count(g), kernels->lanes);
}

static size_t panel_floats(const xdi_kernels *kernels, const xdi_gather *g) {
  return xdi_panel_count(kernels, share_count(g)) * xdi_panel_width(kernels) * g->source_channels;
}

/* Panels of the matrix [source channel][tap, target channel]. */
static xd_status pack(xd_backend *backend, const xdi_gather *g, float *to) {
  const xdi_kernels *kernels = backend->kernels;
  const size_t width = xdi_panel_width(kernels), source = g->source_channels, target = g->target_channels;
  memset(to, 0, panel_floats(kernels, g) * sizeof *to);
  for (size_t share = 0; share < share_count(g); share++) {
    const size_t n = share % target;
    const float *tap = g->weights + share / target * source * target;
    float *column = to + share / width * width * source + share % width;
    for (size_t c = 0; c < source; c++)
      column[c * width] = g->turned ? tap[n * source + c] : tap[c * target + n];
  }
  return XD_OK;
}

typedef struct scatter_job {
  xd_backend *backend;
  const xdi_gather *g;
  xdi_bands bands;   /* of places of the longest phase along y */
  size_t share_row;  /* floats between cells of the product */
  size_t cells;      /* of the largest band's source rows */
  size_t turned_row; /* floats between rows of the transpose */
  xdi_phase y_phases[MOST_PHASES], x_phases[MOST_PHASES];
} scatter_job;

/* A band of one picture. */
typedef struct band {
  size_t picture, begin, end;      /* places */
  size_t source_begin, source_end; /* source rows */
  const float *turned;             /* shares of source cell 0 of the band */
} band;

static void make_shares(const scatter_job *job, const band *b, float *shares, float *turned) {
  const xdi_gather *g = job->g;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t cells = (b->source_end - b->source_begin) * g->x.source, count = share_count(g);
  if (cells == 0) /* the band lies beyond all taps */
    return;
  const size_t width = xdi_panel_width(kernels), tiles = xdi_native_ceil(cells, kernels->tile_rows);
  const float *source =
      g->source + (b->picture * g->y.source + b->source_begin) * g->x.source * g->source_channels;
  const xdi_cut cut = xdi_cut_into(cells, tiles);
  for (size_t i = 0; i < tiles; i++) {
    const size_t begin = xdi_cut_at(cut, i), end = xdi_cut_at(cut, i + 1);
    for (size_t n = 0; n < count; n += width) {
      const xdi_tile tile = {.a = source + begin * g->source_channels,
                             .b = g->panels + n * g->source_channels,
                             .a_row = (ptrdiff_t)g->source_channels,
                             .a_step = 1,
                             .b_step = (ptrdiff_t)width,
                             .steps = (uint32_t)g->source_channels,
                             .runs = 1,
                             .planes = 1,
                             .columns = (uint32_t)(count - n < width ? count - n : width),
                             .c = shares + begin * job->share_row + n,
                             .c_row = (ptrdiff_t)job->share_row,
                             .slope = 1.0f};
      xdi_run_tile(kernels, &tile, end - begin, XD_ACTIVATION_IDENTITY, NULL, XD_ACTIVATION_IDENTITY);
    }
  }
  kernels->transpose(turned, (ptrdiff_t)job->turned_row, shares, (ptrdiff_t)job->share_row, (uint32_t)cells,
                     (uint32_t)count);
}

/* The shifted rows of shares that target row `place` of phase y and the cells of phase x sum, for
 * channel 0; how many. */
static uint32_t find_terms(const scatter_job *job, const band *b, xdi_phase y, xdi_phase x, size_t place,
                           size_t width, xdi_term *terms) {
  const xdi_gather *g = job->g;
  uint32_t count = 0;
  for (size_t u = 0; u < y.taps; u++)
    for (size_t v = 0; v < x.taps; v++) {
      const ptrdiff_t row = (ptrdiff_t)place + y.first + (ptrdiff_t)u, shift = x.first + (ptrdiff_t)v;
      const ptrdiff_t ky = y.first_tap + (ptrdiff_t)u * y.tap_step,
                      kx = x.first_tap + (ptrdiff_t)v * x.tap_step;
      const size_t share = ((size_t)ky * g->x.kernel + (size_t)kx) * g->target_channels;
      const ptrdiff_t begin = shift < 0 ? -shift : 0, left = (ptrdiff_t)g->x.source - shift;
      const ptrdiff_t end = left < (ptrdiff_t)width ? left : (ptrdiff_t)width;
      if (row < 0 || row >= (ptrdiff_t)g->y.source || begin >= end)
        continue;
      terms[count++] = (xdi_term){b->turned + share * job->turned_row +
                                      (row - (ptrdiff_t)b->source_begin) * (ptrdiff_t)g->x.source + shift,
                                  (uint32_t)begin, (uint32_t)end};
    }
  return count;
}

static void collect_row(const scatter_job *job, const band *b, size_t place, size_t phase_y) {
  const xdi_gather *g = job->g;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t row_floats = g->x.target * g->target_channels;
  const size_t at = (b->picture * g->y.target + phase_y + place * g->y.out_stride) * row_floats;
  const xdi_phase y = job->y_phases[phase_y];
  float *row = g->target + at;
  for (size_t i = 0; i < g->x.out_stride; i++) {
    xdi_term terms[MOST_TAPS];
    const size_t width = xdi_axis_places(&g->x, i);
    const uint32_t count = find_terms(job, b, y, job->x_phases[i], place, width, terms);
    for (size_t n = 0; n < g->target_channels; n++) {
      kernels->collect(row + i * g->target_channels + n, (ptrdiff_t)(g->x.out_stride * g->target_channels),
                       g->bias ? g->bias[n] : 0.0f, terms, count, (uint32_t)width);
      for (uint32_t t = 0; t < count; t++)
        terms[t].from += job->turned_row;
    }
  }
}

/* Activation or slope of the band's target rows, which are one range of cells. */
static void finish_band(const scatter_job *job, const band *b) {
  const xdi_gather *g = job->g;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t row = g->x.target * g->target_channels, height = g->y.target;
  const size_t begin = b->begin * g->y.out_stride;
  const size_t end = b->end * g->y.out_stride < height ? b->end * g->y.out_stride : height;
  const size_t at = (b->picture * height + begin) * row, count = end > begin ? (end - begin) * row : 0;
  if (g->activation != XD_ACTIVATION_IDENTITY)
    kernels->activate(g->activation, g->target + at, g->target + at, count);
  if (g->derived_by)
    kernels->derive(g->x_activation, g->target + at, g->derived_by + at, g->target + at, count);
}

static size_t clamp(ptrdiff_t value, size_t limit) {
  return value < 0 ? 0 : (size_t)value < limit ? (size_t)value : limit;
}

static void run_band(const scatter_job *job, const xdi_band *at, float *scratch) {
  const xdi_gather *g = job->g;
  const size_t slack = 2 * (size_t)job->backend->kernels->lanes;
  float *turned = scratch + job->cells * job->share_row + slack;
  const band b = {.picture = at->picture,
                  .begin = at->begin,
                  .end = at->end,
                  .source_begin = clamp((ptrdiff_t)at->begin + g->y.first, g->y.source),
                  .source_end = clamp((ptrdiff_t)at->end + g->y.last, g->y.source),
                  .turned = turned};
  make_shares(job, &b, scratch, turned);
  for (size_t place = b.begin; place < b.end; place++)
    for (size_t phase = 0; phase < g->y.out_stride; phase++)
      if (place < xdi_axis_places(&g->y, phase))
        collect_row(job, &b, place, phase);
  finish_band(job, &b);
}

static void run_shard(void *argument, uint32_t index) {
  const scatter_job *job = argument;
  xdi_walk walk = xdi_walk_shard(&job->bands, index);
  uint32_t slot;
  float *scratch = xdi_native_claim(job->backend, &slot);
  for (xdi_band at; xdi_walk_next(&walk, &at);)
    run_band(job, &at, scratch);
  xdi_native_release(job->backend, slot);
}

static xdi_bands plan_bands(const xdi_gather *g) {
  const size_t shares = share_count(g) * g->x.source * g->y.source;
  return xdi_plan_bands(&(xdi_demand){.batch = g->batch,
                                      .rows = xdi_axis_places(&g->y, 0),
                                      .bands = xdi_native_ceil(shares, BAND_LIMIT),
                                      .group = 1,
                                      .work = (double)g->batch * (double)shares *
                                              ((double)g->source_channels + XDI_MOVED_SUM_COST),
                                      .grain = XDI_SHARD_WORK,
                                      .most_shards = SIZE_MAX});
}

static xd_status run(xd_backend *backend, const xdi_gather *g) {
  const size_t lanes = backend->kernels->lanes;
  scatter_job job = {.backend = backend, .g = g, .bands = plan_bands(g)};
  for (size_t i = 0; i < g->y.out_stride; i++) {
    job.y_phases[i] = xdi_axis_phase(&g->y, i);
    job.x_phases[i] = xdi_axis_phase(&g->x, i);
  }
  job.share_row = xdi_native_ceil(share_count(g), lanes) * lanes;
  job.cells = xdi_axis_reach(&g->y, job.bands.most_rows) * g->x.source;
  job.turned_row = xdi_native_ceil(job.cells + lanes, lanes) * lanes;
  const size_t scratch = job.cells * job.share_row + share_count(g) * job.turned_row + 4 * lanes;
  const xd_status status = xdi_native_reserve(backend, 0, job.bands.shards, scratch);
  return status == XD_OK ? xdi_native_run(backend, run_shard, &job, job.bands.shards) : status;
}

const xdi_way xdi_scattered_way = {.fits = fits, .panel_floats = panel_floats, .pack = pack, .run = run};
