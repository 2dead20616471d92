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
typedef struct code_cloud {
  const xdi_pools *pools;
  uint32_t count, dim;
  float *rows;   /* [count][dim] */
  double *means; /* [pool][dim] */
} code_cloud;

static void fill_cloud(code_cloud *cloud, const xdi_codes *codes, double *code) {
  for (uint32_t pool = 0; pool < cloud->pools->pool_count; pool++) {
    double *mean = cloud->means + (size_t)pool * cloud->dim;
    for (uint32_t i = cloud->pools->first[pool]; i < cloud->pools->first[pool + 1]; i++)
      xdi_codes_add_mean(mean, codes, cloud->pools->pictures[i], 1.0 / xdi_pool_size(cloud->pools, pool));
    for (uint32_t i = cloud->pools->first[pool]; i < cloud->pools->first[pool + 1]; i++) {
      memset(code, 0, cloud->dim * sizeof *code);
      xdi_codes_add_mean(code, codes, cloud->pools->pictures[i], 1.0);
      for (uint32_t j = 0; j < cloud->dim; j++)
        cloud->rows[(size_t)i * cloud->dim + j] = (float)(code[j] - mean[j]);
    }
  }
}

static xd_status open_cloud(code_cloud *cloud, xd_context *context, const xdi_codes *codes,
                            const xdi_pools *pools) {
  const xd_allocator *allocator = &context->allocator;
  *cloud = (code_cloud){.pools = pools, .count = pools->first[pools->pool_count], .dim = codes->latent_dim};
  double *code = xdi_allocate(allocator, cloud->dim, sizeof *code);
  cloud->rows = xdi_allocate(allocator, cloud->count, cloud->dim * sizeof *cloud->rows);
  cloud->means = xdi_allocate_zeroed(allocator, pools->pool_count, cloud->dim * sizeof *cloud->means);
  const xd_status status =
      code && cloud->rows && cloud->means ? XD_OK : xdi_fail_memory(context, "looking for style");
  if (status == XD_OK)
    fill_cloud(cloud, codes, code);
  xdi_release(allocator, code);
  return status;
}

static void close_cloud(code_cloud *cloud, xd_context *context) {
  xdi_release(&context->allocator, cloud->rows);
  xdi_release(&context->allocator, cloud->means);
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
static xd_status open_crossed(code_cloud *cloud, xd_context *context, const xd_network *encoder,
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
  xd_status status = xd_dataset_fit(&seen, context, target_set, &wanted);
  if (status == XD_OK)
    status = xdi_codes_open(&codes, context, encoder, seen, &options);
  if (status == XD_OK)
    status = open_cloud(cloud, context, &codes, pools);
  xdi_codes_close(&codes);
  xd_dataset_release(seen);
  return status;
}

/* ---- Where the components are read ---- */

typedef struct style_search {
  code_cloud source, target, crossed;
  xdi_components from, to; /* of source and target */
  uint32_t dim;
  double *directions; /* [from.count][to.count] in units of the components' deviations */
} style_search;

static void standardise(float *projected, const xdi_components *components) {
  for (uint32_t k = 0; k < components->count; k++)
    projected[k] = (float)((double)projected[k] / sqrt(components->variances[k]));
}

/* Sums of the products of crossed and target components. */
static void add_correlations(const style_search *search, float *crossed, float *target) {
  for (size_t i = 0; i < search->target.count; i++) {
    xdi_components_project(crossed, &search->from, search->crossed.rows + i * search->crossed.dim);
    xdi_components_project(target, &search->to, search->target.rows + i * search->target.dim);
    standardise(crossed, &search->from);
    standardise(target, &search->to);
    for (uint32_t k = 0; k < search->dim; k++)
      for (uint32_t j = 0; j < search->to.count; j++)
        search->directions[k * search->to.count + j] += (double)crossed[k] * (double)target[j];
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

static xd_status find_directions(style_search *search, xd_context *context) {
  const xd_allocator *allocator = &context->allocator;
  search->dim = search->from.count < search->to.count ? search->from.count : search->to.count;
  if (search->dim == 0)
    return XD_OK;
  float *crossed = xdi_allocate(allocator, search->from.count, sizeof *crossed);
  float *target = xdi_allocate(allocator, search->to.count, sizeof *target);
  search->directions =
      xdi_allocate_zeroed(allocator, search->dim, search->to.count * sizeof *search->directions);
  const xd_status status =
      crossed && target && search->directions ? XD_OK : xdi_fail_memory(context, "looking for style");
  if (status == XD_OK) {
    add_correlations(search, crossed, target);
    orthonormalise(search->directions, search->dim, search->to.count);
  }
  xdi_release(allocator, crossed);
  xdi_release(allocator, target);
  return status;
}

static xd_status open_search(style_search *search, xd_context *context, const xdi_mapping_material *material,
                             const xd_dataset *const sets[2], uint32_t source) {
  const uint32_t target = 1 - source;
  const xd_network *encoder = xd_encoder_network(xd_model_encoder(material->model, source + 1));
  *search = (style_search){.dim = 0};
  xd_status status =
      open_cloud(&search->source, context, xdi_source_codes(material, source), &material->pools[source]);
  if (status == XD_OK)
    status = open_cloud(&search->target, context, &material->codes[target], &material->pools[target]);
  if (status == XD_OK)
    status = open_crossed(&search->crossed, context, encoder, sets[source], sets[target],
                          &material->pools[target]);
  if (status == XD_OK)
    status = xdi_components_open(&search->from, context, search->source.rows, search->source.count,
                                 search->source.dim, source_share);
  if (status == XD_OK)
    status = xdi_components_open(&search->to, context, search->target.rows, search->target.count,
                                 search->target.dim, target_share);
  return status == XD_OK ? find_directions(search, context) : status;
}

static void close_search(style_search *search, xd_context *context) {
  close_cloud(&search->source, context);
  close_cloud(&search->target, context);
  close_cloud(&search->crossed, context);
  xdi_components_close(&search->from);
  xdi_components_close(&search->to);
  xdi_release(&context->allocator, search->directions);
}

/* ---- The reader ---- */

/* Components weigh by their variance, one on the average. */
static double weight_of(const style_search *search, uint32_t component) {
  double variance = 0.0;
  for (uint32_t k = 0; k < search->dim; k++)
    variance += search->from.variances[k] / search->dim;
  return sqrt(search->from.variances[component] / variance);
}

static void write_component(xdi_style_reader *reader, const style_search *search, uint32_t k) {
  const double weight = weight_of(search, k), deviation = sqrt(search->from.variances[k]);
  for (uint32_t j = 0; j < search->source.dim; j++)
    reader->wish[k * search->source.dim + j] =
        (float)(weight / deviation * search->from.vectors[k * search->source.dim + j]);
  for (uint32_t i = 0; i < search->target.dim; i++) {
    double sum = 0.0;
    for (uint32_t j = 0; j < search->to.count; j++)
      sum += search->directions[k * search->to.count + j] / sqrt(search->to.variances[j]) *
             search->to.vectors[(size_t)j * search->target.dim + i];
    reader->reader[i * reader->dim + k] = (float)(weight * sum);
  }
}

/* The reading of the mean of a group's class means. */
static double group_reading(const xdi_style_reader *reader, const code_cloud *target, uint32_t group,
                            uint32_t k) {
  const uint32_t first = target->pools->group_first[group], end = target->pools->group_first[group + 1];
  double sum = 0.0;
  for (uint32_t pool = first; pool < end; pool++)
    for (uint32_t i = 0; i < target->dim; i++)
      sum += target->means[(size_t)pool * target->dim + i] * (double)reader->reader[i * reader->dim + k];
  return sum / (end - first);
}

/* What the class means of a source pool and of its target group make up. */
static void write_offset(const xdi_style_reader *reader, const style_search *search, uint32_t pool,
                         uint32_t k) {
  double offset = group_reading(reader, &search->target, search->source.pools->group[pool], k);
  for (uint32_t j = 0; j < search->source.dim; j++)
    offset -= search->source.means[(size_t)pool * search->source.dim + j] *
              (double)reader->wish[k * search->source.dim + j];
  reader->offsets[pool * reader->dim + k] = (float)offset;
}

static xd_status write_reader(xdi_style_reader *reader, xd_context *context, const style_search *search) {
  const xd_allocator *allocator = &context->allocator;
  const uint32_t pools = search->source.pools->pool_count;
  if (search->dim == 0)
    return XD_OK;
  reader->reader = xdi_allocate(allocator, search->target.dim, search->dim * sizeof *reader->reader);
  reader->wish = xdi_allocate(allocator, search->dim, search->source.dim * sizeof *reader->wish);
  reader->offsets = xdi_allocate(allocator, pools, search->dim * sizeof *reader->offsets);
  if (!reader->reader || !reader->wish || !reader->offsets)
    return xdi_fail_memory(context, "looking for style");
  reader->dim = search->dim;
  reader->source_dim = search->source.dim;
  for (uint32_t k = 0; k < search->dim; k++)
    write_component(reader, search, k);
  for (uint32_t pool = 0; pool < pools; pool++)
    for (uint32_t k = 0; k < search->dim; k++)
      write_offset(reader, search, pool, k);
  return XD_OK;
}

xd_status xdi_style_reader_open(xdi_style_reader *reader, xd_context *context,
                                const xdi_mapping_material *material, const xd_dataset *const sets[2],
                                uint32_t source) {
  style_search search;
  *reader = (xdi_style_reader){.allocator = context->allocator};
  xd_status status = open_search(&search, context, material, sets, source);
  if (status == XD_OK)
    status = write_reader(reader, context, &search);
  close_search(&search, context);
  return status;
}

void xdi_style_reader_close(xdi_style_reader *reader) {
  xdi_release(&reader->allocator, reader->reader);
  xdi_release(&reader->allocator, reader->wish);
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
