/* Loss heads of the native backend. The formulas stand in xdomain/sys/backend.h; kernels do a row or
 * a range of cells, here rows are cut into shards, whose sums are added in order. */
#include "backend/native/native_slots.h"

#include <math.h>

/* Cells of the reconstruction head that are worth a shard. */
#define CELL_GRAIN 16384.0

typedef struct reconstruction_job {
  const xdi_kernels *kernels;
  const xd_reconstruction_loss *args;
  xdi_reconstruction constants;
  uint32_t shards;
  double sums[XDI_MAX_SHARDS][2];
} reconstruction_job;

static void reconstruct(void *argument, uint32_t index) {
  reconstruction_job *job = argument;
  const xd_reconstruction_loss *args = job->args;
  const size_t end = xdi_native_part(args->rows, job->shards, index + 1);
  float *da = xdi_slice_host(args->da);
  job->sums[index][0] = job->sums[index][1] = 0.0;
  for (size_t row = xdi_native_part(args->rows, job->shards, index); row < end; row++) {
    const size_t cell = row * args->size;
    job->kernels->reconstruct(&job->constants, xdi_slice_host(args->x) + cell,
                              xdi_slice_host(args->x_hat) + cell, xdi_slice_host(args->window),
                              da ? da + cell : NULL, args->size, job->sums[index]);
  }
}

xd_status xdi_native_reconstruction_loss(xd_backend *backend, xd_reconstruction_loss *args) {
  const double cells = (double)args->rows * args->size;
  reconstruction_job job = {.kernels = backend->kernels,
                            .args = args,
                            .constants = {.bernoulli = args->bernoulli_weight,
                                          .pixel_slope = 2.0f * args->pixel_weight / (float)args->rows,
                                          .bernoulli_slope = args->bernoulli_weight / (float)args->rows},
                            .shards = xdi_native_shards(cells, CELL_GRAIN, args->rows)};
  const xd_status status = xdi_native_run(backend, reconstruct, &job, job.shards);
  args->squared_error = args->bernoulli = 0.0;
  for (uint32_t i = 0; i < job.shards && status == XD_OK; i++) {
    args->squared_error += job.sums[i][0];
    args->bernoulli += job.sums[i][1];
  }
  return status;
}

xd_status xdi_native_posterior_forward(xd_backend *backend, const xd_posterior *args) {
  const size_t n = args->latent_dim;
  for (size_t row = 0; row < args->rows; row++) {
    const float *mean = xdi_slice_host(args->posterior) + row * 2 * n;
    backend->kernels->sample(xdi_slice_host(args->z) + row * n, mean, mean + n,
                             xdi_slice_host(args->epsilon) + row * n, n);
  }
  return XD_OK;
}

xd_status xdi_native_posterior_backward(xd_backend *backend, xd_posterior *args) {
  const size_t n = args->latent_dim;
  const float weight = args->kl_weight / (float)args->rows;
  args->kl = 0.0;
  for (size_t row = 0; row < args->rows; row++) {
    const float *mean = xdi_slice_host(args->posterior) + row * 2 * n;
    float *dmean = xdi_slice_host(args->dposterior) + row * 2 * n;
    args->kl += backend->kernels->sample_back(dmean, dmean + n, mean, mean + n,
                                              xdi_slice_host(args->epsilon) + row * n,
                                              xdi_slice_host(args->dz) + row * n, weight, n);
  }
  return XD_OK;
}

xd_status xdi_native_logistic_loss(xd_backend *backend, xd_logistic_loss *args) {
  args->loss = backend->kernels->logistic(xdi_slice_host(args->dlogits), xdi_slice_host(args->logits),
                                          args->sign, args->weight / (float)args->rows, args->rows);
  return XD_OK;
}

xd_status xdi_native_squared_distance(xd_backend *backend, xd_squared_distance *args) {
  const double count = (double)args->rows * args->columns;
  const float weight = (float)(2.0 * (double)args->weight / count);
  const float *a = xdi_slice_host(args->a), *b = xdi_slice_host(args->b);
  float *da = xdi_slice_host(args->da);
  args->loss = 0.0;
  for (size_t row = 0; row < args->rows; row++)
    args->loss +=
        backend->kernels->squared_distance(da ? da + row * args->da_stride : NULL, a + row * args->a_stride,
                                           b + row * args->b_stride, weight, args->columns);
  return XD_OK;
}

/* One row; its loss. */
static double soften_row(const xdi_kernels *kernels, xd_cross_entropy *args, size_t row) {
  const size_t classes = args->classes, label = args->labels[row];
  const float *logits = xdi_slice_host(args->logits) + row * classes;
  float *dlogits = xdi_slice_host(args->dlogits);
  const float smoothing = args->label_smoothing, rest = smoothing / (float)classes,
              scale = 1.0f / (float)args->rows;
  size_t largest = 0;
  double sum = 0.0;
  for (size_t n = 0; n < classes; n++) {
    sum += (double)logits[n];
    if (logits[n] > logits[largest])
      largest = n;
  }
  if (dlogits)
    dlogits += row * classes;
  args->correct += largest == label;
  const double normaliser =
      (double)logits[largest] + kernels->soften(dlogits, logits, logits[largest], rest, scale, classes);
  if (dlogits)
    dlogits[label] -= (1.0f - smoothing) * scale;
  return normaliser - (1.0 - (double)smoothing) * (double)logits[label] - (double)rest * sum;
}

xd_status xdi_native_cross_entropy(xd_backend *backend, xd_cross_entropy *args) {
  args->loss = 0.0;
  args->correct = 0;
  for (size_t row = 0; row < args->rows; row++)
    if (args->labels[row] >= args->classes)
      return XD_ERROR_INVALID_ARGUMENT;
  for (size_t row = 0; row < args->rows; row++)
    args->loss += soften_row(backend->kernels, args, row);
  return XD_OK;
}
