/* Gathering convolutions as products without scatter: the way that always fits.
 *
 * Pictures are copied into frames with zero borders; then each row of outputs is a product whose left
 * factor is read in the frame where it stands: the taps of one kernel row are one run of
 * taps * channels floats. The loops: shards of pictures or bands, phases, panels of weights, blocks of
 * kernel rows that fit the first-level cache, output rows, tiles of a row. */
#include "backend/native/ways.h"

/* The depth of a panel's block that stays in the first-level cache. */
#define DEPTH_BLOCK 256

_Static_assert(DEPTH_BLOCK <= XDI_FIXED_PAIRS, "sums of whole numbers stay below 2^31");

/* Multiply-adds, and pairs of bytes, that are worth a shard: one picture has few, and two threads share them. */
#define SHARD_WORK (XDI_SHARD_WORK / 2)
#define SHARD_PAIRS (XDI_SHARD_WORK / 4)

/* The frames of a group of pictures together (in floats): a block of weights serves many rows while it is in
 * the first-level cache. */
#define GROUP_LIMIT ((size_t)1 << 14)

/* ---- packed weights: for each phase pair (y, then x), panels of depth [tap y][tap x][source channel] ---- */

static size_t panel_floats(const xdi_kernels *kernels, const xdi_gather *g) {
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

static xd_status pack(xd_backend *backend, const xdi_gather *g, float *to) {
  const xdi_kernels *kernels = backend->kernels;
  for (size_t i = 0; i < g->y.out_stride; i++)
    for (size_t j = 0; j < g->x.out_stride; j++) {
      const xdi_phase y = xdi_axis_phase(&g->y, i), x = xdi_axis_phase(&g->x, j);
      pack_phase(kernels, g, y, x, to);
      to += phase_floats(kernels, g, y, x);
    }
  return XD_OK;
}

/* ---- running ---- */

typedef struct direct_job {
  xd_backend *backend;
  const xdi_gather *gather;
  xdi_frames frames;
  size_t frame_size;  /* floats between frames */
  xdi_bands bands;    /* of places of the longest phase */
  size_t frames_room; /* floats of a group's frames, in whole cache lines */
  size_t most_places; /* of a group */
} direct_job;

/* Where the places of a pass lie in its frames and targets, the first one's being 0. */
typedef struct place_table {
  size_t pictures, places, width; /* of which pass; rows of places, places in a row */
  ptrdiff_t *a, *c;
} place_table;

/* A group, for one phase pair. */
typedef struct pass {
  const float *frame; /* at the first source cell that the first place reads */
  size_t panels;      /* where this phase's begin */
  xdi_phase y, x;
  size_t phase_y, phase_x;
  size_t first_place, places; /* rows of places */
  size_t width;               /* places in a row */
  const place_table *table;   /* of tiles that go on from row to row; or NULL: */
  size_t tiles;
  xdi_cut cut; /* of the width into tiles */
  size_t picture, pictures;
} pass;

/* Tiles of one row of places. */
static void run_row(const direct_job *job, const pass *p, xdi_tile *tile, const float *a, size_t cell,
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
    if (g->bytes) {
      job->backend->kernels->byte_tile[cells - 1](tile);
      xdi_finish_curved(job->backend->kernels, tile, cells, last ? g->activation : XD_ACTIVATION_IDENTITY, x,
                        g->x_activation);
    } else
      xdi_run_tile(job->backend->kernels, tile, cells, last ? g->activation : XD_ACTIVATION_IDENTITY, x,
                   g->x_activation);
  }
}

/* Row by row; a and cell are those of the pass's first place. */
static void run_rows(const direct_job *job, const pass *p, xdi_tile *tile, size_t cell, bool last) {
  const xdi_gather *g = job->gather;
  const size_t source_row = g->y.in_stride * job->frames.columns * g->source_channels;
  const size_t target_row = g->y.out_stride * g->x.target * g->target_channels;
  const float *a = tile->a;
  for (size_t picture = 0; picture < p->pictures; picture++)
    for (size_t row = 0; row < p->places; row++)
      run_row(job, p, tile, a + picture * job->frame_size + row * source_row,
              cell + picture * g->y.target * g->x.target * g->target_channels + row * target_row, last);
}

/* The places of all rows of so many pictures, from the first one's. */
static void find_places(const direct_job *job, const pass *p, place_table *to) {
  const xdi_gather *g = job->gather;
  const ptrdiff_t a_place = (ptrdiff_t)(g->x.in_stride * g->source_channels);
  const ptrdiff_t a_row = (ptrdiff_t)(g->y.in_stride * job->frames.columns * g->source_channels);
  const ptrdiff_t c_place = (ptrdiff_t)(g->x.out_stride * g->target_channels);
  const ptrdiff_t c_row = (ptrdiff_t)(g->y.out_stride * g->x.target * g->target_channels);
  const ptrdiff_t c_picture = (ptrdiff_t)(g->y.target * g->x.target * g->target_channels);
  ptrdiff_t *a = to->a, *c = to->c;
  for (ptrdiff_t picture = 0; picture < (ptrdiff_t)p->pictures; picture++)
    for (ptrdiff_t y = 0; y < (ptrdiff_t)p->places; y++)
      for (ptrdiff_t x = 0; x < (ptrdiff_t)p->width; x++) {
        *a++ = picture * (ptrdiff_t)job->frame_size + y * a_row + x * a_place;
        *c++ = picture * c_picture + y * c_row + x * c_place;
      }
  to->pictures = p->pictures, to->places = p->places, to->width = p->width;
}

/* All rows' places together, in tiles that go on from one row to the next: rows of few places, or of a few more than a
 * tile has, would make tiles too low to hide the latency of their multiply-adds. */
static void run_places(const direct_job *job, const pass *p, const xdi_tile *from, size_t cell) {
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t places = p->pictures * p->places * p->width,
               tiles = xdi_native_ceil(places, kernels->tile_rows);
  const xdi_tile_kernel *run =
      job->gather->bytes ? kernels->byte_tile : kernels->scattered_tile[from->columns > kernels->lanes];
  const xdi_cut cut = xdi_cut_into(places, tiles);
  xdi_tile tile = *from;
  tile.c = job->gather->target + cell;
  tile.x = tile.x ? tile.x + cell : NULL;
  for (size_t i = 0, begin = 0; i < tiles; i++) {
    const size_t end = xdi_cut_at(cut, i + 1);
    tile.a_rows = p->table->a + begin;
    tile.c_rows = p->table->c + begin;
    run[end - begin - 1](&tile);
    begin = end;
  }
}

static void run_panel(const direct_job *job, const pass *p, size_t panel, size_t n) {
  const xdi_gather *g = job->gather;
  const size_t width = xdi_panel_width(job->backend->kernels), run = p->x.taps * g->source_channels;
  const size_t runs_at_once = run >= DEPTH_BLOCK || run == 0 ? 1 : DEPTH_BLOCK / run;
  const size_t blocks = p->y.taps && run ? xdi_native_ceil(p->y.taps, runs_at_once) : 1;
  const ptrdiff_t frame_row = (ptrdiff_t)(job->frames.columns * g->source_channels);
  for (size_t block = 0; block < blocks; block++) {
    const size_t begin = xdi_native_part(p->y.taps, blocks, block);
    const size_t end = xdi_native_part(p->y.taps, blocks, block + 1);
    xdi_tile tile = {.a = p->frame + (ptrdiff_t)begin * frame_row,
                     .b = g->bytes ? NULL : g->panels + panel + begin * run * width,
                     .narrow = g->bytes ? g->bytes + 2 * (panel + begin * run * width) : NULL,
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
    const bool last = block + 1 == blocks;
    if (last && g->bytes) {
      tile.scale = g->picture_scales[p->picture];
      tile.scales = g->scales + n;
    }
    if (last)
      xdi_set_finish(&tile, g->bias ? g->bias + n : NULL, g->activation, g->derived_by, g->x_activation);
    const size_t row = p->phase_y + g->y.out_stride * p->first_place;
    const size_t cell =
        ((p->picture * g->y.target + row) * g->x.target + p->phase_x) * g->target_channels + n;
    if (p->table)
      run_places(job, p, &tile, cell);
    else
      run_rows(job, p, &tile, cell, last);
  }
}

static void run_phase(const direct_job *job, const pass *p) {
  const xdi_gather *g = job->gather;
  const size_t width = xdi_panel_width(job->backend->kernels);
  const size_t depth = p->y.taps * p->x.taps * g->source_channels;
  for (size_t n = 0; n < g->target_channels; n += width)
    run_panel(job, p, p->panels + n * depth, n);
}

/* Whether tiles that go on from row to row are fewer. What follows a product is done in registers then. */
static bool joins_rows(const xdi_kernels *kernels, const xdi_gather *g, const pass *p) {
  const size_t rows = p->pictures * p->places;
  return kernels->scattered_tile[0][0] &&
         rows * p->tiles > xdi_native_ceil(rows * p->width, kernels->tile_rows) &&
         !xdi_is_curved(g->activation) && !(g->derived_by && xdi_is_curved(g->x_activation));
}

static void run_group(const direct_job *job, const xdi_band *band, float *frames, place_table *table) {
  const xdi_gather *g = job->gather;
  size_t panels = 0;
  xdi_fill_frames(&job->frames, band, frames, job->frame_size);
  for (size_t i = 0; i < g->y.out_stride; i++)
    for (size_t j = 0; j < g->x.out_stride; j++) {
      const xdi_phase y = xdi_axis_phase(&g->y, i), x = xdi_axis_phase(&g->x, j);
      const size_t places = xdi_axis_places(&g->y, i), last = places < band->end ? places : band->end;
      const ptrdiff_t skip = (y.first - g->y.first) * (ptrdiff_t)job->frames.columns + (x.first - g->x.first);
      const bool empty = y.taps == 0 || x.taps == 0;
      pass p = {.frame = empty ? frames : frames + skip * (ptrdiff_t)g->source_channels,
                .panels = panels,
                .y = y,
                .x = x,
                .phase_y = i,
                .phase_x = j,
                .first_place = band->begin,
                .places = last > band->begin ? last - band->begin : 0,
                .width = xdi_axis_places(&g->x, j),
                .picture = band->picture,
                .pictures = band->pictures};
      if (p.places && p.width) {
        p.tiles = xdi_native_ceil(p.width, job->backend->kernels->tile_rows);
        p.cut = xdi_cut_into(p.width, p.tiles);
        if (joins_rows(job->backend->kernels, g, &p)) {
          if (table->pictures != p.pictures || table->places != p.places || table->width != p.width)
            find_places(job, &p, table);
          p.table = table;
        }
        run_phase(job, &p);
      }
      panels += phase_floats(job->backend->kernels, g, y, x);
    }
}

static void run_shard(void *argument, uint32_t index) {
  const direct_job *job = argument;
  xdi_walk walk = xdi_walk_shard(&job->bands, index);
  uint32_t slot;
  float *frames = xdi_native_claim(job->backend, &slot);
  place_table table = {.a = (ptrdiff_t *)(void *)(frames + job->frames_room)};
  table.c = table.a + job->most_places;
  for (xdi_band band; xdi_walk_next(&walk, &band);)
    run_group(job, &band, frames, &table);
  xdi_native_release(job->backend, slot);
}

/* Bands so that a frame fits its limit. */
static xdi_bands plan_bands(const xdi_gather *g, const xdi_frames *frames) {
  const size_t rows = xdi_axis_places(&g->y, 0), frame = xdi_frame_floats(frames, rows);
  const double cells = (double)(g->batch * g->y.target * g->x.target) * (double)g->target_channels;
  const double taps =
      (double)(g->y.kernel * g->x.kernel * g->source_channels) / (double)(g->y.out_stride * g->x.out_stride);
  return xdi_plan_bands(&(xdi_demand){.batch = g->batch,
                                      .rows = rows,
                                      .bands = xdi_native_ceil(frame, XDI_FRAME_LIMIT),
                                      .group = g->bytes ? 1 : GROUP_LIMIT / (frame ? frame : 1),
                                      .work = cells * (taps + XDI_SUM_COST),
                                      .grain = g->bytes ? SHARD_PAIRS : SHARD_WORK,
                                      .most_shards = SIZE_MAX});
}

static xd_status run(xd_backend *backend, const xdi_gather *g) {
  direct_job job = {
      .backend = backend, .gather = g, .frames = xdi_gather_frames(g, 1, xdi_axis_places(&g->x, 0))};
  job.bands = plan_bands(g, &job.frames);
  job.frame_size = xdi_frame_floats(&job.frames, job.bands.most_rows);
  job.frames_room = xdi_native_ceil(job.bands.group * job.frame_size, 16) * 16;
  job.most_places = job.bands.group * job.bands.most_rows * xdi_axis_places(&g->x, 0);
  const size_t table = 2 * job.most_places * (sizeof(ptrdiff_t) / sizeof(float));
  const xd_status status = xdi_native_reserve(
      backend, 0, job.bands.shards, job.frames_room + (backend->kernels->scattered_tile[0][0] ? table : 0));
  return status == XD_OK ? xdi_native_run(backend, run_shard, &job, job.bands.shards) : status;
}

static bool fits(const xdi_kernels *kernels, const xdi_gather *g) {
  (void)kernels, (void)g;
  return true;
}

const xdi_way xdi_direct_way = {.fits = fits, .panel_floats = panel_floats, .pack = pack, .run = run};
