/* Variety is a share of the spread, the variance over pictures in the mean over pixels, that real ones have:
 * of the pictures themselves for a VAE, of decoded real codes for a mapping. Two epochs of digits give VAEs 0.1
 * to 0.2 and mappings 0.5 to 0.9; after the few steps of a test they have 1e-6 and 5e-3. */
#include "train/variety.h"

#include "base/memory.h"
#include "base/seeds.h"
#include "data/dataset.h"
#include "xdomain/decoder.h"
#include "xdomain/encoder.h"
#include "xdomain/latent_generator.h"

#define SOURCES 32u
#define NOISES 2u
#define PICTURES (SOURCES * NOISES)

static const double least_of_vae = 1e-10, least_of_mapping = 2e-3;

static double spread(const float *rows, uint32_t count, size_t size) {
  double sum = 0.0;
  for (size_t at = 0; at < size; at++) {
    double mean = 0.0, square = 0.0;
    for (uint32_t row = 0; row < count; row++)
      mean += (double)rows[row * size + at] / count;
    for (uint32_t row = 0; row < count; row++) {
      const double apart = (double)rows[row * size + at] - mean;
      square += apart * apart / count;
    }
    sum += square;
  }
  return sum / (double)size;
}

/* ---- VAEs ---- */

static xd_status reconstruct(double *variety, xd_context *context, const xd_dataset *set,
                             const xd_encoder *encoder, const xd_decoder *decoder, float *memory) {
  const uint32_t all = xd_dataset_count(set), count = all < PICTURES ? all : PICTURES;
  const size_t size = xdi_cells(xdi_set_shape(set));
  uint32_t indices[PICTURES];
  float *pictures = memory, *codes = memory + PICTURES * size;
  for (uint32_t i = 0; i < count; i++)
    indices[i] = (uint32_t)((uint64_t)i * all / count);
  xd_status status = xd_dataset_read(set, context, pictures, indices, count);
  const double real = status == XD_OK ? spread(pictures, count, size) : 0.0;
  *variety = 1.0;
  if (status != XD_OK || real <= 0.0)
    return status;
  status = xd_encoder_encode(encoder, context, codes, NULL, pictures, count);
  if (status == XD_OK)
    status = xd_decoder_decode(decoder, context, pictures, codes, count);
  *variety = status == XD_OK ? spread(pictures, count, size) / real : 0.0;
  return status;
}

xd_status xdi_check_vae_variety(const xdi_training *training, uint32_t domain, const xd_encoder *encoder,
                                const xd_decoder *decoder) {
  xd_context *context = training->context;
  const xd_dataset *set = training->input.set[domain];
  const size_t size = xdi_cells(xdi_set_shape(set));
  double variety;
  if (training->settings.allow_collapse)
    return XD_OK;
  float *memory =
      xdi_allocate(&context->allocator, PICTURES, (size + xd_encoder_latent_dim(encoder)) * sizeof *memory);
  if (!memory)
    return xdi_fail_memory(context, "measuring variety");
  xd_status status = reconstruct(&variety, context, set, encoder, decoder, memory);
  xdi_release(&context->allocator, memory);
  if (status != XD_OK || variety >= least_of_vae)
    return status;
  return xdi_fail(context, XD_ERROR_COLLAPSED,
                  "the VAE of domain %u collapsed: its reconstructions of different pictures vary by %.2g of "
                  "what the pictures do; a lower learning rate or a larger sigma_x may help",
                  domain + 1, variety);
}

/* ---- Mappings ---- */

typedef struct variety_job {
  xd_context *context;
  const xdi_mapping_material *material;
  const xd_latent_generator *generator;
  uint32_t source, target; /* domains 0 or 1 */
  uint64_t seed;
  size_t source_dim, target_dim, picture;
  float *sources;  /* [SOURCES][source_dim] */
  float *noise;    /* [SOURCES][the larger dim] */
  float *codes;    /* [PICTURES][target_dim] */
  float *pictures; /* [PICTURES][picture] */
} variety_job;

/* Codes of pictures, from each pool in turn. */
static void draw(const variety_job *job, float *to, const xdi_codes *codes, const xdi_pools *pools,
                 uint32_t count, uint64_t stream) {
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t pool = i % pools->pool_count, at = i / pools->pool_count % xdi_pool_size(pools, pool);
    const size_t dim = codes->latent_dim;
    xdi_random_normals(job->noise, dim, job->seed, stream, i * dim);
    xdi_codes_draw(to + i * dim, codes, pools->pictures[pools->first[pool] + at], job->noise, 0.0f);
  }
}

static xd_status decode(const variety_job *job) {
  const xd_decoder *decoder = xd_model_decoder(job->material->model, job->target + 1);
  return xd_decoder_decode(decoder, job->context, job->pictures, job->codes, PICTURES);
}

/* The same noise for all sources, then another. */
static xd_status generate(const variety_job *job) {
  xd_status status = XD_OK;
  for (uint32_t n = 0; status == XD_OK && n < NOISES; n++) {
    const size_t dim = job->target_dim;
    xdi_random_normals(job->noise, dim, job->seed, xdi_stream_id(XDI_STREAM_MAPPING_NOISE, 0), n * dim);
    for (size_t i = dim; i < SOURCES * dim; i++)
      job->noise[i] = job->noise[i - dim];
    status = xd_latent_generator_generate(job->generator, job->context, job->codes + n * SOURCES * dim,
                                          job->noise, job->sources, SOURCES);
  }
  return status == XD_OK ? decode(job) : status;
}

/* Shares of the real spread: of everything, and of what the same noise gives for different sources. */
static xd_status measure(const variety_job *job, double *variety, double *by_source) {
  const xdi_mapping_material *material = job->material;
  draw(job, job->codes, &material->codes[job->target], &material->pools[job->target], PICTURES,
       xdi_stream_id(XDI_STREAM_CODES, 0));
  xd_status status = decode(job);
  const double real = status == XD_OK ? spread(job->pictures, PICTURES, job->picture) : 0.0;
  *variety = *by_source = 1.0;
  if (status != XD_OK || real <= 0.0)
    return status;
  draw(job, job->sources, xdi_source_codes(material, job->source), &material->pools[job->source], SOURCES,
       xdi_stream_id(XDI_STREAM_CODES, 1));
  status = generate(job);
  if (status != XD_OK)
    return status;
  *variety = spread(job->pictures, PICTURES, job->picture) / real;
  *by_source = 0.0;
  for (uint32_t n = 0; n < NOISES; n++)
    *by_source += spread(job->pictures + n * SOURCES * job->picture, SOURCES, job->picture) / real / NOISES;
  return XD_OK;
}

/* One block for all. */
static float *take_memory(variety_job *job) {
  const size_t noise = job->source_dim > job->target_dim ? job->source_dim : job->target_dim;
  float *memory = xdi_allocate(&job->context->allocator, PICTURES,
                               (job->source_dim + noise + job->target_dim + job->picture) * sizeof *memory);
  job->sources = memory;
  job->noise = job->sources + SOURCES * job->source_dim;
  job->codes = job->noise + SOURCES * noise;
  job->pictures = job->codes + PICTURES * job->target_dim;
  return memory;
}

xd_status xdi_check_mapping_variety(const xdi_training *training, const xdi_mapping_material *material,
                                    uint32_t direction, const xd_latent_generator *generator) {
  xd_context *context = training->context;
  const uint32_t target = 1 - direction;
  const xd_dataset *set = training->input.set[target];
  variety_job job = {.context = context,
                     .material = material,
                     .generator = generator,
                     .source = direction,
                     .target = target,
                     .seed = xdi_seed_of(training->settings.seed, XDI_SEED_VARIETY),
                     .source_dim = xdi_source_codes(material, direction)->latent_dim,
                     .target_dim = material->codes[target].latent_dim,
                     .picture = xdi_cells(xdi_set_shape(set))};
  double variety, by_source;
  if (training->settings.allow_collapse)
    return XD_OK;
  float *memory = take_memory(&job);
  if (!memory)
    return xdi_fail_memory(context, "measuring variety");
  const xd_status status = measure(&job, &variety, &by_source);
  xdi_release(&context->allocator, memory);
  const bool varies = variety >= least_of_mapping;
  if (status != XD_OK ||
      (varies && (by_source >= least_of_mapping || material->pools[direction].group_count <= 1)))
    return status;
  return xdi_fail(context, XD_ERROR_COLLAPSED,
                  "the mapping %u to %u collapsed: its pictures of different %s vary by %.2g of what real "
                  "ones do; a lower learning rate or a weaker tie to the noise may help",
                  direction + 1, 2 - direction, varies ? "sources" : "sources and noise",
                  varies ? by_source : variety);
}
