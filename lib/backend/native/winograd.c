/* Convolutions of two or three taps an axis (or so many for each residue of the stride) by Winograd's minimal
 * filtering F(2 x 2, 2 x 2) and F(2 x 2, 3 x 3): Winograd, Arithmetic Complexity of Computations, 1980; Lavin and
 * Gray, arXiv 1509.09308.
 *
 * Two neighbouring outputs of two taps cost three products instead of four, 2 x 2 of them nine instead of sixteen, of
 * three taps sixteen instead of thirty-six: transformed data times transformed taps, point by point, and sums of the
 * points. A convolution of four taps and stride 2 is the sum of four of two taps and stride 1, one for each residue of
 * the wide side's rows and columns; its adjoint is four apart. All transforms add, subtract and halve.
 *
 * For a group of pictures or a band of one: frames (frame.h); then for each phase the data of each tile of
 * 2 x 2 places at the points, [point][tile][residue, channel]; a product for each point with the taps' panels; and
 * the sums, with what follows a product. */
#include "backend/native/ways.h"

/* Tiles whose products are formed together, so that a panel serves several rows of them; a group's data then
 * fits the second-level cache. */
#define TILES_WANTED 32

/* Shards of packing that are worth having. */
#define PACKS_WANTED 4

typedef struct winograd_job {
  xd_backend *backend;
  const xdi_gather *gather;
  const xdi_filter *filter;
  size_t depth, room;  /* of a panel; floats of a point's panels */
  size_t tile_columns; /* of a phase of a picture */
  xdi_bands bands;     /* of tile rows */
  size_t tiles;        /* of the largest group */
  xdi_frames frames;
  size_t frame_size; /* floats between frames */
} winograd_job;

/* ---- geometry ---- */

static size_t phase_count(const xdi_gather *g) {
  return g->y.out_stride * g->x.out_stride;
}

static size_t residue_count(const xdi_gather *g) {
  return g->y.in_stride * g->x.in_stride;
}

/* So many taps for each residue of the stride, and places in pairs. */
static bool axis_fits(const xdi_axis *axis, size_t taps) {
  for (size_t phase = 0; phase < axis->out_stride; phase++)
    if (xdi_axis_phase(axis, phase).taps != taps * axis->in_stride || xdi_axis_places(axis, phase) % 2 != 0 ||
        xdi_axis_places(axis, phase) != xdi_axis_places(axis, 0))
      return false;
  return true;
}

/* NULL: there is none for these taps. */
static const xdi_filter *find_filter(const xdi_kernels *kernels, const xdi_gather *g) {
  for (size_t i = 0; i < XDI_FILTERS; i++)
    if (axis_fits(&g->y, kernels->filters[i].taps) && axis_fits(&g->x, kernels->filters[i].taps))
      return &kernels->filters[i];
  return NULL;
}

static bool fits(const xdi_kernels *kernels, const xdi_gather *g) {
  const xdi_filter *filter = find_filter(kernels, g);
  const size_t rows = xdi_axis_places(&g->y, 0), columns = xdi_axis_places(&g->x, 0);
  return filter && phase_count(g) * residue_count(g) <= XDI_MAX_SHARDS &&
         g->source_channels % kernels->lanes == 0 && g->target_channels % kernels->lanes == 0 &&
         g->source_channels >= filter->least_channels && g->target_channels >= filter->least_channels &&
         columns <= XDI_MINIMAL_COLUMNS && g->batch * rows * columns / 4 >= filter->least_tiles;
}

/* ---- taps: [phase][point] panels of depth [residue][source channel] ---- */

typedef struct pack_job {
  xd_backend *backend;
  const xdi_gather *gather;
  const xdi_filter *filter;
  float *to;
  size_t depth, room; /* as above */
  size_t slices;      /* of each phase's and residue's taps */
} pack_job;

static size_t room_of(const xdi_kernels *kernels, const xdi_gather *g) {
  return xdi_panel_count(kernels, g->target_channels) * xdi_panel_width(kernels) * residue_count(g) *
         g->source_channels;
}

static size_t panel_floats(const xdi_kernels *kernels, const xdi_gather *g) {
  return phase_count(g) * find_filter(kernels, g)->points * room_of(kernels, g);
}

/* A slice of the taps' area, whose rows are source channels or, turned, target channels in whole panels. */
typedef struct slice {
  size_t begin, end;
} slice;

static slice slice_of(const pack_job *job, size_t index) {
  const xdi_gather *g = job->gather;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t unit = g->turned ? xdi_panel_width(kernels) : kernels->lanes;
  const size_t rows = g->turned ? g->target_channels : g->source_channels,
               units = xdi_native_ceil(rows, unit);
  const size_t end = xdi_native_part(units, job->slices, index + 1) * unit;
  return (slice){xdi_native_part(units, job->slices, index) * unit, end < rows ? end : rows};
}

/* One shard for each phase, residue and slice: (phase y, phase x, residue y, residue x, slice). */
static void pack_taps(void *argument, uint32_t index) {
  const pack_job *job = argument;
  const xdi_gather *g = job->gather;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t residues = residue_count(g), phase = index / job->slices / residues,
               residue = index / job->slices % residues;
  const xdi_phase y = xdi_axis_phase(&g->y, phase / g->x.out_stride),
                  x = xdi_axis_phase(&g->x, phase % g->x.out_stride);
  const ptrdiff_t ky = y.first_tap + (ptrdiff_t)(residue / g->x.in_stride) * y.tap_step,
                  kx = x.first_tap + (ptrdiff_t)(residue % g->x.in_stride) * x.tap_step;
  const size_t source = g->source_channels, target = g->target_channels, width = xdi_panel_width(kernels);
  const ptrdiff_t area = (ptrdiff_t)(source * target), row = (ptrdiff_t)g->x.kernel * area;
  const slice part = slice_of(job, index % job->slices);
  const size_t across = g->turned ? source : target, count = (part.end - part.begin) * across;
  const size_t depth = residue * source + (g->turned ? 0 : part.begin);
  float *to = job->to + phase * job->filter->points * job->room + depth * width +
              (g->turned ? part.begin * job->depth : 0);
  uint32_t slot;
  float *points = xdi_native_claim(job->backend, &slot);
  job->filter->spread_taps(
      points, (ptrdiff_t)count, g->weights + ky * row + kx * area + (ptrdiff_t)(part.begin * across),
      (ptrdiff_t)g->y.in_stride * y.tap_step * row, (ptrdiff_t)g->x.in_stride * x.tap_step * area, count);
  for (size_t point = 0; point < job->filter->points; point++)
    xdi_pack_panels(kernels, to + point * job->room, job->depth, points + point * count,
                    g->turned ? 1 : (ptrdiff_t)target, g->turned ? (ptrdiff_t)source : 1,
                    g->turned ? source : part.end - part.begin, g->turned ? part.end - part.begin : target);
  xdi_native_release(job->backend, slot);
}

static xd_status pack(xd_backend *backend, const xdi_gather *g, float *to) {
  const xdi_kernels *kernels = backend->kernels;
  const size_t packs = phase_count(g) * residue_count(g), area = g->source_channels * g->target_channels;
  const size_t units =
      g->turned ? xdi_panel_count(kernels, g->target_channels) : g->source_channels / kernels->lanes;
  const size_t slices = packs < PACKS_WANTED ? PACKS_WANTED / packs : 1;
  pack_job job = {.backend = backend,
                  .gather = g,
                  .filter = find_filter(kernels, g),
                  .to = to,
                  .depth = residue_count(g) * g->source_channels,
                  .room = room_of(kernels, g),
                  .slices = slices < units ? slices : units};
  const uint32_t shards = (uint32_t)(packs * job.slices);
  const xd_status status = xdi_native_reserve(backend, 0, shards, job.filter->points * area);
  return status == XD_OK ? xdi_native_run(backend, pack_taps, &job, shards) : status;
}

/* ---- one group and phase ---- */

typedef struct pass {
  size_t picture, pictures;
  size_t first_row, rows, columns; /* of tiles, in each picture */
  size_t phase_y, phase_x;
  const float *frames; /* at the first cell that the first tile reads */
  const float *taps;
  float *data, *sums; /* [point][tile][depth], [point][tile][target channels] */
} pass;

static void spread(const winograd_job *job, const pass *p) {
  const xdi_gather *g = job->gather;
  const size_t channels = g->source_channels, sy = g->y.in_stride, sx = g->x.in_stride;
  const ptrdiff_t column = (ptrdiff_t)channels, row = (ptrdiff_t)job->frames.columns * column;
  float *to = p->data;
  for (size_t picture = 0; picture < p->pictures; picture++)
    for (size_t i = 0; i < p->rows; i++)
      for (size_t j = 0; j < p->columns; j++) {
        const float *from = p->frames + picture * job->frame_size + (ptrdiff_t)(2 * sy * i) * row +
                            (ptrdiff_t)(2 * sx * j) * column;
        for (size_t residue = 0; residue < sy * sx; residue++, to += channels)
          job->filter->spread_data(to, (ptrdiff_t)(job->tiles * job->depth),
                                   from + (ptrdiff_t)(residue / sx) * row +
                                       (ptrdiff_t)(residue % sx) * column,
                                   (ptrdiff_t)sy * row, (ptrdiff_t)sx * column, channels);
      }
}

/* The first cell of a tile, in the target. */
static size_t cell_of(const xdi_gather *g, const pass *p, size_t picture, size_t i, size_t j) {
  const size_t y = (p->picture + picture) * g->y.target + p->phase_y + 2 * i * g->y.out_stride,
               x = p->phase_x + 2 * j * g->x.out_stride;
  return (y * g->x.target + x) * g->target_channels;
}

/* Asks for a share of what `join` will write and read: the products give the memory time. */
static void fetch_targets(const winograd_job *job, const pass *p, size_t point) {
  const xdi_gather *g = job->gather;
  const size_t channels = g->target_channels, tiles = p->rows * p->columns, all = p->pictures * tiles;
  const size_t row = g->y.out_stride * g->x.target * channels, column = g->x.out_stride * channels;
  for (size_t tile = xdi_native_part(all, job->filter->points, point);
       tile < xdi_native_part(all, job->filter->points, point + 1); tile++) {
    const size_t i = p->first_row + tile % tiles / p->columns, j = tile % p->columns;
    const size_t cell = cell_of(g, p, tile / tiles, i, j);
    for (size_t y = 0; y < 2; y++)
      for (size_t x = 0; x < 2; x++)
        for (size_t c = 0; c < channels; c += 16) {
          __builtin_prefetch(g->target + cell + y * row + x * column + c, 1);
          if (g->derived_by)
            __builtin_prefetch(g->derived_by + cell + y * row + x * column + c, 0);
        }
  }
}

static void multiply(const winograd_job *job, const pass *p) {
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t columns = job->gather->target_channels, width = xdi_panel_width(kernels);
  const size_t rows = p->pictures * p->rows * p->columns, tiles = xdi_native_ceil(rows, kernels->tile_rows);
  const xdi_cut cut = xdi_cut_into(rows, tiles);
  for (size_t point = 0; point < job->filter->points; point++) {
    fetch_targets(job, p, point);
    for (size_t n = 0; n < columns; n += width)
      for (size_t i = 0; i < tiles; i++) {
        const size_t begin = xdi_cut_at(cut, i), cell = point * job->tiles + begin;
        const xdi_tile tile = {.a = p->data + cell * job->depth,
                               .b = p->taps + point * job->room + n * job->depth,
                               .a_row = (ptrdiff_t)job->depth,
                               .a_step = 1,
                               .b_step = (ptrdiff_t)width,
                               .steps = (uint32_t)job->depth,
                               .runs = 1,
                               .planes = 1,
                               .columns = (uint32_t)(columns - n < width ? columns - n : width),
                               .c = p->sums + cell * columns + n,
                               .c_row = (ptrdiff_t)columns,
                               .slope = 1.0f};
        xdi_run_tile(kernels, &tile, xdi_cut_at(cut, i + 1) - begin, XD_ACTIVATION_IDENTITY, NULL,
                     XD_ACTIVATION_IDENTITY);
      }
  }
}

static void join(const winograd_job *job, const pass *p) {
  const xdi_gather *g = job->gather;
  const size_t channels = g->target_channels, row = g->x.target * channels;
  xdi_tile finish = {.slope = 1.0f};
  xdi_set_finish(&finish, g->bias, g->activation, g->derived_by, g->x_activation);
  xdi_points points = {.from = p->sums,
                       .from_point = (ptrdiff_t)(job->tiles * channels),
                       .to_row = (ptrdiff_t)(g->y.out_stride * row),
                       .to_column = (ptrdiff_t)(g->x.out_stride * channels),
                       .count = channels,
                       .bias = g->bias,
                       .slope = finish.slope,
                       .x_slope = finish.x_slope};
  for (size_t picture = 0; picture < p->pictures; picture++)
    for (size_t i = p->first_row; i < p->first_row + p->rows; i++)
      for (size_t j = 0; j < p->columns; j++, points.from += channels) {
        const size_t cell = cell_of(g, p, picture, i, j);
        points.to = g->target + cell;
        points.x = finish.x ? g->derived_by + cell : NULL;
        job->filter->join_cells(&points);
      }
}

/* What `join` cannot do in registers, on the group's target rows, which are one range of cells in each picture. */
static void finish_curved(const winograd_job *job, const xdi_band *band) {
  const xdi_gather *g = job->gather;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t row = g->x.target * g->target_channels, rows = 2 * g->y.out_stride;
  const size_t count = (band->end - band->begin) * rows * row;
  for (size_t i = band->picture; i < band->picture + band->pictures; i++) {
    const size_t at = (i * g->y.target + band->begin * rows) * row;
    if (xdi_is_curved(g->activation))
      kernels->activate(g->activation, g->target + at, g->target + at, count);
    if (g->derived_by && xdi_is_curved(g->x_activation))
      kernels->derive(g->x_activation, g->target + at, g->derived_by + at, g->target + at, count);
  }
}

/* ---- running ---- */

static void run_group(const winograd_job *job, const xdi_band *band, float *scratch) {
  const xdi_gather *g = job->gather;
  float *data = scratch + job->bands.group * job->frame_size;
  xdi_fill_frames(&job->frames, band, scratch, job->frame_size);
  for (size_t i = 0; i < g->y.out_stride; i++)
    for (size_t j = 0; j < g->x.out_stride; j++) {
      const ptrdiff_t skip_y = xdi_axis_phase(&g->y, i).first - g->y.first,
                      skip_x = xdi_axis_phase(&g->x, j).first - g->x.first;
      const pass p = {.picture = band->picture,
                      .pictures = band->pictures,
                      .first_row = band->begin,
                      .rows = band->end - band->begin,
                      .columns = job->tile_columns,
                      .phase_y = i,
                      .phase_x = j,
                      .frames = scratch + (skip_y * (ptrdiff_t)job->frames.columns + skip_x) *
                                              (ptrdiff_t)g->source_channels,
                      .taps = g->panels + (i * g->x.out_stride + j) * job->filter->points * job->room,
                      .data = data,
                      .sums = data + job->filter->points * job->tiles * job->depth};
      spread(job, &p);
      multiply(job, &p);
      join(job, &p);
    }
  finish_curved(job, band);
}

static void run_shard(void *argument, uint32_t index) {
  const winograd_job *job = argument;
  xdi_walk walk = xdi_walk_shard(&job->bands, index);
  uint32_t slot;
  float *scratch = xdi_native_claim(job->backend, &slot);
  for (xdi_band band; xdi_walk_next(&walk, &band);)
    run_group(job, &band, scratch);
  xdi_native_release(job->backend, slot);
}

static xdi_bands plan_bands(const xdi_gather *g, const xdi_filter *filter) {
  const size_t rows = xdi_axis_places(&g->y, 0) / 2, tiles = rows * (xdi_axis_places(&g->x, 0) / 2);
  const double depth = (double)(residue_count(g) * g->source_channels);
  return xdi_plan_bands(&(xdi_demand){.batch = g->batch,
                                      .rows = rows,
                                      .bands = xdi_native_ceil(tiles, 2 * TILES_WANTED),
                                      .group = xdi_native_ceil(TILES_WANTED, tiles),
                                      .work = (double)(g->batch * tiles * phase_count(g)) *
                                              (double)filter->points * (depth + XDI_MOVED_SUM_COST) *
                                              (double)g->target_channels,
                                      .grain = XDI_SHARD_WORK,
                                      .most_shards = SIZE_MAX});
}

static xd_status run(xd_backend *backend, const xdi_gather *g) {
  const xdi_filter *filter = find_filter(backend->kernels, g);
  winograd_job job = {.backend = backend,
                      .gather = g,
                      .filter = filter,
                      .depth = residue_count(g) * g->source_channels,
                      .room = room_of(backend->kernels, g),
                      .tile_columns = xdi_axis_places(&g->x, 0) / 2,
                      .bands = plan_bands(g, filter),
                      .frames = xdi_gather_frames(g, 2, xdi_axis_places(&g->x, 0))};
  job.tiles = job.bands.group * job.bands.most_rows * job.tile_columns;
  job.frame_size = xdi_frame_floats(&job.frames, job.bands.most_rows);
  const size_t scratch =
      job.bands.group * job.frame_size + filter->points * job.tiles * (job.depth + g->target_channels);
  const xd_status status = xdi_native_reserve(backend, 0, job.bands.shards, scratch);
  return status == XD_OK ? xdi_native_run(backend, run_shard, &job, job.bands.shards) : status;
}

const xdi_way xdi_winograd_way = {.fits = fits, .panel_floats = panel_floats, .pack = pack, .run = run};
