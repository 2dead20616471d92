/* The start of a VAE's linear skips. Of up to 5,000 pictures, evenly spaced, the mean m and the first
 * components V with deviations s are found by subspace iteration, V <- orthonormal(X^T X V) (Golub and Van
 * Loan, Matrix Computations, section 8.2). Then, as in probabilistic PCA (Tipping and Bishop 1999),
 *
 *   encoder:  mean of z_j = (x - m) v_j / s_j,  log variance = -log(1 + (s_j / sigma_x)^2)
 *   decoder:  logits = logit(m), at most 4, + sum over j of 4 s_j z_j v_j  (the sigmoid's slope at 1/2: 1/4)
 *
 * and the layers beside the skips begin at a tenth of their last weights. Under an encoder's window the
 * pictures are what it makes of them; where it weights the reconstruction by w, at least 1e-4 here, the
 * components are those of sqrt(w) x, the encoder's v_j is multiplied by sqrt(w) and the decoder's divided
 * by it. */
#include "train/principal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeds.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "tensor/device.h"
#include "train/posterior.h"
#include "train/vae_trainer.h"

#define PICTURE_LIMIT 5000u
#define FLOAT_LIMIT ((size_t)1 << 24) /* of all pictures together: larger ones are fewer */
#define SWEEPS 5
#define READ_AT_ONCE 64u

typedef struct principal_analysis {
  xd_context *context;
  const xd_vae_trainer *trainer;
  uint32_t count, size, components; /* pictures, cells of one, and at most as many as either */
  xd_buffer *device; /* pictures[count][size], basis[size][components], image[count][components] */
  xd_slice pictures, basis, image;
  double *mean;      /* [size] */
  double *deviation; /* [components] */
  float *scale;      /* [size] of a cell: the root of its weight */
  float *vectors;    /* [components][size] */
  float *scratch;    /* of the larger of basis, image and a batch of pictures */
} principal_analysis;

/* ---- Components ---- */

static void close_analysis(principal_analysis *analysis) {
  const xd_allocator *allocator = &analysis->context->allocator;
  xdi_device_destroy(analysis->context, analysis->device);
  xdi_release(allocator, analysis->mean);
  xdi_release(allocator, analysis->deviation);
  xdi_release(allocator, analysis->scale);
  xdi_release(allocator, analysis->vectors);
  xdi_release(allocator, analysis->scratch);
}

/* Weights that are next to nothing are kept from dividing by it. */
static xd_status read_scale(principal_analysis *analysis) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < analysis->size; i++)
    analysis->scale[i] = 1.0f;
  if (analysis->trainer->weights)
    status = xdi_device_read(analysis->context, analysis->scale, xdi_slice(analysis->trainer->weights, 0),
                             analysis->size);
  for (uint32_t i = 0; i < analysis->size; i++)
    analysis->scale[i] = sqrtf(fmaxf(analysis->scale[i], 1e-4f));
  return status;
}

static xd_status open_analysis(principal_analysis *analysis, const xd_vae_trainer *trainer,
                               const xd_dataset *set) {
  xd_context *context = trainer->context;
  const xd_allocator *allocator = &context->allocator;
  const uint32_t size = trainer->picture_size, components = trainer->latent_dim;
  *analysis = (principal_analysis){.context = context, .trainer = trainer, .size = size};
  analysis->count = xd_dataset_count(set) < PICTURE_LIMIT ? xd_dataset_count(set) : PICTURE_LIMIT;
  if (analysis->count > FLOAT_LIMIT / size)
    analysis->count = (uint32_t)(FLOAT_LIMIT / size);
  analysis->components = components < analysis->count ? components : analysis->count;
  if (analysis->components > size)
    analysis->components = size;
  const size_t pictures = xdi_device_room((size_t)analysis->count * size),
               basis = xdi_device_room((size_t)size * analysis->components);
  const size_t image = xdi_device_room((size_t)analysis->count * analysis->components),
               batch = (size_t)READ_AT_ONCE * size;
  analysis->mean = xdi_allocate_zeroed(allocator, size, sizeof *analysis->mean);
  analysis->deviation = xdi_allocate_zeroed(allocator, analysis->components, sizeof *analysis->deviation);
  analysis->scale = xdi_allocate(allocator, size, sizeof *analysis->scale);
  analysis->vectors = xdi_allocate(allocator, basis, sizeof *analysis->vectors);
  const size_t larger = basis > image ? basis : image;
  analysis->scratch = xdi_allocate(allocator, larger > batch ? larger : batch, sizeof *analysis->scratch);
  if (!analysis->mean || !analysis->deviation || !analysis->scale || !analysis->vectors || !analysis->scratch)
    return xdi_fail_memory(context, "finding principal components");
  const xd_status status = xdi_device_create(context, &analysis->device, pictures + basis + image);
  analysis->pictures = xdi_slice(analysis->device, 0);
  analysis->basis = xdi_slice(analysis->device, pictures);
  analysis->image = xdi_slice(analysis->device, pictures + basis);
  return status == XD_OK ? read_scale(analysis) : status;
}

/* Pictures first.. of the evenly spaced ones, as the decoder is to paint them, into scratch. */
static xd_status read_batch(principal_analysis *analysis, const xd_dataset *set, uint32_t first,
                            uint32_t count) {
  uint32_t indices[READ_AT_ONCE];
  for (uint32_t i = 0; i < count; i++)
    indices[i] = (uint32_t)((uint64_t)(first + i) * xd_dataset_count(set) / analysis->count);
  const size_t cells = (size_t)count * analysis->size;
  const xd_slice place = xdi_slice_after(analysis->pictures, (size_t)first * analysis->size);
  xd_status status = xd_dataset_read(set, analysis->context, analysis->scratch, indices, count);
  if (status != XD_OK || !analysis->trainer->window)
    return status;
  status = xdi_device_write(analysis->context, place, analysis->scratch, cells);
  if (status == XD_OK)
    status = xdi_vae_trainer_normalise(analysis->trainer, place, count);
  return status == XD_OK ? xdi_device_read(analysis->context, analysis->scratch, place, cells) : status;
}

/* Once through the pictures for the mean, and once to write them without it. */
static xd_status read_pictures(principal_analysis *analysis, const xd_dataset *set) {
  xd_status status = XD_OK;
  for (uint32_t pass = 0; pass < 2; pass++)
    for (uint32_t first = 0; status == XD_OK && first < analysis->count; first += READ_AT_ONCE) {
      const uint32_t count = analysis->count - first < READ_AT_ONCE ? analysis->count - first : READ_AT_ONCE;
      status = read_batch(analysis, set, first, count);
      for (uint32_t row = 0; status == XD_OK && row < count; row++)
        for (uint32_t i = 0; i < analysis->size; i++) {
          float *cell = analysis->scratch + (size_t)row * analysis->size + i;
          if (pass == 0)
            analysis->mean[i] += (double)*cell / analysis->count;
          else
            *cell = (float)((double)*cell - analysis->mean[i]) * analysis->scale[i];
        }
      if (status == XD_OK && pass == 1)
        status = xdi_device_write(analysis->context,
                                  xdi_slice_after(analysis->pictures, (size_t)first * analysis->size),
                                  analysis->scratch, (size_t)count * analysis->size);
    }
  return status;
}

static double dot(const float *left, const float *right, size_t count) {
  double sums[4] = {0.0, 0.0, 0.0, 0.0};
  size_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (size_t k = 0; k < 4; k++)
      sums[k] += (double)left[i + k] * (double)right[i + k];
  for (; i < count; i++)
    sums[0] += (double)left[i] * (double)right[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

/* Modified Gram-Schmidt; what depends on earlier vectors becomes 0. */
static void orthonormalise(principal_analysis *analysis) {
  const size_t size = analysis->size;
  for (uint32_t j = 0; j < analysis->components; j++) {
    float *vector = analysis->vectors + j * size;
    const double before = sqrt(dot(vector, vector, size));
    for (uint32_t k = 0; k < j; k++) {
      const float *other = analysis->vectors + k * size;
      const float share = (float)dot(vector, other, size);
      for (size_t i = 0; i < size; i++)
        vector[i] -= share * other[i];
    }
    const double length = sqrt(dot(vector, vector, size));
    const float scale = length > 1e-5 * before && length > 1e-20 ? (float)(1.0 / length) : 0.0f;
    for (size_t i = 0; i < size; i++)
      vector[i] *= scale;
  }
}

/* Between vectors[components][size] and the backend's basis[size][components]. */
static xd_status write_basis(principal_analysis *analysis) {
  for (size_t i = 0; i < analysis->size; i++)
    for (size_t j = 0; j < analysis->components; j++)
      analysis->scratch[i * analysis->components + j] = analysis->vectors[j * analysis->size + i];
  return xdi_device_write(analysis->context, analysis->basis, analysis->scratch,
                          (size_t)analysis->size * analysis->components);
}

static xd_status read_basis(principal_analysis *analysis) {
  const xd_status status = xdi_device_read(analysis->context, analysis->scratch, analysis->basis,
                                           (size_t)analysis->size * analysis->components);
  for (size_t i = 0; status == XD_OK && i < analysis->size; i++)
    for (size_t j = 0; j < analysis->components; j++)
      analysis->vectors[j * analysis->size + i] = analysis->scratch[i * analysis->components + j];
  return status;
}

/* image = X V, and with `back` the basis X^T X V. */
static xd_status multiply(principal_analysis *analysis, bool back) {
  const xd_backend_table *table = &analysis->context->table;
  xd_dense call = {.rows = analysis->count,
                   .inputs = analysis->size,
                   .outputs = analysis->components,
                   .x = analysis->pictures,
                   .weights = analysis->basis,
                   .y = analysis->image,
                   .dy = analysis->image,
                   .dweights = analysis->basis};
  xd_status status = xdi_device_check(
      analysis->context, table->dense_forward(analysis->context->backend, &call), "dense_forward");
  if (status == XD_OK && back)
    status =
        xdi_device_check(analysis->context, table->dense_backward_weights(analysis->context->backend, &call),
                         "dense_backward_weights");
  return status;
}

static xd_status measure_deviations(principal_analysis *analysis) {
  xd_status status = multiply(analysis, false);
  if (status == XD_OK)
    status = xdi_device_read(analysis->context, analysis->scratch, analysis->image,
                             (size_t)analysis->count * analysis->components);
  for (size_t row = 0; status == XD_OK && row < analysis->count; row++)
    for (size_t j = 0; j < analysis->components; j++) {
      const double value = (double)analysis->scratch[row * analysis->components + j];
      analysis->deviation[j] += value * value;
    }
  for (size_t j = 0; j < analysis->components; j++)
    analysis->deviation[j] = sqrt(analysis->deviation[j] / analysis->count);
  return status;
}

static xd_status find_components(principal_analysis *analysis, uint64_t seed) {
  xdi_random_normals(analysis->vectors, (size_t)analysis->size * analysis->components, seed,
                     xdi_stream_id(XDI_STREAM_STAGE, 1000), 0);
  orthonormalise(analysis);
  xd_status status = write_basis(analysis);
  for (int sweep = 0; status == XD_OK && sweep < SWEEPS; sweep++) {
    status = xdi_check_cancelled(analysis->context);
    if (status == XD_OK)
      status = multiply(analysis, true);
    if (status == XD_OK)
      status = read_basis(analysis);
    if (status != XD_OK)
      return status;
    orthonormalise(analysis);
    status = write_basis(analysis);
  }
  return status == XD_OK ? measure_deviations(analysis) : status;
}

/* ---- Weights ---- */

static bool find_skip(xdi_linear_part *out, xd_network *network) {
  return xdi_network_linear(out, network, network->layer_count - 1, XDI_LINEAR_OF_INPUT);
}

/* The layer before the skip: its weights to a tenth. */
static void quieten(xd_network *network) {
  for (uint32_t i = 0; i < network->parameter_count; i++) {
    const xdi_parameter *parameter = &network->parameters[i];
    if (parameter->layer + 2 != network->layer_count || parameter->public.rank < 2)
      continue;
    for (size_t k = 0; k < parameter->public.count; k++)
      network->block[parameter->offset + k] *= 0.1f;
  }
}

/* Components in which the pictures hardly differ stay 0. */
static bool counts(const principal_analysis *analysis, uint32_t j) {
  return analysis->deviation[j] > 1e-3 * analysis->deviation[0];
}

static void start_encoder(const principal_analysis *analysis, const xdi_linear_part *skip, double sigma) {
  const uint32_t latent_dim = (uint32_t)(skip->outputs / 2);
  for (uint32_t j = 0; j < analysis->components; j++) {
    const double deviation = analysis->deviation[j], ratio = deviation / sigma;
    double bias = 0.0;
    if (!counts(analysis, j))
      continue;
    for (size_t i = 0; i < analysis->size; i++) {
      const double weight =
          (double)analysis->scale[i] * (double)analysis->vectors[j * (size_t)analysis->size + i] / deviation;
      skip->weights[i * skip->outputs + j] = (float)weight;
      bias -= weight * analysis->mean[i];
    }
    skip->bias[j] = (float)bias;
    skip->bias[latent_dim + j] = (float)-log1p(ratio * ratio);
  }
}

static void start_decoder(const principal_analysis *analysis, const xdi_linear_part *skip) {
  for (uint32_t j = 0; j < analysis->components; j++)
    for (size_t i = 0; counts(analysis, j) && i < analysis->size; i++)
      skip->weights[j * skip->outputs + i] =
          (float)(4.0 * analysis->deviation[j] * (double)analysis->vectors[j * (size_t)analysis->size + i] /
                  (double)analysis->scale[i]);
  for (size_t i = 0; i < analysis->size; i++) {
    const double mean = fmin(fmax(analysis->mean[i], 1e-6), 1.0 - 1e-6);
    skip->bias[i] = (float)fmin(fmax(log(mean / (1.0 - mean)), -4.0), 4.0);
  }
}

/* A Bernoulli likelihood is about as sharp as a Gaussian of deviation 1/2. */
static double noise_of(const xdi_vae_settings *options) {
  if (options->likelihood != XDI_LIKELIHOOD_GAUSSIAN)
    return 0.5;
  return options->sigma_x > 0.0f ? (double)options->sigma_x : XDI_SIGMA_MOST;
}

xd_status xdi_principal_start(xd_vae_trainer *trainer, const xd_dataset *set) {
  xd_context *context = trainer->context;
  xd_network *encoder = trainer->encoder->part.network, *decoder = trainer->decoder->part.network;
  xdi_linear_part into, from;
  principal_analysis analysis;
  if (!find_skip(&into, encoder) || !find_skip(&from, decoder))
    return XD_OK;
  xd_status status = xdi_check_pictures(context, encoder, set, "starting a VAE");
  if (status != XD_OK)
    return status;
  status = open_analysis(&analysis, trainer, set);
  if (status == XD_OK)
    status = read_pictures(&analysis, set);
  if (status == XD_OK)
    status = find_components(&analysis, xdi_seed_of(trainer->settings.seed, XDI_SEED_ENCODER));
  if (status == XD_OK) {
    quieten(encoder);
    quieten(decoder);
    start_encoder(&analysis, &into, noise_of(&trainer->settings));
    start_decoder(&analysis, &from);
    status = xdi_executor_write_parameters(trainer->encoder_run, encoder);
  }
  if (status == XD_OK)
    status = xdi_executor_write_parameters(trainer->decoder_run, decoder);
  close_analysis(&analysis);
  return status;
}
