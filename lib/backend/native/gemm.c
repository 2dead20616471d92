/* The one product behind dense layers; panels and tiles are tiles.h's.
 *
 * The nest of loops, from the outside in:
 *   shards      a grid over rows and columns, chosen by the shape alone; each runs on its own
 *   columns     blocks of panels of b, as many as fit the second-level cache
 *   depth       blocks of k: one panel's block fits the first-level cache; it is packed here
 *   rows        blocks of rows of a, which stay in the second-level cache
 *   panels      for each panel of the block
 *   tiles       for each tile of rows: a micro-kernel (tile_kernels.h) sums over the block of k in
 *               registers and stores, with bias and activation after the last block
 * a is read where it stands, in either layout, for a broadcast needs no neighbours; a block of it is
 * copied together only where its strides would crowd the cache and several panels share it. b is
 * packed unless its rows are short and whole vectors, or it is used too few times. */
#include "backend/native/gemm.h"

#include <string.h>

/* The blocks of the nest above. */
#define DEPTH_BLOCK 256
#define COLUMN_PANELS 8
#define ROW_TILES 16

_Static_assert(DEPTH_BLOCK <= XDI_FIXED_PAIRS, "sums of whole numbers stay below 2^31");

/* Rows of a at multiples of this stride (in floats) fall into the same few cache sets. */
#define CROWDED_STRIDE 512

/* A cache set has room for so many rows of a crowded a beside b. */
#define CROWDED_ROWS 8

/* Large products lose more by packing for further shards than by one thread's waiting for the other. */
#define MOST_SHARDS 32
#define MOST_SHARDS_OF_LARGE 16
#define LARGE_WORK (64.0 * XDI_SHARD_WORK)

/* What a grid costs besides the products, a float that is read or moved once more counting as: a's, read where it
 * stands or copied together; b's, read where it stands or packed. Fewer rows than these wait for b anyway. */
#define READ_A_COST 0.5
#define COPY_A_COST 1.0
#define READ_B_COST 0.1
#define PACK_B_COST 1.0
#define WAITING_ROWS 8

/* So many rows read panels of binary16 where they are; for more of them the panels are expanded first. */
#define FEW_ROWS 4

/* ---- one shard ---- */

typedef struct range {
  size_t begin, end;
} range;

static range part_of(range whole, size_t count, size_t i) {
  const size_t total = whole.end - whole.begin;
  return (range){whole.begin + xdi_native_part(total, count, i),
                 whole.begin + xdi_native_part(total, count, i + 1)};
}

typedef struct product_job {
  xd_backend *backend;
  const xdi_product *product;
  size_t row_shards, column_shards;
  bool direct;   /* b is read where it stands */
  bool crowded;  /* a's rows lie at strides that fall into few cache sets */
  bool copies_a; /* where several panels share it */
} product_job;

/* One block of columns and depth of a shard. */
typedef struct stage {
  range m, n, k;
  const float *panels;  /* at row k.begin of the panel with column n.begin */
  const char *narrow;   /* the same, where the kernel reads numbers of fewer bytes; else NULL */
  size_t panel_stride;  /* between panels */
  ptrdiff_t panel_step; /* between rows of a panel */
  const float *a;       /* at row m.begin (of the row block), k.begin */
  ptrdiff_t a_row, a_step;
  size_t tile_rows;
  float *copy; /* room for a block of a */
} stage;

static size_t block_count(size_t total, size_t block) {
  return total ? xdi_native_ceil(total, block) : 1;
}

/* Bytes are read where they are by any number of rows. */
static bool reads_bytes(const xdi_product *p) {
  return p->narrow && !p->kind->expand;
}

/* Whether rows are computed one by one. */
static bool has_few_rows(const product_job *job, range m) {
  const xdi_product *p = job->product;
  return m.end - m.begin <= (p->narrow ? FEW_ROWS : 1) || reads_bytes(p);
}

/* One row of the panels n: several at a time. */
static void run_row(const product_job *job, const stage *s, size_t m, range n) {
  const xdi_product *p = job->product;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t width = xdi_panel_width(kernels), place = (n.begin - s->n.begin) / width * s->panel_stride;
  const ptrdiff_t cell = (ptrdiff_t)m * p->c_row + (ptrdiff_t)n.begin;
  const bool last = s->k.end == p->depth;
  const float *x = last && p->x ? p->x + cell : NULL;
  xdi_tile tile = {.a = s->a + (ptrdiff_t)(m - s->m.begin) * s->a_row,
                   .b = s->narrow ? NULL : s->panels + place,
                   .narrow = s->narrow ? s->narrow + place * p->kind->size : NULL,
                   .a_step = s->a_step,
                   .b_step = s->panel_step,
                   .steps = (uint32_t)(s->k.end - s->k.begin),
                   .runs = 1,
                   .planes = 1,
                   .columns = (uint32_t)(n.end - n.begin),
                   .c = p->c + cell,
                   .accumulate = s->k.begin > 0,
                   .slope = 1.0f};
  if (last) {
    tile.scale = p->row_scales ? p->row_scales[m] : p->scale;
    tile.scales = p->scales ? p->scales + n.begin : NULL;
    xdi_set_finish(&tile, p->bias ? p->bias + n.begin : NULL, p->activation, x, p->x_activation);
  }
  if (s->narrow)
    p->kind->row(&tile, (ptrdiff_t)s->panel_stride);
  else if (tile.columns % width == 0)
    kernels->row(&tile, (ptrdiff_t)s->panel_stride);
  else
    kernels->tile[tile.columns > kernels->lanes][0](&tile);
  xdi_finish_curved(kernels, &tile, 1, last ? p->activation : XD_ACTIVATION_IDENTITY, x, p->x_activation);
}

/* All panels of few rows. A last panel of floats that is not whole stands alone, since b may end there. */
static void run_few_rows(const product_job *job, const stage *s) {
  const size_t width = xdi_panel_width(job->backend->kernels);
  size_t columns;
  for (size_t n = s->n.begin; n < s->n.end; n += columns) {
    columns = s->n.end - n < XDI_ROW_PANELS * width ? s->n.end - n : XDI_ROW_PANELS * width;
    if (!s->narrow && columns > width)
      columns -= columns % width;
    for (size_t m = s->m.begin; m < s->m.end; m++)
      run_row(job, s, m, (range){n, n + columns});
  }
}

/* All tiles of one panel, rows m. */
static void run_panel(const product_job *job, const stage *s, range m, size_t n) {
  const xdi_product *p = job->product;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t width = xdi_panel_width(kernels), tiles = xdi_native_ceil(m.end - m.begin, s->tile_rows);
  const bool last = s->k.end == p->depth;
  const xd_activation activation = last ? p->activation : XD_ACTIVATION_IDENTITY;
  xdi_tile tile = {.b = s->panels + (n - s->n.begin) / width * s->panel_stride,
                   .a_row = s->a_row,
                   .a_step = s->a_step,
                   .b_step = s->panel_step,
                   .steps = (uint32_t)(s->k.end - s->k.begin),
                   .runs = 1,
                   .planes = 1,
                   .columns = (uint32_t)(s->n.end - n < width ? s->n.end - n : width),
                   .c_row = p->c_row,
                   .accumulate = s->k.begin > 0,
                   .slope = 1.0f};
  const xdi_cut cut = xdi_cut_into(m.end - m.begin, tiles);
  if (last) {
    tile.scale = p->scale;
    tile.scales = p->scales ? p->scales + n : NULL;
    xdi_set_finish(&tile, p->bias ? p->bias + n : NULL, p->activation, p->x, p->x_activation);
  }
  const bool derives = tile.x != NULL;
  const bool ahead = s->a_step == 1 && s->a_row % CROWDED_STRIDE != 0;
  for (size_t i = 0; i < tiles; i++) {
    const size_t begin = xdi_cut_at(cut, i), rows = xdi_cut_at(cut, i + 1) - begin;
    const ptrdiff_t cell = (ptrdiff_t)(m.begin + begin) * p->c_row + (ptrdiff_t)n;
    const float *x = last && p->x ? p->x + cell : NULL;
    tile.a = s->a + (ptrdiff_t)begin * s->a_row;
    tile.c = p->c + cell;
    tile.x = derives ? x : NULL;
    tile.next = ahead && i + 1 < tiles ? tile.a + (ptrdiff_t)rows * s->a_row : NULL;
    xdi_run_tile(kernels, &tile, rows, activation, x, p->x_activation);
  }
}

/* Copies rows m of a's block together: by columns if a is stored so, else by rows a little apart. */
static void copy_block(const xdi_product *p, stage *s, range m) {
  const size_t rows = m.end - m.begin, depth = s->k.end - s->k.begin;
  const float *from = s->a;
  if (p->a_row == 1) {
    for (size_t k = 0; k < depth; k++)
      memcpy(s->copy + k * rows, from + (ptrdiff_t)k * p->a_step, rows * sizeof *from);
    s->a_row = 1;
    s->a_step = (ptrdiff_t)rows;
  } else {
    for (size_t i = 0; i < rows; i++)
      memcpy(s->copy + i * (depth + 16), from + (ptrdiff_t)i * p->a_row, depth * sizeof *from);
    s->a_row = (ptrdiff_t)depth + 16;
    s->a_step = 1;
  }
  s->a = s->copy;
}

static void run_stage(const product_job *job, stage s) {
  const xdi_product *p = job->product;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t width = xdi_panel_width(kernels);
  const size_t blocks = block_count(s.m.end - s.m.begin, ROW_TILES * (size_t)kernels->tile_rows);
  const bool shared = s.n.end - s.n.begin > 2 * width;
  if (has_few_rows(job, s.m)) {
    s.a = p->a + (ptrdiff_t)s.m.begin * p->a_row + (ptrdiff_t)s.k.begin * p->a_step;
    s.a_row = p->a_row, s.a_step = p->a_step;
    run_few_rows(job, &s);
    return;
  }
  for (size_t block = 0; block < blocks; block++) {
    const range m = part_of(s.m, blocks, block);
    s.a = p->a + (ptrdiff_t)m.begin * p->a_row + (ptrdiff_t)s.k.begin * p->a_step;
    s.a_row = p->a_row, s.a_step = p->a_step;
    s.tile_rows = kernels->tile_rows;
    if (job->copies_a && shared)
      copy_block(p, &s, m);
    else if (job->crowded && s.tile_rows > CROWDED_ROWS)
      s.tile_rows = CROWDED_ROWS;
    for (size_t n = s.n.begin; n < s.n.end; n += width)
      run_panel(job, &s, m, n);
  }
}

/* Where the stage's panels of fewer bytes begin. */
static const char *find_narrow(const product_job *job, const stage *s) {
  const xdi_product *p = job->product;
  const size_t width = xdi_panel_width(job->backend->kernels);
  return (const char *)p->narrow + (s->n.begin * p->depth + s->k.begin * width) * p->kind->size;
}

/* Those panels as floats, for tiles of several rows. */
static void expand_panels(const product_job *job, const stage *s, float *to) {
  const xdi_product *p = job->product;
  const size_t width = xdi_panel_width(job->backend->kernels), count = (s->k.end - s->k.begin) * width;
  const char *from = find_narrow(job, s);
  for (size_t n = s->n.begin; n < s->n.end; n += width, to += count, from += p->depth * width * p->kind->size)
    p->kind->expand(to, from, count);
}

/* Finds or makes the panels of the stage. */
static void prepare_stage(const product_job *job, stage *s, float *scratch) {
  const xdi_product *p = job->product;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t width = xdi_panel_width(kernels), depth = s->k.end - s->k.begin;
  s->panel_step = (ptrdiff_t)width;
  s->narrow = NULL;
  if (p->narrow && has_few_rows(job, s->m)) {
    s->narrow = find_narrow(job, s);
    s->panel_stride = p->depth * width;
  } else if (p->narrow) {
    expand_panels(job, s, scratch);
    s->panels = scratch;
    s->panel_stride = depth * width;
  } else if (p->panels) {
    s->panels = p->panels + s->n.begin * p->depth + s->k.begin * width;
    s->panel_stride = p->depth * width;
  } else if (job->direct) {
    s->panels = p->b + (ptrdiff_t)s->k.begin * p->b_step + s->n.begin;
    s->panel_stride = width;
    s->panel_step = p->b_step;
  } else {
    const float *b = p->b + (ptrdiff_t)s->k.begin * p->b_step + (ptrdiff_t)s->n.begin * p->b_column;
    xdi_pack_panels(kernels, scratch, depth, b, p->b_step, p->b_column, depth, s->n.end - s->n.begin);
    s->panels = scratch;
    s->panel_stride = depth * width;
  }
}

static range shard_columns(const product_job *job, size_t i) {
  const size_t width = xdi_panel_width(job->backend->kernels), columns = job->product->columns;
  const range panels = part_of((range){0, xdi_native_ceil(columns, width)}, job->column_shards, i);
  return (range){panels.begin * width, panels.end * width < columns ? panels.end * width : columns};
}

static size_t packed_room(const xdi_kernels *kernels) {
  return DEPTH_BLOCK * COLUMN_PANELS * xdi_panel_width(kernels);
}

static bool needs_packed_room(const product_job *job) {
  return !job->product->panels && !job->direct && !reads_bytes(job->product);
}

static void run_shard(void *argument, uint32_t index) {
  const product_job *job = argument;
  const xdi_product *p = job->product;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t block = COLUMN_PANELS * xdi_panel_width(kernels);
  const size_t row = index / job->column_shards, column = index % job->column_shards;
  const range n = shard_columns(job, column);
  const size_t depth_blocks = block_count(p->depth, DEPTH_BLOCK);
  uint32_t slot;
  float *scratch = xdi_native_claim(job->backend, &slot);
  stage s = {.m = part_of((range){0, p->rows}, job->row_shards, row),
             .copy = scratch + (needs_packed_room(job) ? packed_room(kernels) : 0)};
  if (p->sums && row == column % job->row_shards)
    kernels->sum_rows(p->sums + n.begin, p->b + n.begin, p->b_step, (uint32_t)p->depth,
                      (uint32_t)(n.end - n.begin), false);
  for (s.n.begin = n.begin; s.n.begin < n.end; s.n.begin = s.n.end) {
    s.n.end = n.end - s.n.begin < block ? n.end : s.n.begin + block;
    for (size_t i = 0; i < depth_blocks; i++) {
      s.k = part_of((range){0, p->depth}, depth_blocks, i);
      prepare_stage(job, &s, scratch);
      run_stage(job, s);
    }
  }
  xdi_native_release(job->backend, slot);
}

/* ---- the plan ---- */

/* The largest power of two up to `count`: such shards are shared out evenly by 2, 4 or 8 threads. */
static size_t round_down(size_t count) {
  size_t power = 1;
  while (power * 2 <= count)
    power *= 2;
  return power;
}

/* The grid of rows and columns that costs least besides the products themselves: cutting columns reads
 * a once more, cutting rows packs b once more. */
static void choose_grid(product_job *job) {
  const xdi_product *p = job->product;
  const xdi_kernels *kernels = job->backend->kernels;
  const double rows = (double)(p->rows < WAITING_ROWS ? WAITING_ROWS : p->rows);
  const double a_cost = job->copies_a ? COPY_A_COST : READ_A_COST;
  const double b_cost = p->panels || job->direct || reads_bytes(p) ? READ_B_COST : PACK_B_COST;
  const size_t tiles = xdi_native_ceil(p->rows, kernels->tile_rows);
  const size_t panels = xdi_panel_count(kernels, p->columns);
  const double work = rows * (double)p->columns * ((double)p->depth + XDI_SUM_COST);
  const size_t most_shards = work > LARGE_WORK ? MOST_SHARDS_OF_LARGE : MOST_SHARDS;
  const size_t wanted = round_down(xdi_native_shards(work, XDI_SHARD_WORK, most_shards));
  double least = 0.0;
  for (size_t r = 1; r <= wanted && r <= tiles; r *= 2) {
    const size_t most = p->rows == 1 && panels > XDI_ROW_PANELS ? panels / XDI_ROW_PANELS : panels;
    const size_t c = wanted / r < most ? wanted / r : most;
    const double cost = (double)c * (double)p->rows * a_cost + (double)r * (double)p->columns * b_cost;
    const bool enough = r * c * 2 >= wanted || r * 2 > tiles;
    if (enough && (least == 0.0 || cost < least)) {
      least = cost;
      job->row_shards = r;
      job->column_shards = c;
    }
  }
}

static bool reads_b_in_place(const xdi_kernels *kernels, const xdi_product *p) {
  return p->b_column == 1 && p->columns % kernels->lanes == 0 &&
         (p->b_step <= (ptrdiff_t)xdi_panel_width(kernels) || p->rows <= 2 * (size_t)kernels->tile_rows);
}

/* How a product runs; *scratch grows to the floats that a shard of it needs. Its number of shards, 0 where
 * there is nothing to compute. */
static uint32_t plan(product_job *job, xd_backend *backend, const xdi_product *p, size_t *scratch) {
  const xdi_kernels *kernels = backend->kernels;
  *job = (product_job){.backend = backend, .product = p, .row_shards = 1, .column_shards = 1};
  if (p->rows == 0 || p->columns == 0)
    return 0;
  job->crowded = p->a_row % CROWDED_STRIDE == 0;
  job->copies_a = !reads_bytes(p) && (p->a_row == 1 || job->crowded);
  job->direct = !p->panels && !p->narrow && reads_b_in_place(kernels, p);
  choose_grid(job);
  size_t needed = job->copies_a ? (DEPTH_BLOCK + 16) * ROW_TILES * (size_t)kernels->tile_rows : 0;
  if (needs_packed_room(job))
    needed += packed_room(kernels);
  if (*scratch < needed)
    *scratch = needed;
  return (uint32_t)(job->row_shards * job->column_shards);
}

typedef struct product_pair {
  product_job jobs[2];
  uint32_t shards[2]; /* of a product that is not there: 0 */
} product_pair;

/* The two take turns, so that either end of the loop has its share of both. */
static void run_shard_of_pair(void *argument, uint32_t index) {
  product_pair *pair = argument;
  const uint32_t turns = pair->shards[0] < pair->shards[1] ? pair->shards[0] : pair->shards[1];
  if (index < 2 * turns)
    run_shard(&pair->jobs[index % 2], index / 2);
  else
    run_shard(&pair->jobs[pair->shards[1] > turns], index - turns);
}

xd_status xdi_products_run(xd_backend *backend, const xdi_product *first, const xdi_product *second) {
  product_pair pair;
  size_t scratch = 0;
  pair.shards[0] = plan(&pair.jobs[0], backend, first, &scratch);
  pair.shards[1] = second ? plan(&pair.jobs[1], backend, second, &scratch) : 0;
  const uint32_t shards = pair.shards[0] + pair.shards[1];
  if (shards == 0)
    return XD_OK;
  const xd_status status = xdi_native_reserve(backend, 0, shards, scratch);
  return status == XD_OK ? xdi_native_run(backend, run_shard_of_pair, &pair, shards) : status;
}

xd_status xdi_product_run(xd_backend *backend, const xdi_product *product) {
  return xdi_products_run(backend, product, NULL);
}
