/* A mapping's batches. Each row draws a source class, uniformly; a picture of it and a sample of its
 * posterior; two codes of the target classes that are paired with it (anchor and positive, of two
 * pictures where there are two); and one of another target class. Row r of step t uses numbers of its own,
 * so that rows can be made by any thread. Anchors may be scaled means of several codes of one class. */
#include "train/pair_sampler.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/runner.h"
#include "layer/executor.h"
#include "tensor/device.h"
#include "tensor/shape.h"
#include "train/ranks.h"
#include "train/row_numbers.h"

#define ROWS_PER_TASK 32u

/* A row's random numbers that are not normal. */
enum {
  SOURCE_CLASS,
  SOURCE_PICTURE,
  SOURCE_SAMPLE,
  ANCHOR_CLASS,
  ANCHOR_PICTURE,
  ANCHOR_SAMPLE,
  POSITIVE_CLASS,
  POSITIVE_PICTURE,
  POSITIVE_SAMPLE,
  WRONG_CLASS,
  WRONG_PICTURE,
  WRONG_SAMPLE,
  MIXED,
  MIXED_PICTURE,
  MIXED_SAMPLE,
  MIXED_SHARE,
  NUMBERS
};

static uint32_t pick(const xdi_pools *pools, uint32_t pool, const xdi_row_numbers *row, uint32_t which) {
  return pools->pictures[pools->first[pool] + xdi_row_below(row, which, xdi_pool_size(pools, pool))];
}

/* Some pool of a group. */
static uint32_t pool_within(const xdi_pools *pools, uint32_t group, const xdi_row_numbers *row,
                            uint32_t which) {
  const uint32_t first = pools->group_first[group], end = pools->group_first[group + 1];
  return first + xdi_row_below(row, which, end - first);
}

/* Some pool outside a group; there is one. */
static uint32_t pool_without(const xdi_pools *pools, uint32_t group, const xdi_row_numbers *row,
                             uint32_t which) {
  const uint32_t first = pools->group_first[group], end = pools->group_first[group + 1];
  const uint32_t pool = xdi_row_below(row, which, pools->pool_count - (end - first));
  return pool < first ? pool : pool + (end - first);
}

/* Another picture of the pool than `first`, where it has one. */
static uint32_t pick_other(const xdi_pools *pools, uint32_t pool, const xdi_row_numbers *row, uint32_t which,
                           uint32_t first) {
  const uint32_t size = xdi_pool_size(pools, pool);
  const uint32_t place = xdi_row_below(row, which, size);
  const uint32_t *pictures = pools->pictures + pools->first[pool];
  return pictures[place] != first ? pictures[place] : pictures[(place + 1) % size];
}

/* A code of the source class; mixed with a second one of it as often as the options ask for. */
static void draw_source(const xdi_pair_sampler *sampler, float *to, uint32_t pool, const xdi_row_numbers *row,
                        const float *normals) {
  const xdi_codes *codes = sampler->source_codes;
  xdi_codes_draw(to, codes, pick(sampler->source_pools, pool, row, SOURCE_PICTURE), normals,
                 xdi_row_uniform(row, SOURCE_SAMPLE));
  if (sampler->mixing <= 0.0f || xdi_row_uniform(row, MIXED) >= sampler->mixing)
    return;
  float second[XDI_LATENT_MAX];
  const float share = xdi_row_uniform(row, MIXED_SHARE);
  xdi_codes_draw(second, codes, pick(sampler->source_pools, pool, row, MIXED_PICTURE),
                 normals + codes->latent_dim, xdi_row_uniform(row, MIXED_SAMPLE));
  for (uint32_t j = 0; j < codes->latent_dim; j++)
    to[j] += share * (second[j] - to[j]);
}

/* A further code of the source class; its numbers lie behind those of all rows. */
static void draw_twin(const xdi_pair_sampler *sampler, uint32_t index, uint32_t pool, const float *normals) {
  const xdi_codes *codes = sampler->source_codes;
  const xdi_row_numbers row = {sampler->seed, xdi_stream_id(XDI_STREAM_MAPPING_BATCH, sampler->step),
                               (uint64_t)sampler->batch * NUMBERS + 2 * ((uint64_t)sampler->first + index)};
  xdi_codes_draw(sampler->twin + (size_t)index * codes->latent_dim, codes,
                 pick(sampler->source_pools, pool, &row, 0), normals, xdi_row_uniform(&row, 1));
}

/* Numbers of the further codes of a row's averages lie far behind the others of their streams. */
#define FURTHER_CODES ((uint64_t)1 << 40)

/* The normal numbers of a row's codes: two of the source, three of the target, and the twin's. */
static size_t normals_of_row(const xdi_pair_sampler *sampler) {
  const size_t sources = sampler->twins ? 3 : 2;
  return sources * sampler->source_codes->latent_dim + 3 * (size_t)sampler->target_codes->latent_dim;
}

/* An even number for each further code. */
static size_t normals_of_further(const xdi_pair_sampler *sampler) {
  const size_t dim = sampler->target_codes->latent_dim;
  return dim + dim % 2;
}

/* A step's normal numbers; false: more than a block of numbers may have. */
static bool count_normals(xdi_pair_sampler *sampler, size_t *all) {
  const size_t codes = sampler->anchor_codes;
  size_t averaged = 0;
  return (codes <= 1 || xdi_multiply(sampler->rows, 2 * codes, &averaged)) &&
         xdi_multiply(averaged, normals_of_further(sampler), &sampler->further_normals) &&
         xdi_multiply(sampler->rows, normals_of_row(sampler), &sampler->row_normals) &&
         xdi_add(sampler->row_normals, sampler->further_normals, all) && *all <= XDI_FLOAT_LIMIT;
}

/* Makes of one code of a pool the scaled mean of anchor_codes ones; `which` average of the row's two. */
static void average(const xdi_pair_sampler *sampler, float *to, uint32_t pool, uint32_t index,
                    uint32_t which) {
  const xdi_codes *codes = sampler->target_codes;
  const xdi_pools *pools = sampler->target_pools;
  const uint32_t count = sampler->anchor_codes, dim = codes->latent_dim;
  const uint64_t numbers = xdi_stream_id(XDI_STREAM_MAPPING_BATCH, sampler->step);
  const float *further = sampler->normals + sampler->row_normals;
  const uint64_t skipped = (uint64_t)sampler->first * 2 * count;
  float code[XDI_LATENT_MAX];
  double sums[XDI_LATENT_MAX];
  for (uint32_t j = 0; j < dim; j++)
    sums[j] = (double)to[j];
  for (uint32_t k = 1; k < count; k++) {
    const uint64_t place = ((uint64_t)index * 2 + which) * count + k;
    const xdi_row_numbers row = {sampler->seed, numbers, FURTHER_CODES + 2 * (skipped + place)};
    const uint32_t picture = pick(pools, pool, &row, 0);
    xdi_codes_draw(code, codes, picture, further + place * normals_of_further(sampler),
                   xdi_row_uniform(&row, 1));
    for (uint32_t j = 0; j < dim; j++)
      sums[j] += (double)code[j];
  }
  for (uint32_t j = 0; j < dim; j++)
    to[j] = (float)((double)sampler->anchor_scale * sums[j] / count);
}

static void draw_targets(const xdi_pair_sampler *sampler, uint32_t index, uint32_t group,
                         const xdi_row_numbers *row, const float *normals) {
  const xdi_codes *codes = sampler->target_codes;
  const xdi_pools *pools = sampler->target_pools;
  const size_t dim = codes->latent_dim, at = index * dim;
  const uint32_t right_pool = pool_within(pools, group, row, ANCHOR_CLASS);
  const uint32_t anchor = pick(pools, right_pool, row, ANCHOR_PICTURE);
  const uint32_t positive =
      pick_other(pools, pool_within(pools, group, row, POSITIVE_CLASS), row, POSITIVE_PICTURE, anchor);
  xdi_codes_draw(sampler->anchor + at, codes, anchor, normals, xdi_row_uniform(row, ANCHOR_SAMPLE));
  if (sampler->anchor_codes > 1)
    average(sampler, sampler->anchor + at, right_pool, index, 0);
  xdi_codes_draw(sampler->positive + at, codes, positive, normals + dim,
                 xdi_row_uniform(row, POSITIVE_SAMPLE));
  if (!sampler->mismatched)
    return;
  const uint32_t wrong_pool = pool_without(pools, group, row, WRONG_CLASS);
  const uint32_t wrong = pick(pools, wrong_pool, row, WRONG_PICTURE);
  xdi_codes_draw(sampler->mismatched + at, codes, wrong, normals + 2 * dim,
                 xdi_row_uniform(row, WRONG_SAMPLE));
  if (!sampler->wrong_anchor)
    return;
  memcpy(sampler->wrong_anchor + at, sampler->mismatched + at, dim * sizeof(float));
  average(sampler, sampler->wrong_anchor + at, wrong_pool, index, 1);
}

static void draw_row(const xdi_pair_sampler *sampler, uint32_t index) {
  const size_t source_dim = sampler->source_codes->latent_dim;
  const float *normals = sampler->normals + index * normals_of_row(sampler);
  const xdi_row_numbers row = {sampler->seed, xdi_stream_id(XDI_STREAM_MAPPING_BATCH, sampler->step),
                               ((uint64_t)sampler->first + index) * NUMBERS};
  const uint32_t pool = xdi_row_below(&row, SOURCE_CLASS, sampler->source_pools->pool_count);
  draw_source(sampler, sampler->source + index * source_dim, pool, &row, normals);
  draw_targets(sampler, index, sampler->source_pools->group[pool], &row, normals + 2 * source_dim);
  if (sampler->style)
    xdi_style_reader_want(sampler->reader, sampler->style + index * sampler->reader->dim,
                          sampler->source + index * source_dim, pool);
  if (sampler->twins)
    draw_twin(sampler, index, pool, normals + 2 * source_dim + 3 * sampler->target_codes->latent_dim);
}

static void draw_rows(void *argument, uint32_t task) {
  const xdi_pair_sampler *sampler = argument;
  const uint32_t first = task * ROWS_PER_TASK;
  for (uint32_t row = first; row < first + ROWS_PER_TASK && row < sampler->rows; row++)
    draw_row(sampler, row);
}

/* Mean over the target's classes of the squared length of the class's mean code. */
static double class_power(const xdi_codes *codes, const xdi_pools *pools) {
  double power = 0.0, mean[XDI_LATENT_MAX];
  for (uint32_t pool = 0; pool < pools->pool_count; pool++) {
    memset(mean, 0, codes->latent_dim * sizeof *mean);
    for (uint32_t i = pools->first[pool]; i < pools->first[pool + 1]; i++)
      xdi_codes_add_mean(mean, codes, pools->pictures[i], 1.0 / xdi_pool_size(pools, pool));
    for (uint32_t j = 0; j < codes->latent_dim; j++)
      power += mean[j] * mean[j] / pools->pool_count;
  }
  return power;
}

static float anchor_scale(const xdi_pair_sampler_options *options) {
  const double dim = options->target_codes->latent_dim, count = options->anchor_codes;
  if (options->anchor_codes <= 1)
    return 1.0f;
  return (float)sqrt(dim / (class_power(options->target_codes, options->target_pools) + dim / count));
}

xd_status xdi_pair_sampler_open(xdi_pair_sampler *sampler, xd_context *context,
                                const xdi_pair_sampler_options *options) {
  *sampler = (xdi_pair_sampler){
      .context = context,
      .source_codes = options->source_codes,
      .target_codes = options->target_codes,
      .source_pools = options->source_pools,
      .target_pools = options->target_pools,
      .mixing = options->mixing,
      .twins = options->twins,
      .reader = options->reader && options->reader->dim > 0 ? options->reader : NULL,
      .seed = options->seed,
      .batch = options->batch,
      .first = xdi_rank_first(context, options->batch),
      .rows = xdi_rank_rows(context, options->batch),
      .anchor_codes = options->anchor_codes,
      .anchor_scale = anchor_scale(options),
  };
  const size_t source = options->source_codes->latent_dim * sizeof(float);
  const size_t target = options->target_codes->latent_dim * sizeof(float);
  const bool mismatches = options->target_pools->group_count > 1;
  sampler->source = xdi_allocate(&context->allocator, sampler->rows, source);
  sampler->anchor = xdi_allocate(&context->allocator, sampler->rows, target);
  sampler->positive = xdi_allocate(&context->allocator, sampler->rows, target);
  if (mismatches)
    sampler->mismatched = xdi_allocate(&context->allocator, sampler->rows, target);
  if (options->twins)
    sampler->twin = xdi_allocate(&context->allocator, sampler->rows, source);
  if (sampler->reader)
    sampler->style = xdi_allocate(&context->allocator, sampler->rows, sampler->reader->dim * sizeof(float));
  const bool averages = mismatches && options->anchor_codes > 1;
  if (averages)
    sampler->wrong_anchor = xdi_allocate(&context->allocator, sampler->rows, target);
  if (!sampler->source || !sampler->anchor || !sampler->positive || (mismatches && !sampler->mismatched) ||
      (averages && !sampler->wrong_anchor) || (options->twins && !sampler->twin) ||
      (sampler->reader && !sampler->style))
    return xdi_fail_memory(context, "preparing a mapping's batches");
  size_t normals;
  if (!count_normals(sampler, &normals))
    return xdi_fail(context, XD_ERROR_TOO_LARGE,
                    "anchor_codes %u of %u dimensions are too many for a batch of %u", options->anchor_codes,
                    options->target_codes->latent_dim, options->batch);
  sampler->normals = xdi_allocate(&context->allocator, normals, sizeof(float));
  if (!sampler->normals)
    return xdi_fail_memory(context, "preparing a mapping's batches");
  return xdi_device_create(context, &sampler->drawn, normals);
}

void xdi_pair_sampler_close(xdi_pair_sampler *sampler) {
  if (!sampler->context)
    return;
  const xd_allocator *allocator = &sampler->context->allocator;
  xdi_release(allocator, sampler->source);
  xdi_release(allocator, sampler->twin);
  xdi_release(allocator, sampler->style);
  xdi_release(allocator, sampler->anchor);
  xdi_release(allocator, sampler->positive);
  xdi_release(allocator, sampler->mismatched);
  xdi_release(allocator, sampler->wrong_anchor);
  xdi_release(allocator, sampler->normals);
  xdi_device_destroy(sampler->context, sampler->drawn);
  sampler->normals = NULL;
  sampler->drawn = NULL;
  sampler->source = sampler->anchor = sampler->positive = sampler->mismatched = NULL;
  sampler->wrong_anchor = sampler->twin = sampler->style = NULL;
}

static xd_status draw_normals(const xdi_pair_sampler *sampler) {
  xd_context *context = sampler->context;
  const size_t rows = sampler->row_normals, further = sampler->further_normals;
  const xd_slice place = xdi_slice(sampler->drawn, 0);
  const uint64_t stream = xdi_stream_id(XDI_STREAM_CODES, sampler->step);
  const uint64_t first = sampler->first;
  xd_status status = context->table.random_normal(context->backend, place, rows, sampler->seed, stream,
                                                  first * normals_of_row(sampler));
  if (status == XD_OK && further)
    status = context->table.random_normal(
        context->backend, xdi_slice_after(place, rows), further, sampler->seed, stream,
        FURTHER_CODES + first * 2 * sampler->anchor_codes * normals_of_further(sampler));
  status = xdi_device_check(context, status, "random_normal");
  return status == XD_OK ? xdi_device_read(context, sampler->normals, place, rows + further) : status;
}

xd_status xdi_pair_sampler_draw(xdi_pair_sampler *sampler, xd_mapping_batch *out, uint32_t step) {
  const uint32_t tasks = (sampler->rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
  sampler->step = step;
  *out = (xd_mapping_batch){.struct_size = sizeof *out,
                            .source = sampler->source,
                            .twin = sampler->twin,
                            .anchor = sampler->anchor,
                            .positive = sampler->positive,
                            .mismatched = sampler->mismatched,
                            .wrong_anchor = sampler->wrong_anchor,
                            .count = sampler->rows,
                            .style_dim = sampler->reader ? sampler->reader->dim : 0,
                            .style_reader = sampler->reader ? sampler->reader->reader : NULL,
                            .style = sampler->style};
  const xd_status status = draw_normals(sampler);
  if (status != XD_OK)
    return status;
  if (xdi_run(&sampler->context->runner, draw_rows, sampler, tasks) != 0)
    return xdi_fail(sampler->context, XD_ERROR_INTERNAL, "the thread runner failed while codes were drawn");
  return XD_OK;
}
