/* The codes of a set: means and deviations of the posteriors, or a few samples of each picture. */
#include "train/codes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/part.h"
#include "train/posterior.h"

typedef struct collector {
  xdi_codes *codes;
  uint32_t sample;
  uint64_t seed;
} collector;

static void keep_posteriors(void *user, uint32_t first, uint32_t count, const float *posterior) {
  const xdi_codes *codes = ((collector *)user)->codes;
  const size_t dim = codes->latent_dim;
  for (size_t row = 0; row < count; row++) {
    const float *from = posterior + row * 2 * dim;
    float *to = codes->values + (first + row) * 2 * dim;
    memcpy(to, from, dim * sizeof *to);
    for (size_t j = 0; j < dim; j++)
      to[dim + j] = expf(0.5f * from[dim + j]);
  }
}

static void keep_samples(void *user, uint32_t first, uint32_t count, const float *posterior) {
  const collector *collect = user;
  const xdi_codes *codes = collect->codes;
  const size_t dim = codes->latent_dim;
  const uint64_t stream = xdi_stream_id(XDI_STREAM_CODES, collect->sample);
  for (size_t row = 0; row < count; row++) {
    const float *from = posterior + row * 2 * dim;
    float *to = codes->values + ((first + row) * codes->samples + collect->sample) * dim;
    xdi_random_normals(to, dim, collect->seed, stream, (first + row) * dim);
    for (size_t j = 0; j < dim; j++)
      to[j] = from[j] + expf(0.5f * from[dim + j]) * to[j];
  }
}

static xd_status encode(xdi_codes *codes, xd_context *context, const xd_network *encoder,
                        const xd_dataset *set, const xdi_codes_options *options) {
  collector collect = {codes, 0, options->seed};
  xdi_posterior_pass pass = {.encoder = encoder,
                             .set = set,
                             .augmentation = options->augmentation,
                             .seed = options->seed,
                             .inverted = options->inverted,
                             .user = &collect};
  pass.visit = options->samples ? keep_samples : keep_posteriors;
  xd_status status = XD_OK;
  /* Streams of 2^20 batches each keep the copies of the samples apart. */
  for (uint32_t sample = 0; status == XD_OK && sample < (options->samples ? options->samples : 1); sample++) {
    collect.sample = sample;
    pass.stream = xdi_stream_id(XDI_STREAM_AUGMENT, sample << 20);
    status = xdi_posterior_each(context, &pass);
  }
  return status;
}

xd_status xdi_codes_open(xdi_codes *codes, xd_context *context, const xd_network *encoder,
                         const xd_dataset *set, const xdi_codes_options *options) {
  const uint32_t latent_dim = xdi_output_size(encoder) / 2;
  *codes = (xdi_codes){context->allocator, xd_dataset_count(set), latent_dim, options->samples, NULL};
  size_t rows;
  if (!xdi_multiply(codes->count, options->samples ? options->samples : 2, &rows))
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "%u codes of each of %u pictures", options->samples,
                    codes->count);
  codes->values = xdi_allocate(&context->allocator, rows, latent_dim * sizeof *codes->values);
  if (!codes->values)
    return xdi_fail_memory(context, "keeping a set's codes");
  return encode(codes, context, encoder, set, options);
}

void xdi_codes_close(xdi_codes *codes) {
  xdi_release(&codes->allocator, codes->values);
  codes->values = NULL;
}

void xdi_codes_draw(float *to, const xdi_codes *codes, uint32_t picture, const float *normals, float choice) {
  const size_t dim = codes->latent_dim;
  if (codes->samples) {
    const size_t sample = (size_t)(choice * (float)codes->samples);
    memcpy(to, codes->values + ((size_t)picture * codes->samples + sample) * dim, dim * sizeof *to);
    return;
  }
  const float *mean = codes->values + (size_t)picture * 2 * dim, *deviation = mean + dim;
  for (size_t j = 0; j < dim; j++)
    to[j] = mean[j] + deviation[j] * normals[j];
}

void xdi_codes_add_mean(double *to, const xdi_codes *codes, uint32_t picture, double weight) {
  const size_t dim = codes->latent_dim, samples = codes->samples ? codes->samples : 1;
  const float *values = codes->values + (size_t)picture * (codes->samples ? samples : 2) * dim;
  for (size_t sample = 0; sample < samples; sample++)
    for (size_t j = 0; j < dim; j++)
      to[j] += weight / (double)samples * (double)values[sample * dim + j];
}
