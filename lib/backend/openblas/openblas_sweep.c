/* The openblas backend's passes over memory in float: what follows a product, the activations, and
 * Adam. Each is cut into shards of a fixed number of cells, so that the runner's number of threads
 * changes nothing. */
#include <math.h>
#include <string.h>

#include "backend/openblas/openblas_state.h"
#include "backend/reference/reference.h"
#include "base/runner.h"

#define SHARD_CELLS 16384

static uint32_t shards_of(size_t count, size_t shard) {
  return (uint32_t)((count + shard - 1) / shard);
}

/* A loop over [0, count) in shards. */
typedef struct sweep {
  void (*part)(const void *job, size_t begin, size_t end);
  const void *job;
  size_t count, shard;
} sweep;

static void run_shard(void *argument, uint32_t index) {
  const sweep *loop = argument;
  const size_t begin = index * loop->shard, rest = loop->count - begin;
  loop->part(loop->job, begin, begin + (rest < loop->shard ? rest : loop->shard));
}

static xd_status run_sweep(const xd_backend *backend, sweep loop) {
  const int failed = xdi_run(backend->runner, run_shard, &loop, shards_of(loop.count, loop.shard));
  return failed ? XD_ERROR_INTERNAL : XD_OK;
}

/* In place: with one array to write, and none that might overlap it, the loops become vector code. */
static void apply_activation(xd_activation activation, float *restrict cells, size_t count) {
  switch (activation) {
  case XD_ACTIVATION_RELU:
    for (size_t i = 0; i < count; i++)
      cells[i] = cells[i] > 0.0f ? cells[i] : 0.0f;
    break;
  case XD_ACTIVATION_LEAKY_RELU:
    for (size_t i = 0; i < count; i++)
      cells[i] = cells[i] * (cells[i] > 0.0f ? 1.0f : 0.2f);
    break;
  case XD_ACTIVATION_SIGMOID:
    for (size_t i = 0; i < count; i++)
      cells[i] = 1.0f / (1.0f + expf(-cells[i]));
    break;
  case XD_ACTIVATION_TANH:
    for (size_t i = 0; i < count; i++)
      cells[i] = tanhf(cells[i]);
    break;
  case XD_ACTIVATION_IDENTITY:
  default:
    break;
  }
}

static void apply_slope(xd_activation activation, const float *restrict y, float *restrict cells,
                        size_t count) {
  switch (activation) {
  case XD_ACTIVATION_RELU:
    for (size_t i = 0; i < count; i++)
      cells[i] = y[i] > 0.0f ? cells[i] : 0.0f;
    break;
  case XD_ACTIVATION_LEAKY_RELU:
    for (size_t i = 0; i < count; i++)
      cells[i] = cells[i] * (y[i] > 0.0f ? 1.0f : 0.2f);
    break;
  case XD_ACTIVATION_SIGMOID:
    for (size_t i = 0; i < count; i++)
      cells[i] = cells[i] * (y[i] * (1.0f - y[i]));
    break;
  case XD_ACTIVATION_TANH:
    for (size_t i = 0; i < count; i++)
      cells[i] = cells[i] * (1.0f - y[i] * y[i]);
    break;
  case XD_ACTIVATION_IDENTITY:
  default:
    break;
  }
}

typedef struct finish_job {
  float *cells;
  size_t columns;
  const xdi_finish *how;
} finish_job;

static void finish_part(const void *argument, size_t begin, size_t end) {
  const finish_job *job = argument;
  const float *bias = job->how->bias;
  const size_t first = begin * job->columns, count = (end - begin) * job->columns;
  for (size_t row = begin; bias && row < end; row++) {
    float *cells = job->cells + row * job->columns;
    for (size_t n = 0; n < job->columns; n++)
      cells[n] += bias[n];
  }
  if (job->how->x)
    apply_slope(job->how->activation, job->how->x + first, job->cells + first, count);
  else
    apply_activation(job->how->activation, job->cells + first, count);
}

xd_status xdi_openblas_finish(xd_backend *backend, float *cells, size_t rows, size_t columns,
                              const xdi_finish *how) {
  if (!how->bias && how->activation == XD_ACTIVATION_IDENTITY)
    return XD_OK;
  const finish_job job = {cells, columns, how};
  const size_t shard = columns < SHARD_CELLS ? SHARD_CELLS / columns : 1;
  return run_sweep(backend, (sweep){finish_part, &job, rows, shard});
}

typedef struct activation_job {
  xd_activation activation;
  const float *y, *from;
  float *to;
} activation_job;

static void activation_part(const void *argument, size_t begin, size_t end) {
  const activation_job *job = argument;
  const size_t count = end - begin;
  float *to = job->to + begin;
  if (job->from != job->to)
    memcpy(to, job->from + begin, count * sizeof *to);
  if (job->y)
    apply_slope(job->activation, job->y + begin, to, count);
  else
    apply_activation(job->activation, to, count);
}

xd_status xdi_openblas_activation_forward(xd_backend *backend, xd_activation activation, xd_slice x,
                                          xd_slice y, size_t count) {
  const activation_job job = {activation, NULL, xdi_slice_host(x), xdi_slice_host(y)};
  return run_sweep(backend, (sweep){activation_part, &job, count, SHARD_CELLS});
}

xd_status xdi_openblas_activation_backward(xd_backend *backend, xd_activation activation, xd_slice y,
                                           xd_slice dy, xd_slice dx, size_t count) {
  const activation_job job = {activation, xdi_slice_host(y), xdi_slice_host(dy), xdi_slice_host(dx)};
  return run_sweep(backend, (sweep){activation_part, &job, count, SHARD_CELLS});
}

static void adam_part(const void *argument, size_t begin, size_t end) {
  const xd_adam *args = argument;
  float *restrict parameters = xdi_slice_host(args->parameters);
  const float *restrict gradients = xdi_slice_host(args->gradients);
  float *restrict moment1 = xdi_slice_host(args->moment1), *restrict moment2 = xdi_slice_host(args->moment2);
  const float beta1 = args->beta1, beta2 = args->beta2, epsilon = args->epsilon;
  const float kept = 1.0f - args->learning_rate * args->weight_decay;
  const float rate = args->learning_rate / args->correction1;
  const float scale = 1.0f / args->correction2;
  for (size_t i = begin; i < end; i++) {
    const float gradient = gradients[i];
    const float first = beta1 * moment1[i] + (1.0f - beta1) * gradient;
    const float second = beta2 * moment2[i] + (1.0f - beta2) * (gradient * gradient);
    moment1[i] = first;
    moment2[i] = second;
    parameters[i] = kept * parameters[i] - rate * first / (sqrtf(second * scale) + epsilon);
  }
}

xd_status xdi_openblas_adam(xd_backend *backend, const xd_adam *args) {
  return run_sweep(backend, (sweep){adam_part, args, args->count, SHARD_CELLS});
}
