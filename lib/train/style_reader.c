/* Which style of the target is whose of the source. Both domains' codes are centred within classes. Source style
 * are the first principal components that hold half of the variance; in the target they are looked for among
 * those that hold nine tenths. All are brought to unit variance. What belongs together is what the source's own
 * encoder says of the target's pictures: the correlations of its components with the target's. Component by
 * component, the strongest first, the direction of its correlations without what earlier ones took is where it is
 * to be read: so readings of real codes have unit variance and are independent, as the source's style has and is,
 * and a generator can match both. */
#include "train/style_reader.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "evaluate/within_class.h"
#include "model/encoder.h"

static const double source_share = 0.5, target_share = 0.9;

/* ---- Clouds of codes ---- */

/* The mean codes of the pictures of all pools, pool after pool, without their pool's. */
typedef struct cloud {
  const xdi_pools *pools;
  uint32_t count, dim;
  float *rows;   /* [count][dim] */
  double *means; /* [pool][dim] */
} cloud;

static void fill_cloud(cloud *c, const xdi_codes *codes, double *code) {
  for (uint32_t pool = 0; pool < c->pools->pool_count; pool++) {
    double *mean = c->means + (size_t)pool * c->dim;
    for (uint32_t i = c->pools->first[pool]; i < c->pools->first[pool + 1]; i++)
      xdi_codes_add_mean(mean, codes, c->pools->pictures[i], 1.0 / xdi_pool_size(c->pools, pool));
    for (uint32_t i = c->pools->first[pool]; i < c->pools->first[pool + 1]; i++) {
      memset(code, 0, c->dim * sizeof *code);
      xdi_codes_add_mean(code, codes, c->pools->pictures[i], 1.0);
      for (uint32_t j = 0; j < c->dim; j++)
        c->rows[(size_t)i * c->dim + j] = (float)(code[j] - mean[j]);
    }
  }
}

static xd_status open_cloud(cloud *c, xd_context *context, const xdi_codes *codes, const xdi_pools *pools) {
  const xd_allocator *allocator = &context->allocator;
  *c = (cloud){.pools = pools, .count = pools->first[pools->pool_count], .dim = codes->latent_dim};
  double *code = xdi_allocate(allocator, c->dim, sizeof *code);
  c->rows = xdi_allocate(allocator, c->count, c->dim * sizeof *c->rows);
  c->means = xdi_allocate_zeroed(allocator, pools->pool_count, c->dim * sizeof *c->means);
  const xd_status status =
      code && c->rows && c->means ? XD_OK : xdi_fail_memory(context, "looking for style");
  if (status == XD_OK)
    fill_cloud(c, codes, code);
  xdi_release(allocator, code);
  return status;
}

static void close_cloud(cloud *c, xd_context *context) {
  xdi_release(&context->allocator, c->rows);
  xdi_release(&context->allocator, c->means);
}

/* The mean of a set's outermost pixels, 0..1. */
static double ground_of(const xd_dataset *set) {
  const uint32_t width = xd_dataset_width(set), height = xd_dataset_height(set);
  const uint32_t channels = xd_dataset_channels(set), count = xd_dataset_count(set);
  double sum = 0.0;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *cell = xd_dataset_pixels(set, i);
    for (uint32_t y = 0; y < height; y++)
      for (uint32_t x = 0; x < width; x++, cell += channels)
        for (uint32_t c = 0; (y == 0 || x == 0 || y + 1 == height || x + 1 == width) && c < channels; c++)
          sum += cell[c];
  }
  return sum / (255.0 * count * channels * (2.0 * width + 2.0 * height - 4.0));
}

/* The target's pictures as the source's encoder sees them: of the other ground, dark where the source's is light,
 * they are inverted. */
static xd_status open_crossed(cloud *c, xd_context *context, const xd_network *encoder,
                              const xd_dataset *source_set, const xd_dataset *target_set,
                              const xdi_pools *pools) {
  const double source = ground_of(source_set), target = ground_of(target_set);
  const xdi_codes_options options = {.inverted = fabs(1.0 - target - source) < fabs(target - source)};
  xd_dataset *seen = NULL;
  xdi_codes codes = {.values = NULL};
  xd_dataset_options wanted = XD_DATASET_OPTIONS_INIT;
  wanted.width = encoder->input.width;
  wanted.height = encoder->input.height;
  wanted.channels = encoder->input.channels;
  xd_status status = xd_dataset_convert(&seen, context, target_set, &wanted);
  if (status == XD_OK)
    status = xdi_codes_open(&codes, context, encoder, seen, &options);
  if (status == XD_OK)
    status = open_cloud(c, context, &codes, pools);
  xdi_codes_close(&codes);
  xd_dataset_release(seen);
  return status;
}

/* ---- Where the components are read ---- */

typedef struct search {
  cloud source, target, crossed;
  xdi_components from, to; /* of source and target */
  uint32_t dim;
  double *directions; /* [from.count][to.count] in units of the components' deviations */
} search;

static void standardise(float *projected, const xdi_components *components) {
  for (uint32_t k = 0; k < components->count; k++)
    projected[k] = (float)((double)projected[k] / sqrt(components->variances[k]));
}

/* Sums of the products of crossed and target components. */
static void add_correlations(const search *s, float *crossed, float *target) {
  for (size_t i = 0; i < s->target.count; i++) {
    xdi_components_project(crossed, &s->from, s->crossed.rows + i * s->crossed.dim);
    xdi_components_project(target, &s->to, s->target.rows + i * s->target.dim);
    standardise(crossed, &s->from);
    standardise(target, &s->to);
    for (uint32_t k = 0; k < s->dim; k++)
      for (uint32_t j = 0; j < s->to.count; j++)
        s->directions[k * s->to.count + j] += (double)crossed[k] * (double)target[j];
  }
}

static double length_of(const double *direction, uint32_t dim) {
  double square = 0.0;
  for (uint32_t j = 0; j < dim; j++)
    square += direction[j] * direction[j];
  return sqrt(square);
}

/* A direction without what lies along earlier ones, of unit length; false where next to nothing is left of it. */
static bool set_apart(double *direction, const double *earlier, uint32_t count, uint32_t dim) {
  const double before = length_of(direction, dim);
  for (uint32_t k = 0; k < count; k++) {
    double along = 0.0;
    for (uint32_t j = 0; j < dim; j++)
      along += direction[j] * earlier[k * dim + j];
    for (uint32_t j = 0; j < dim; j++)
      direction[j] -= along * earlier[k * dim + j];
  }
  const double length = length_of(direction, dim);
  for (uint32_t j = 0; j < dim; j++)
    direction[j] /= length;
  return length > 1e-3 * before;
}

/* Where nothing is left of a direction, an axis that earlier ones do not span serves: there are fewer of them than
 * axes. */
static void orthonormalise(double *directions, uint32_t count, uint32_t dim) {
  uint32_t axis = 0;
  for (uint32_t k = 0; k < count; k++) {
    double *direction = directions + (size_t)k * dim;
    while (!set_apart(direction, directions, k, dim) && axis < dim) {
      memset(direction, 0, dim * sizeof *direction);
      direction[axis++] = 1.0;
    }
  }
}

static xd_status find_directions(search *s, xd_context *context) {
  const xd_allocator *allocator = &context->allocator;
  s->dim = s->from.count < s->to.count ? s->from.count : s->to.count;
  if (s->dim == 0)
    return XD_OK;
  float *crossed = xdi_allocate(allocator, s->from.count, sizeof *crossed);
  float *target = xdi_allocate(allocator, s->to.count, sizeof *target);
  s->directions = xdi_allocate_zeroed(allocator, s->dim, s->to.count * sizeof *s->directions);
  const xd_status status =
      crossed && target && s->directions ? XD_OK : xdi_fail_memory(context, "looking for style");
  if (status == XD_OK) {
    add_correlations(s, crossed, target);
    orthonormalise(s->directions, s->dim, s->to.count);
  }
  xdi_release(allocator, crossed);
  xdi_release(allocator, target);
  return status;
}

static xd_status open_search(search *s, xd_context *context, const xdi_mapping_material *material,
                             const xd_dataset *const sets[2], uint32_t source) {
  const uint32_t target = 1 - source;
  const xd_network *encoder = xd_encoder_network(xd_model_encoder(material->model, source + 1));
  *s = (search){.dim = 0};
  xd_status status =
      open_cloud(&s->source, context, xdi_source_codes(material, source), &material->pools[source]);
  if (status == XD_OK)
    status = open_cloud(&s->target, context, &material->codes[target], &material->pools[target]);
  if (status == XD_OK)
    status =
        open_crossed(&s->crossed, context, encoder, sets[source], sets[target], &material->pools[target]);
  if (status == XD_OK)
    status =
        xdi_components_open(&s->from, context, s->source.rows, s->source.count, s->source.dim, source_share);
  if (status == XD_OK)
    status =
        xdi_components_open(&s->to, context, s->target.rows, s->target.count, s->target.dim, target_share);
  return status == XD_OK ? find_directions(s, context) : status;
}

static void close_search(search *s, xd_context *context) {
  close_cloud(&s->source, context);
  close_cloud(&s->target, context);
  close_cloud(&s->crossed, context);
  xdi_components_close(&s->from);
  xdi_components_close(&s->to);
  xdi_release(&context->allocator, s->directions);
}

/* ---- The reader ---- */

/* Components weigh by their variance, one on the average. */
static double weight_of(const search *s, uint32_t component) {
  double variance = 0.0;
  for (uint32_t k = 0; k < s->dim; k++)
    variance += s->from.variances[k] / s->dim;
  return sqrt(s->from.variances[component] / variance);
}

static void write_component(xdi_style_reader *reader, const search *s, uint32_t k) {
  const double weight = weight_of(s, k), deviation = sqrt(s->from.variances[k]);
  for (uint32_t j = 0; j < s->source.dim; j++)
    reader->wish[k * s->source.dim + j] =
        (float)(weight / deviation * s->from.vectors[k * s->source.dim + j]);
  for (uint32_t i = 0; i < s->target.dim; i++) {
    double sum = 0.0;
    for (uint32_t j = 0; j < s->to.count; j++)
      sum += s->directions[k * s->to.count + j] / sqrt(s->to.variances[j]) *
             s->to.vectors[(size_t)j * s->target.dim + i];
    reader->reader[i * reader->dim + k] = (float)(weight * sum);
  }
}

/* The reading of the mean of a group's class means. */
static double group_reading(const xdi_style_reader *reader, const cloud *target, uint32_t group, uint32_t k) {
  const uint32_t first = target->pools->group_first[group], end = target->pools->group_first[group + 1];
  double sum = 0.0;
  for (uint32_t pool = first; pool < end; pool++)
    for (uint32_t i = 0; i < target->dim; i++)
      sum += target->means[(size_t)pool * target->dim + i] * (double)reader->reader[i * reader->dim + k];
  return sum / (end - first);
}

/* What the class means of a source pool and of its target group make up. */
static void write_offset(const xdi_style_reader *reader, const search *s, uint32_t pool, uint32_t k) {
  double offset = group_reading(reader, &s->target, s->source.pools->group[pool], k);
  for (uint32_t j = 0; j < s->source.dim; j++)
    offset -= s->source.means[(size_t)pool * s->source.dim + j] * (double)reader->wish[k * s->source.dim + j];
  reader->offsets[pool * reader->dim + k] = (float)offset;
}

static xd_status write_reader(xdi_style_reader *reader, xd_context *context, const search *s) {
  const xd_allocator *allocator = &context->allocator;
  const uint32_t pools = s->source.pools->pool_count;
  if (s->dim == 0)
    return XD_OK;
  reader->reader = xdi_allocate(allocator, s->target.dim, s->dim * sizeof *reader->reader);
  reader->wish = xdi_allocate(allocator, s->dim, s->source.dim * sizeof *reader->wish);
  reader->offsets = xdi_allocate(allocator, pools, s->dim * sizeof *reader->offsets);
  if (!reader->reader || !reader->wish || !reader->offsets)
    return xdi_fail_memory(context, "looking for style");
  reader->dim = s->dim;
  reader->source_dim = s->source.dim;
  for (uint32_t k = 0; k < s->dim; k++)
    write_component(reader, s, k);
  for (uint32_t pool = 0; pool < pools; pool++)
    for (uint32_t k = 0; k < s->dim; k++)
      write_offset(reader, s, pool, k);
  return XD_OK;
}

xd_status xdi_style_reader_open(xdi_style_reader *reader, xd_context *context,
                                const xdi_mapping_material *material, const xd_dataset *const sets[2],
                                uint32_t source) {
  search s;
  *reader = (xdi_style_reader){.allocator = context->allocator};
  xd_status status = open_search(&s, context, material, sets, source);
  if (status == XD_OK)
    status = write_reader(reader, context, &s);
  close_search(&s, context);
  return status;
}

void xdi_style_reader_close(xdi_style_reader *reader) {
  if (reader->reader)
    xdi_release(&reader->allocator, reader->reader);
  if (reader->wish)
    xdi_release(&reader->allocator, reader->wish);
  if (reader->offsets)
    xdi_release(&reader->allocator, reader->offsets);
  *reader = (xdi_style_reader){.dim = 0};
}

void xdi_style_reader_want(const xdi_style_reader *reader, float *to, const float *code, uint32_t pool) {
  for (size_t k = 0; k < reader->dim; k++) {
    const float *wish = reader->wish + k * reader->source_dim;
    float sum = reader->offsets[pool * reader->dim + k];
    for (uint32_t j = 0; j < reader->source_dim; j++)
      sum += wish[j] * code[j];
    to[k] = sum;
  }
}
