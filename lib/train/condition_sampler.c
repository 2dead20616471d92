/* Batches of conditions. Each row draws one of the different conditions, uniformly, and one of its pictures;
 * the wrong code and the wrong anchor are another one's. The generator reads the condition itself. The
 * discriminator, which compares two codes, reads a fixed random projection of it, scaled to a code's length. */
#include "train/condition_sampler.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/seeds.h"
#include "format/digest.h"
#include "train/ranks.h"
#include "train/row_numbers.h"

/* A row's random numbers that are not normal. */
enum { GROUP, PICTURE, SAMPLE, WRONG_GROUP, WRONG_PICTURE, WRONG_SAMPLE, NUMBERS };

/* The batch's arrays; the first is [batch][dim], the others are [batch][latent_dim]. */
enum { SOURCE, ANCHOR, POSITIVE, MISMATCHED, WRONG_ANCHOR, NORMALS, ARRAYS };

static float *array_of(const xdi_condition_sampler *sampler, uint32_t which) {
  const size_t codes = which > SOURCE ? which - 1 : 0;
  return sampler->rows + (which > SOURCE ? (size_t)sampler->batch * sampler->dim : 0) +
         codes * sampler->batch * sampler->codes->latent_dim;
}

/* ---- Groups of pictures with one condition ---- */

typedef struct keyed {
  uint64_t key;
  uint32_t picture;
} keyed;

static int compare_keyed(const void *left, const void *right) {
  const keyed *one = left, *other = right;
  if (one->key != other->key)
    return one->key < other->key ? -1 : 1;
  return one->picture < other->picture ? -1 : 1;
}

/* 0 and -0 are one condition. */
static uint64_t key_of(const xdi_condition_sampler_options *options, uint32_t picture) {
  uint64_t key = 0;
  if (!options->vectors)
    return xd_dataset_label(options->set, picture);
  for (uint32_t i = 0; i < options->dim; i++) {
    const float value = options->vectors[(size_t)picture * options->dim + i] + 0.0f;
    key = xdi_digest_words(&value, 1, key);
  }
  return key;
}

static void group(xdi_condition_sampler *sampler, const xdi_condition_sampler_options *options,
                  const keyed *keys, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    sampler->pictures[i] = keys[i].picture;
    if (i > 0 && keys[i].key == keys[i - 1].key)
      continue;
    sampler->group_first[sampler->group_count] = i;
    sampler->group_row[sampler->group_count++] =
        options->vectors ? keys[i].picture : xd_dataset_label(options->set, keys[i].picture);
  }
  sampler->group_first[sampler->group_count] = count;
}

static xd_status open_groups(xdi_condition_sampler *sampler, const xdi_condition_sampler_options *options) {
  xd_context *context = sampler->context;
  const uint32_t count = xd_dataset_count(options->set);
  sampler->pictures = xdi_allocate(&context->allocator, count, sizeof *sampler->pictures);
  sampler->group_first = xdi_allocate(&context->allocator, (size_t)count + 1, sizeof *sampler->group_first);
  sampler->group_row = xdi_allocate(&context->allocator, count, sizeof *sampler->group_row);
  keyed *keys = xdi_allocate(&context->allocator, count, sizeof *keys);
  if (!sampler->pictures || !sampler->group_first || !sampler->group_row || !keys) {
    xdi_release(&context->allocator, keys);
    return xdi_fail_memory(context, "sorting pictures by their conditions");
  }
  for (uint32_t i = 0; i < count; i++)
    keys[i] = (keyed){key_of(options, i), i};
  qsort(keys, count, sizeof *keys, compare_keyed);
  group(sampler, options, keys, count);
  xdi_release(&context->allocator, keys);
  return XD_OK;
}

/* ---- Conditions ---- */

static xd_status open_vectors(xdi_condition_sampler *sampler, const xdi_condition_sampler_options *options) {
  const size_t dim = options->dim;
  if (!options->vectors) {
    sampler->one_hot = xdi_allocate_zeroed(&sampler->context->allocator, dim * dim, sizeof(float));
    if (!sampler->one_hot)
      return xdi_fail_memory(sampler->context, "writing labels as vectors");
    for (size_t i = 0; i < dim; i++)
      sampler->one_hot[i * dim + i] = 1.0f;
  }
  sampler->vectors = options->vectors ? options->vectors : sampler->one_hot;
  return XD_OK;
}

static const float *vector_of(const xdi_condition_sampler *sampler, uint32_t of) {
  return sampler->vectors + (size_t)sampler->group_row[of] * sampler->dim;
}

/* The root of the mean squared length over the different conditions; 1 where all are zero. */
static double mean_length(const xdi_condition_sampler *sampler) {
  double sum = 0.0;
  for (uint32_t group = 0; group < sampler->group_count; group++)
    for (uint32_t j = 0; j < sampler->dim; j++)
      sum += (double)vector_of(sampler, group)[j] * (double)vector_of(sampler, group)[j];
  return sum > 0.0 ? sqrt(sum / sampler->group_count) : 1.0;
}

static xd_status open_projection(xdi_condition_sampler *sampler) {
  const size_t cells = (size_t)sampler->dim * sampler->codes->latent_dim;
  const float scale = (float)(1.0 / mean_length(sampler));
  sampler->projection = xdi_allocate(&sampler->context->allocator, cells, sizeof *sampler->projection);
  if (!sampler->projection)
    return xdi_fail_memory(sampler->context, "projecting conditions");
  xdi_random_normals(sampler->projection, cells, xdi_seed_of(sampler->seed, XDI_SEED_CODES1),
                     xdi_stream_id(XDI_STREAM_INIT, 0), 0);
  for (size_t i = 0; i < cells; i++)
    sampler->projection[i] *= scale;
  return XD_OK;
}

static void project(const xdi_condition_sampler *sampler, float *to, const float *vector) {
  const size_t latent_dim = sampler->codes->latent_dim;
  for (size_t j = 0; j < latent_dim; j++)
    to[j] = 0.0f;
  for (size_t i = 0; i < sampler->dim; i++)
    for (size_t j = 0; j < latent_dim && vector[i] != 0.0f; j++)
      to[j] += vector[i] * sampler->projection[i * latent_dim + j];
}

/* ---- The sampler ---- */

xd_status xdi_condition_sampler_open(xdi_condition_sampler *sampler, xd_context *context,
                                     const xdi_condition_sampler_options *options) {
  *sampler = (xdi_condition_sampler){.context = context,
                                     .codes = options->codes,
                                     .dim = options->dim,
                                     .batch = options->batch,
                                     .seed = options->seed};
  const size_t row = options->dim + (size_t)(ARRAYS - 1) * options->codes->latent_dim;
  sampler->rows = xdi_allocate(&context->allocator, options->batch, row * sizeof *sampler->rows);
  if (!sampler->rows)
    return xdi_fail_memory(context, "preparing batches of conditions");
  xd_status status = open_groups(sampler, options);
  if (status == XD_OK)
    status = open_vectors(sampler, options);
  return status == XD_OK ? open_projection(sampler) : status;
}

void xdi_condition_sampler_close(xdi_condition_sampler *sampler) {
  if (!sampler->context)
    return;
  const xd_allocator *allocator = &sampler->context->allocator;
  xdi_release(allocator, sampler->one_hot);
  xdi_release(allocator, sampler->pictures);
  xdi_release(allocator, sampler->group_first);
  xdi_release(allocator, sampler->group_row);
  xdi_release(allocator, sampler->projection);
  xdi_release(allocator, sampler->rows);
  *sampler = (xdi_condition_sampler){.context = NULL};
}

/* A code of some picture of a group; which picture and sample, numbers `picture` and the next tell. */
static void draw_code(const xdi_condition_sampler *sampler, float *to, uint32_t of,
                      const xdi_row_numbers *row, uint32_t picture, const float *normals) {
  const uint32_t first = sampler->group_first[of], size = sampler->group_first[of + 1] - first;
  xdi_codes_draw(to, sampler->codes, sampler->pictures[first + xdi_row_below(row, picture, size)], normals,
                 xdi_row_uniform(row, picture + 1));
}

static uint32_t other_group(const xdi_condition_sampler *sampler, uint32_t than, const xdi_row_numbers *row) {
  const uint32_t other = xdi_row_below(row, WRONG_GROUP, sampler->group_count - 1);
  return other < than ? other : other + 1;
}

static void draw_row(const xdi_condition_sampler *sampler, uint32_t index, uint32_t step) {
  const size_t latent_dim = sampler->codes->latent_dim, at = index * latent_dim;
  const xdi_row_numbers row = {sampler->seed, xdi_stream_id(XDI_STREAM_MAPPING_BATCH, step),
                               (uint64_t)index * NUMBERS};
  const float *normals = array_of(sampler, NORMALS) + at;
  const uint32_t right = xdi_row_below(&row, GROUP, sampler->group_count);
  float *source = array_of(sampler, SOURCE) + (size_t)index * sampler->dim;
  for (uint32_t j = 0; j < sampler->dim; j++)
    source[j] = vector_of(sampler, right)[j];
  project(sampler, array_of(sampler, ANCHOR) + at, vector_of(sampler, right));
  draw_code(sampler, array_of(sampler, POSITIVE) + at, right, &row, PICTURE, normals);
  if (sampler->group_count < 2)
    return;
  const uint32_t wrong = other_group(sampler, right, &row);
  project(sampler, array_of(sampler, WRONG_ANCHOR) + at, vector_of(sampler, wrong));
  draw_code(sampler, array_of(sampler, MISMATCHED) + at, wrong, &row, WRONG_PICTURE, normals);
}

/* Positive and mismatched code of a row are sampled with the same normal numbers: nobody compares them. Every rank
 * draws all rows, which is little work. */
void xdi_condition_sampler_draw(xdi_condition_sampler *sampler, xd_mapping_batch *out, uint32_t step) {
  const bool mismatches = sampler->group_count > 1;
  const size_t first = xdi_rank_first(sampler->context, sampler->batch),
               codes = first * sampler->codes->latent_dim;
  *out = (xd_mapping_batch){.struct_size = sizeof *out,
                            .source = array_of(sampler, SOURCE) + first * sampler->dim,
                            .anchor = array_of(sampler, ANCHOR) + codes,
                            .positive = array_of(sampler, POSITIVE) + codes,
                            .mismatched = mismatches ? array_of(sampler, MISMATCHED) + codes : NULL,
                            .wrong_anchor = mismatches ? array_of(sampler, WRONG_ANCHOR) + codes : NULL,
                            .count = xdi_rank_rows(sampler->context, sampler->batch)};
  if (sampler->codes->samples == 0)
    xdi_random_normals(array_of(sampler, NORMALS), (size_t)sampler->batch * sampler->codes->latent_dim,
                       sampler->seed, xdi_stream_id(XDI_STREAM_CODES, step), 0);
  for (uint32_t index = 0; index < sampler->batch; index++)
    draw_row(sampler, index, step);
}
