/* Dense layers of the native backend: three products, and the bias's gradient. */
#include <string.h>

#include "backend/native/gemm.h"
#include "backend/native/native_slots.h"

/* What the products with weights / sigma are multiplied by. */
static float scale_of(const xd_dense *args) {
  return args->sigma != 0.0f ? 1.0f / args->sigma : 0.0f;
}

/* Multiply-adds of dot products that are worth a shard: they read as many floats. */
#define DOTS_GRAIN (XDI_SHARD_WORK / 16)

/* y[rows] = x w for one output: dot products, as a tile would leave most lanes idle. */
typedef struct dots_job {
  xd_backend *backend;
  const xd_dense *args;
  uint32_t shards;
} dots_job;

static void run_dots(void *argument, uint32_t index) {
  const dots_job *job = argument;
  const xd_dense *args = job->args;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t begin = xdi_native_part(args->rows, job->shards, index);
  const size_t end = xdi_native_part(args->rows, job->shards, index + 1);
  const float *bias = xdi_slice_host(args->bias);
  float *y = xdi_slice_host(args->y) + begin;
  kernels->dots(y, 1, xdi_slice_host(args->x) + begin * args->inputs, args->inputs,
                xdi_slice_host(args->weights), (uint32_t)(end - begin), args->inputs);
  const float scale = args->sigma != 0.0f ? scale_of(args) : 1.0f, start = bias ? bias[0] : 0.0f;
  for (size_t m = 0; m < end - begin; m++) {
    y[m] *= scale;
    y[m] += start;
  }
  if (args->activation != XD_ACTIVATION_IDENTITY)
    kernels->activate(args->activation, y, y, end - begin);
}

xd_status xdi_native_dense_forward(xd_backend *backend, const xd_dense *args) {
  if (args->outputs == 1) {
    const double work = (double)args->rows * args->inputs;
    dots_job job = {backend, args, xdi_native_shards(work, DOTS_GRAIN, args->rows)};
    return xdi_native_run(backend, run_dots, &job, job.shards);
  }
  const xdi_product product = {
      .rows = args->rows,
      .columns = args->outputs,
      .depth = args->inputs,
      .a = xdi_slice_host(args->x),
      .a_row = args->inputs,
      .a_step = 1,
      .b = xdi_slice_host(args->weights),
      .b_step = args->outputs,
      .b_column = 1,
      .panels = args->prepared ? args->prepared->panels : NULL,
      .halves = args->prepared ? args->prepared->halves : NULL,
      .c = xdi_slice_host(args->y),
      .c_row = args->outputs,
      .scale = scale_of(args),
      .bias = xdi_slice_host(args->bias),
      .activation = args->activation,
  };
  return xdi_product_run(backend, &product);
}

/* dx = dy weights^T. */
static xdi_product data_product(const xd_dense *args) {
  return (xdi_product){
      .rows = args->rows,
      .columns = args->inputs,
      .depth = args->outputs,
      .a = xdi_slice_host(args->dy),
      .a_row = args->outputs,
      .a_step = 1,
      .b = xdi_slice_host(args->weights),
      .b_step = 1,
      .b_column = args->outputs,
      .c = xdi_slice_host(args->dx),
      .c_row = args->inputs,
      .scale = scale_of(args),
      .x = args->x_activation != XD_ACTIVATION_IDENTITY ? xdi_slice_host(args->x) : NULL,
      .x_activation = args->x_activation,
  };
}

/* dweights = x^T dy, and the bias's gradient from dy's columns; for one output its transpose dy^T x, which
 * has long rows, and whose bias is the caller's affair. */
static xdi_product weights_product(const xd_dense *args) {
  const bool turned = args->outputs == 1;
  const float *x = xdi_slice_host(args->x), *dy = xdi_slice_host(args->dy);
  return (xdi_product){
      .rows = turned ? 1 : args->inputs,
      .columns = turned ? args->inputs : args->outputs,
      .depth = args->rows,
      .a = turned ? dy : x,
      .a_row = 1,
      .a_step = turned ? 1 : args->inputs,
      .b = turned ? x : dy,
      .b_step = turned ? args->inputs : args->outputs,
      .b_column = 1,
      .c = xdi_slice_host(args->dweights),
      .c_row = turned ? args->inputs : args->outputs,
      .sums = turned ? NULL : xdi_slice_host(args->dbias),
  };
}

static void sum_single_bias(const xd_backend *backend, const xd_dense *args) {
  if (args->outputs == 1 && args->dbias.buffer)
    backend->kernels->sum_rows(xdi_slice_host(args->dbias), xdi_slice_host(args->dy), 1, args->rows, 1,
                               false);
}

xd_status xdi_native_dense_backward_data(xd_backend *backend, const xd_dense *args) {
  const xdi_product product = data_product(args);
  return xdi_product_run(backend, &product);
}

xd_status xdi_native_dense_backward_weights(xd_backend *backend, const xd_dense *args) {
  const xdi_product product = weights_product(args);
  sum_single_bias(backend, args);
  return xdi_product_run(backend, &product);
}

xd_status xdi_native_dense_backward(xd_backend *backend, const xd_dense *args) {
  const xdi_product data = data_product(args), weights = weights_product(args);
  sum_single_bias(backend, args);
  return xdi_products_run(backend, &data, &weights);
}

/* The weights in panels. */
static xd_status prepare_floats(xd_backend *backend, xd_prepared **out, const xd_dense *args, size_t count) {
  const xd_status status = xdi_native_prepared_create(backend, out, count, false);
  if (status == XD_OK)
    xdi_pack_panels(backend->kernels, (*out)->panels, args->inputs, xdi_slice_host(args->weights),
                    args->outputs, 1, args->inputs, args->outputs);
  return status;
}

/* Whether all weights are binary16 numbers. */
static bool fits_half(const xdi_kernels *kernels, const float *weights, size_t count) {
  enum { CHUNK = 1024 };
  uint16_t halves[CHUNK];
  float rest[CHUNK] = {0};
  for (; count >= CHUNK; count -= CHUNK, weights += CHUNK)
    if (!kernels->shrink(halves, weights, CHUNK))
      return false;
  memcpy(rest, weights, count * sizeof *weights);
  return kernels->shrink(halves, rest, CHUNK);
}

/* The weights in panels as binary16, packed by way of one panel of floats. */
static xd_status prepare_halves(xd_backend *backend, xd_prepared **out, const xd_dense *args, size_t count) {
  const xdi_kernels *kernels = backend->kernels;
  const size_t width = xdi_panel_width(kernels), depth = args->inputs;
  const float *weights = xdi_slice_host(args->weights);
  float *panel = xdi_allocate(backend->allocator, width * depth, sizeof *panel);
  const xd_status status =
      panel ? xdi_native_prepared_create(backend, out, count, true) : XD_ERROR_OUT_OF_MEMORY;
  for (size_t n = 0; n < args->outputs && status == XD_OK; n += width) {
    const size_t columns = args->outputs - n < width ? args->outputs - n : width;
    xdi_pack_panels(kernels, panel, depth, weights + n, args->outputs, 1, depth, columns);
    kernels->shrink((*out)->halves + n * depth, panel, width * depth);
  }
  xdi_release(backend->allocator, panel);
  return status;
}

/* Weights that are binary16 numbers, as in models saved so, stay binary16: one picture's translation waits
 * for its weights, and so for half as many bytes. For single pictures, floats are read where they are:
 * panels would take time and memory to make and save little. */
xd_status xdi_native_dense_prepare(xd_backend *backend, xd_prepared **out, const xd_dense *args) {
  const xdi_kernels *kernels = backend->kernels;
  const size_t columns = xdi_panel_count(kernels, args->outputs) * xdi_panel_width(kernels);
  const bool half = kernels->half_row &&
                    fits_half(kernels, xdi_slice_host(args->weights), (size_t)args->inputs * args->outputs);
  *out = NULL;
  if (!half && args->rows == 1 && args->outputs % kernels->lanes == 0)
    return XD_OK;
  return (half ? prepare_halves : prepare_floats)(backend, out, args, columns * args->inputs);
}
