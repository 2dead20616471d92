/* The optimiser's slots of the native backend: Adam (Kingma and Ba, arXiv 1412.6980) with decoupled
 * weight decay (Loshchilov and Hutter, arXiv 1711.05101), and spectral normalisation (Miyato et al.,
 * arXiv 1802.05957). */
#include <math.h>

#include "backend/native/native_slots.h"

/* Parameters that are worth a shard. */
#define PARAMETER_GRAIN 32768.0

typedef struct adam_job {
  const xdi_kernels *kernels;
  const xd_adam *args;
  xdi_adam_step step;
  uint32_t shards;
} adam_job;

static void adam(void *argument, uint32_t index) {
  const adam_job *job = argument;
  const size_t line = 16, lines = job->args->count / line;
  const size_t begin = xdi_native_part(lines, job->shards, index) * line;
  const size_t end =
      index + 1 == job->shards ? job->args->count : xdi_native_part(lines, job->shards, index + 1) * line;
  job->kernels->adam(&job->step, xdi_slice_host(job->args->parameters) + begin,
                     xdi_slice_host(job->args->gradients) + begin, xdi_slice_host(job->args->moment1) + begin,
                     xdi_slice_host(job->args->moment2) + begin, end - begin);
}

xd_status xdi_native_adam(xd_backend *backend, const xd_adam *args) {
  const double rate = (double)args->learning_rate;
  adam_job job = {.kernels = backend->kernels,
                  .args = args,
                  .step = {.beta1 = args->beta1,
                           .rest1 = (float)(1.0 - (double)args->beta1),
                           .beta2 = args->beta2,
                           .rest2 = (float)(1.0 - (double)args->beta2),
                           .inverse_root = (float)(1.0 / sqrt((double)args->correction2)),
                           .epsilon = args->epsilon,
                           .rate = (float)(rate / (double)args->correction1),
                           .kept = (float)(1.0 - rate * (double)args->weight_decay)},
                  .shards = xdi_native_shards((double)args->count, PARAMETER_GRAIN, args->count)};
  return xdi_native_run(backend, adam, &job, job.shards);
}

/* ---- spectral normalisation ---- */

/* Cells that are worth a shard, and matrices that one loop takes. */
#define NORM_GRAIN 32768.0
#define MOST_MATRICES 16

/* Below this length a vector of the power iteration is left as short as it is. */
static const double shortest = 1e-12;

/* Makes the vector's length 1; returns what it was. */
static double normalise(const xdi_kernels *kernels, float *vector, size_t count) {
  const double length = sqrt(kernels->dot(vector, vector, count));
  kernels->scale_add((float)(1.0 / fmax(length, shortest)), vector, 0.0f, vector, count);
  return length;
}

/* v = W^T u. */
static void turned_product(const xdi_kernels *kernels, float *v, const float *weights, const float *u,
                           size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
    kernels->scale_add(u[row], weights + row * columns, row > 0 ? 1.0f : 0.0f, v, columns);
}

static void find_sigma(const xdi_kernels *kernels, xd_spectral_norm *matrix) {
  const size_t rows = matrix->rows, columns = matrix->columns;
  const float *weights = xdi_slice_host(matrix->weights);
  float *u = xdi_slice_host(matrix->u), *v = xdi_slice_host(matrix->v);
  for (uint32_t i = 0; i < matrix->iterations; i++) {
    kernels->dots(u, 1, weights, (ptrdiff_t)columns, v, (uint32_t)rows, (uint32_t)columns);
    normalise(kernels, u, rows);
    turned_product(kernels, v, weights, u, rows, columns);
    matrix->sigma = normalise(kernels, v, columns); /* |W^T u| = u^T W v for this v */
  }
  if (matrix->iterations > 0)
    return;
  matrix->sigma = 0.0;
  for (size_t row = 0; row < rows; row++)
    matrix->sigma += (double)u[row] * kernels->dot(weights + row * columns, v, columns);
}

/* Some matrices; a shard has every so-manieth, or in the backward pass a share of each one's rows: that which
 * the same thread wrote when the rows' gradients were summed. */
typedef struct norms_job {
  const xdi_kernels *kernels;
  xd_spectral_norm *matrices;       /* forward */
  const xd_spectral_norm *finished; /* backward */
  uint32_t count, shards;
  double along[XDI_MAX_SHARDS][MOST_MATRICES]; /* a shard's part of sum(G * W) */
} norms_job;

static void find_sigmas(void *argument, uint32_t index) {
  const norms_job *job = argument;
  for (uint32_t i = index; i < job->count; i += job->shards)
    find_sigma(job->kernels, &job->matrices[i]);
}

static double cells_of(const xd_spectral_norm *matrices, uint32_t count) {
  double cells = 0.0;
  for (uint32_t i = 0; i < count; i++)
    cells += (double)matrices[i].rows * matrices[i].columns;
  return cells;
}

xd_status xdi_native_spectral_norm_forward(xd_backend *backend, xd_spectral_norm *matrices, uint32_t count) {
  norms_job job = {.kernels = backend->kernels, .matrices = matrices, .count = count};
  job.shards = xdi_native_shards(cells_of(matrices, count), NORM_GRAIN, count);
  const xd_status status = xdi_native_run(backend, find_sigmas, &job, job.shards);
  for (uint32_t i = 0; i < count; i++)
    if (matrices[i].sigma == 0.0 || !isfinite(matrices[i].sigma))
      return XD_ERROR_NUMERIC;
  return status;
}

static void sum_along(void *argument, uint32_t index) {
  norms_job *job = argument;
  for (uint32_t i = 0; i < job->count; i++) {
    const xd_spectral_norm *matrix = &job->finished[i];
    const size_t begin = xdi_native_part(matrix->rows, job->shards, index) * matrix->columns;
    const size_t end = xdi_native_part(matrix->rows, job->shards, index + 1) * matrix->columns;
    job->along[index][i] = job->kernels->dot(xdi_slice_host(matrix->gradients) + begin,
                                             xdi_slice_host(matrix->weights) + begin, end - begin);
  }
}

static void take_back(void *argument, uint32_t index) {
  const norms_job *job = argument;
  for (uint32_t i = 0; i < job->count; i++) {
    const xd_spectral_norm *matrix = &job->finished[i];
    const float *u = xdi_slice_host(matrix->u), *v = xdi_slice_host(matrix->v);
    float *gradients = xdi_slice_host(matrix->gradients);
    double along = 0.0;
    for (uint32_t shard = 0; shard < job->shards; shard++)
      along += job->along[shard][i];
    along /= matrix->sigma * matrix->sigma;
    for (size_t row = xdi_native_part(matrix->rows, job->shards, index);
         row < xdi_native_part(matrix->rows, job->shards, index + 1); row++)
      job->kernels->scale_add((float)(-along * (double)u[row]), v, (float)(1.0 / matrix->sigma),
                              gradients + row * matrix->columns, matrix->columns);
  }
}

xd_status xdi_native_spectral_norm_backward(xd_backend *backend, const xd_spectral_norm *matrices,
                                            uint32_t count) {
  xd_status status = XD_OK;
  for (uint32_t begin = 0, end; begin < count && status == XD_OK; begin = end) {
    end = count - begin < MOST_MATRICES ? count : begin + MOST_MATRICES;
    norms_job job = {.kernels = backend->kernels, .finished = matrices + begin, .count = end - begin};
    job.shards = xdi_native_shards(cells_of(job.finished, job.count), NORM_GRAIN, SIZE_MAX);
    status = xdi_native_run(backend, sum_along, &job, job.shards);
    if (status == XD_OK)
      status = xdi_native_run(backend, take_back, &job, job.shards);
  }
  return status;
}
