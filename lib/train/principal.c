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

typedef struct analysis {
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
} analysis;

/* ---- Components ---- */

static void close_analysis(analysis *a) {
  const xd_allocator *allocator = &a->context->allocator;
  xdi_device_destroy(a->context, a->device);
  xdi_release(allocator, a->mean);
  xdi_release(allocator, a->deviation);
  xdi_release(allocator, a->scale);
  xdi_release(allocator, a->vectors);
  xdi_release(allocator, a->scratch);
}

/* Weights that are next to nothing are kept from dividing by it. */
static xd_status read_scale(analysis *a) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < a->size; i++)
    a->scale[i] = 1.0f;
  if (a->trainer->weights)
    status = xdi_device_read(a->context, a->scale, xdi_slice(a->trainer->weights, 0), a->size);
  for (uint32_t i = 0; i < a->size; i++)
    a->scale[i] = sqrtf(fmaxf(a->scale[i], 1e-4f));
  return status;
}

static xd_status open_analysis(analysis *a, const xd_vae_trainer *trainer, const xd_dataset *set) {
  xd_context *context = trainer->context;
  const xd_allocator *allocator = &context->allocator;
  const uint32_t size = trainer->picture_size, components = trainer->latent_dim;
  *a = (analysis){.context = context, .trainer = trainer, .size = size};
  a->count = xd_dataset_count(set) < PICTURE_LIMIT ? xd_dataset_count(set) : PICTURE_LIMIT;
  if (a->count > FLOAT_LIMIT / size)
    a->count = (uint32_t)(FLOAT_LIMIT / size);
  a->components = components < a->count ? components : a->count;
  if (a->components > size)
    a->components = size;
  const size_t pictures = xdi_device_room((size_t)a->count * size),
               basis = xdi_device_room((size_t)size * a->components);
  const size_t image = xdi_device_room((size_t)a->count * a->components), batch = (size_t)READ_AT_ONCE * size;
  a->mean = xdi_allocate_zeroed(allocator, size, sizeof *a->mean);
  a->deviation = xdi_allocate_zeroed(allocator, a->components, sizeof *a->deviation);
  a->scale = xdi_allocate(allocator, size, sizeof *a->scale);
  a->vectors = xdi_allocate(allocator, basis, sizeof *a->vectors);
  const size_t larger = basis > image ? basis : image;
  a->scratch = xdi_allocate(allocator, larger > batch ? larger : batch, sizeof *a->scratch);
  if (!a->mean || !a->deviation || !a->scale || !a->vectors || !a->scratch)
    return xdi_fail_memory(context, "finding principal components");
  const xd_status status = xdi_device_create(context, &a->device, pictures + basis + image);
  a->pictures = xdi_slice(a->device, 0);
  a->basis = xdi_slice(a->device, pictures);
  a->image = xdi_slice(a->device, pictures + basis);
  return status == XD_OK ? read_scale(a) : status;
}

/* Pictures first.. of the evenly spaced ones, as the decoder is to paint them, into scratch. */
static xd_status read_batch(analysis *a, const xd_dataset *set, uint32_t first, uint32_t count) {
  uint32_t indices[READ_AT_ONCE];
  for (uint32_t i = 0; i < count; i++)
    indices[i] = (uint32_t)((uint64_t)(first + i) * xd_dataset_count(set) / a->count);
  const size_t cells = (size_t)count * a->size;
  const xd_slice place = xdi_slice_after(a->pictures, (size_t)first * a->size);
  xd_status status = xd_dataset_read(set, a->context, a->scratch, indices, count);
  if (status != XD_OK || !a->trainer->window)
    return status;
  status = xdi_device_write(a->context, place, a->scratch, cells);
  if (status == XD_OK)
    status = xdi_vae_trainer_normalise(a->trainer, place, count);
  return status == XD_OK ? xdi_device_read(a->context, a->scratch, place, cells) : status;
}

/* Once through the pictures for the mean, and once to write them without it. */
static xd_status read_pictures(analysis *a, const xd_dataset *set) {
  xd_status status = XD_OK;
  for (uint32_t pass = 0; pass < 2; pass++)
    for (uint32_t first = 0; status == XD_OK && first < a->count; first += READ_AT_ONCE) {
      const uint32_t count = a->count - first < READ_AT_ONCE ? a->count - first : READ_AT_ONCE;
      status = read_batch(a, set, first, count);
      for (uint32_t row = 0; status == XD_OK && row < count; row++)
        for (uint32_t i = 0; i < a->size; i++) {
          float *cell = a->scratch + (size_t)row * a->size + i;
          if (pass == 0)
            a->mean[i] += (double)*cell / a->count;
          else
            *cell = (float)((double)*cell - a->mean[i]) * a->scale[i];
        }
      if (status == XD_OK && pass == 1)
        status = xdi_device_write(a->context, xdi_slice_after(a->pictures, (size_t)first * a->size),
                                  a->scratch, (size_t)count * a->size);
    }
  return status;
}

static double dot(const float *a, const float *b, size_t count) {
  double sums[4] = {0.0, 0.0, 0.0, 0.0};
  size_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (size_t k = 0; k < 4; k++)
      sums[k] += (double)a[i + k] * (double)b[i + k];
  for (; i < count; i++)
    sums[0] += (double)a[i] * (double)b[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

/* Modified Gram-Schmidt; what depends on earlier vectors becomes 0. */
static void orthonormalise(analysis *a) {
  const size_t size = a->size;
  for (uint32_t j = 0; j < a->components; j++) {
    float *vector = a->vectors + j * size;
    const double before = sqrt(dot(vector, vector, size));
    for (uint32_t k = 0; k < j; k++) {
      const float *other = a->vectors + k * size;
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
static xd_status write_basis(analysis *a) {
  for (size_t i = 0; i < a->size; i++)
    for (size_t j = 0; j < a->components; j++)
      a->scratch[i * a->components + j] = a->vectors[j * a->size + i];
  return xdi_device_write(a->context, a->basis, a->scratch, (size_t)a->size * a->components);
}

static xd_status read_basis(analysis *a) {
  const xd_status status = xdi_device_read(a->context, a->scratch, a->basis, (size_t)a->size * a->components);
  for (size_t i = 0; status == XD_OK && i < a->size; i++)
    for (size_t j = 0; j < a->components; j++)
      a->vectors[j * a->size + i] = a->scratch[i * a->components + j];
  return status;
}

/* image = X V, and with `back` the basis X^T X V. */
static xd_status multiply(analysis *a, bool back) {
  const xd_backend_table *table = &a->context->table;
  xd_dense call = {.rows = a->count,
                   .inputs = a->size,
                   .outputs = a->components,
                   .x = a->pictures,
                   .weights = a->basis,
                   .y = a->image,
                   .dy = a->image,
                   .dweights = a->basis};
  xd_status status =
      xdi_device_check(a->context, table->dense_forward(a->context->backend, &call), "dense_forward");
  if (status == XD_OK && back)
    status = xdi_device_check(a->context, table->dense_backward_weights(a->context->backend, &call),
                              "dense_backward_weights");
  return status;
}

static xd_status measure_deviations(analysis *a) {
  xd_status status = multiply(a, false);
  if (status == XD_OK)
    status = xdi_device_read(a->context, a->scratch, a->image, (size_t)a->count * a->components);
  for (size_t row = 0; status == XD_OK && row < a->count; row++)
    for (size_t j = 0; j < a->components; j++) {
      const double value = (double)a->scratch[row * a->components + j];
      a->deviation[j] += value * value;
    }
  for (size_t j = 0; j < a->components; j++)
    a->deviation[j] = sqrt(a->deviation[j] / a->count);
  return status;
}

static xd_status find_components(analysis *a, uint64_t seed) {
  xdi_random_normals(a->vectors, (size_t)a->size * a->components, seed, xdi_stream_id(XDI_STREAM_STAGE, 1000),
                     0);
  orthonormalise(a);
  xd_status status = write_basis(a);
  for (int sweep = 0; status == XD_OK && sweep < SWEEPS; sweep++) {
    status = xdi_check_cancelled(a->context);
    if (status == XD_OK)
      status = multiply(a, true);
    if (status == XD_OK)
      status = read_basis(a);
    if (status != XD_OK)
      return status;
    orthonormalise(a);
    status = write_basis(a);
  }
  return status == XD_OK ? measure_deviations(a) : status;
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
static bool counts(const analysis *a, uint32_t j) {
  return a->deviation[j] > 1e-3 * a->deviation[0];
}

static void start_encoder(const analysis *a, const xdi_linear_part *skip, double sigma) {
  const uint32_t latent_dim = (uint32_t)(skip->outputs / 2);
  for (uint32_t j = 0; j < a->components; j++) {
    const double deviation = a->deviation[j], ratio = deviation / sigma;
    double bias = 0.0;
    if (!counts(a, j))
      continue;
    for (size_t i = 0; i < a->size; i++) {
      const double weight = (double)a->scale[i] * (double)a->vectors[j * (size_t)a->size + i] / deviation;
      skip->weights[i * skip->outputs + j] = (float)weight;
      bias -= weight * a->mean[i];
    }
    skip->bias[j] = (float)bias;
    skip->bias[latent_dim + j] = (float)-log1p(ratio * ratio);
  }
}

static void start_decoder(const analysis *a, const xdi_linear_part *skip) {
  for (uint32_t j = 0; j < a->components; j++)
    for (size_t i = 0; counts(a, j) && i < a->size; i++)
      skip->weights[j * skip->outputs + i] =
          (float)(4.0 * a->deviation[j] * (double)a->vectors[j * (size_t)a->size + i] / (double)a->scale[i]);
  for (size_t i = 0; i < a->size; i++) {
    const double mean = fmin(fmax(a->mean[i], 1e-6), 1.0 - 1e-6);
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
  analysis a;
  if (!find_skip(&into, encoder) || !find_skip(&from, decoder))
    return XD_OK;
  xd_status status = xdi_check_pictures(context, encoder, set, "starting a VAE");
  if (status != XD_OK)
    return status;
  status = open_analysis(&a, trainer, set);
  if (status == XD_OK)
    status = read_pictures(&a, set);
  if (status == XD_OK)
    status = find_components(&a, xdi_seed_of(trainer->settings.seed, XDI_SEED_ENCODER));
  if (status == XD_OK) {
    quieten(encoder);
    quieten(decoder);
    start_encoder(&a, &into, noise_of(&trainer->settings));
    start_decoder(&a, &from);
    status = xdi_executor_write_parameters(trainer->encoder_run, encoder);
  }
  if (status == XD_OK)
    status = xdi_executor_write_parameters(trainer->decoder_run, decoder);
  close_analysis(&a);
  return status;
}
