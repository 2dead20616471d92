/* The optimiser's slots of the native backend: Adam (Kingma and Ba, arXiv 1412.6980) with decoupled
 * weight decay (Loshchilov and Hutter, arXiv 1711.05101), and spectral normalisation (Miyato et al.,
 * arXiv 1802.05957). */
#include <math.h>

#include "backend/native/gemm.h"
#include "backend/native/native_slots.h"

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
                  .shards = xdi_native_shards((double)args->count, 32768.0, args->count)};
  return xdi_native_run(backend, adam, &job, job.shards);
}

/* ---- spectral normalisation ---- */

/* Below this length a vector of the power iteration is left as short as it is. */
static const double shortest = 1e-12;

/* Makes the vector's length 1; returns what it was. */
static double normalise(const xdi_kernels *kernels, float *vector, size_t count) {
  const double length = sqrt(kernels->dot(vector, vector, count));
  kernels->scale_add((float)(1.0 / fmax(length, shortest)), vector, 0.0f, vector, count);
  return length;
}

/* v = W^T u. */
static xd_status turned_product(xd_backend *backend, float *v, const float *weights, const float *u,
                                size_t rows, size_t columns) {
  const xdi_product product = {.rows = 1,
                               .columns = columns,
                               .depth = rows,
                               .a = u,
                               .a_step = 1,
                               .b = weights,
                               .b_step = (ptrdiff_t)columns,
                               .b_column = 1,
                               .c = v,
                               .c_row = (ptrdiff_t)columns};
  return xdi_product_run(backend, &product);
}

xd_status xdi_native_spectral_norm_forward(xd_backend *backend, xd_spectral_norm *args) {
  const xdi_kernels *kernels = backend->kernels;
  const size_t rows = args->rows, columns = args->columns;
  const float *weights = xdi_slice_host(args->weights);
  float *u = xdi_slice_host(args->u), *v = xdi_slice_host(args->v);
  for (uint32_t i = 0; i < args->iterations; i++) {
    kernels->dots(u, 1, weights, (ptrdiff_t)columns, v, (uint32_t)rows, (uint32_t)columns);
    normalise(kernels, u, rows);
    const xd_status status = turned_product(backend, v, weights, u, rows, columns);
    if (status != XD_OK)
      return status;
    args->sigma = normalise(kernels, v, columns); /* |W^T u| = u^T W v for this v */
  }
  if (args->iterations == 0) {
    args->sigma = 0.0;
    for (size_t row = 0; row < rows; row++)
      args->sigma += (double)u[row] * kernels->dot(weights + row * columns, v, columns);
  }
  if (args->sigma == 0.0 || !isfinite(args->sigma))
    return XD_ERROR_NUMERIC;
  return xdi_native_scale_add(backend, (float)(1.0 / args->sigma), args->weights, 0.0f, args->normalised,
                              rows * columns);
}

xd_status xdi_native_spectral_norm_backward(xd_backend *backend, const xd_spectral_norm *args) {
  const xdi_kernels *kernels = backend->kernels;
  const size_t rows = args->rows, columns = args->columns;
  const float *u = xdi_slice_host(args->u), *v = xdi_slice_host(args->v);
  float *gradients = xdi_slice_host(args->gradients);
  const double along = kernels->dot(gradients, xdi_slice_host(args->normalised), rows * columns);
  for (size_t row = 0; row < rows; row++)
    kernels->scale_add((float)(-along * (double)u[row] / args->sigma), v, (float)(1.0 / args->sigma),
                       gradients + row * columns, columns);
  return XD_OK;
}
