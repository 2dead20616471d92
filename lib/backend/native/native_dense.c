/* Dense layers of the native backend: three products, and the bias's gradient. */
#include "backend/native/gemm.h"
#include "backend/native/native_slots.h"
#include "base/int8.h"

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

static bool holds_bytes(const xd_backend *backend, const xd_prepared *prepared) {
  return prepared && prepared->kind == &backend->kernels->byte;
}

/* x as whole numbers, each row with its scale, which takes in that of the weights. */
typedef struct fixing {
  const xd_backend *backend;
  const xd_dense *args;
  size_t pairs;
  float *fixed, *scales;
  uint32_t shards;
} fixing;

static void run_fixing(void *argument, uint32_t index) {
  const fixing *job = argument;
  const xd_dense *args = job->args;
  const size_t end = xdi_native_part(args->rows, job->shards, index + 1);
  for (size_t m = xdi_native_part(args->rows, job->shards, index); m < end; m++) {
    job->backend->kernels->fix_row((int16_t *)(void *)(job->fixed + m * job->pairs), &job->scales[m],
                                   xdi_slice_host(args->x) + m * args->inputs, args->inputs);
    if (args->sigma != 0.0f)
      job->scales[m] *= scale_of(args);
  }
}

/* The product of whole numbers instead: pairs lie where floats would. */
static xd_status fix(xd_backend *backend, const xd_dense *args, xdi_product *product) {
  const size_t pairs = xdi_native_ceil(args->inputs, 2);
  const xd_status status = xdi_native_derive(backend, args->rows * (pairs + 1));
  if (status != XD_OK)
    return status;
  fixing job = {.backend = backend, .args = args, .pairs = pairs, .fixed = backend->derived.floats};
  job.scales = job.fixed + args->rows * pairs;
  job.shards = xdi_native_shards((double)args->rows * args->inputs, DOTS_GRAIN, args->rows);
  product->a = job.fixed;
  product->a_row = (ptrdiff_t)pairs;
  product->depth = pairs;
  product->row_scales = job.scales;
  return xdi_native_run(backend, run_fixing, &job, job.shards);
}

xd_status xdi_native_dense_forward(xd_backend *backend, const xd_dense *args) {
  if (args->outputs == 1) {
    const double work = (double)args->rows * args->inputs;
    dots_job job = {backend, args, xdi_native_shards(work, DOTS_GRAIN, args->rows)};
    return xdi_native_run(backend, run_dots, &job, job.shards);
  }
  xdi_product product = {
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
      .narrow = args->prepared ? args->prepared->narrow : NULL,
      .kind = args->prepared ? args->prepared->kind : NULL,
      .scales = args->prepared ? args->prepared->scales : NULL,
      .c = xdi_slice_host(args->y),
      .c_row = args->outputs,
      .scale = scale_of(args),
      .bias = xdi_slice_host(args->bias),
      .activation = args->activation,
  };
  const xd_status status = holds_bytes(backend, args->prepared) ? fix(backend, args, &product) : XD_OK;
  return status == XD_OK ? xdi_product_run(backend, &product) : status;
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
  const xd_status status = xdi_native_prepared_create(backend, out, count, NULL, 0);
  if (status == XD_OK)
    xdi_pack_panels(backend->kernels, (*out)->panels, args->inputs, xdi_slice_host(args->weights),
                    args->outputs, 1, args->inputs, args->outputs);
  return status;
}

/* Steps of a panel that tell halves from other floats. */
#define SOME_STEPS 32

/* Panels of numbers of fewer bytes in the making, by way of one panel of floats. */
typedef struct narrowing {
  const xdi_kernels *kernels;
  const xd_dense *args;
  const xdi_narrow *kind;
  float *panel;
} narrowing;

/* Packs `depth` steps of the panel from `column` on; whether its numbers are exactly of that kind. The largest
 * weights tell their columns' scales. */
static bool shrink_panel(const narrowing *n, void *to, float *scales, size_t column, size_t depth) {
  const xdi_kernels *kernels = n->kernels;
  const size_t width = xdi_panel_width(kernels), outputs = n->args->outputs;
  const size_t columns = outputs - column < width ? outputs - column : width;
  const float *weights = xdi_slice_host(n->args->weights);
  xdi_pack_panels(kernels, n->panel, depth, weights + column, (ptrdiff_t)outputs, 1, depth, columns);
  if (n->kind == &kernels->half)
    return kernels->shrink(to, n->panel, width * depth);
  kernels->panel_maxima(scales, n->panel, (uint32_t)depth);
  for (size_t i = 0; i < width; i++)
    scales[i] = xdi_int8_scale(scales[i]);
  return kernels->shrink_to_bytes(to, n->panel, scales, (uint32_t)depth);
}

/* Whether the first panel, of halves its first steps, is of that kind, which tells models saved so from others
 * without much time or room. */
static bool fits_first(const narrowing *n) {
  const size_t inputs = n->args->inputs, some = inputs < SOME_STEPS ? inputs : SOME_STEPS;
  float *scales = n->panel + xdi_panel_width(n->kernels) * inputs;
  return shrink_panel(n, scales + xdi_panel_width(n->kernels), scales, 0,
                      n->kind == &n->kernels->half ? some : inputs);
}

static xd_status shrink_all(const narrowing *n, xd_backend *backend, xd_prepared **out) {
  const bool bytes = n->kind == &n->kernels->byte;
  const size_t width = xdi_panel_width(n->kernels);
  const size_t depth = bytes ? xdi_native_ceil(n->args->inputs, 2) : n->args->inputs;
  const size_t columns = xdi_panel_count(n->kernels, n->args->outputs) * width;
  bool exact = true;
  const xd_status status =
      xdi_native_prepared_create(backend, out, columns * depth, n->kind, bytes ? columns : 0);
  for (size_t column = 0; column < columns && status == XD_OK && exact; column += width) {
    char *to = (char *)(*out)->narrow + column * depth * n->kind->size;
    exact = shrink_panel(n, to, (*out)->scales ? (*out)->scales + column : NULL, column, n->args->inputs);
  }
  if (!exact) {
    xdi_native_prepared_destroy(backend, *out);
    *out = NULL;
  }
  return status;
}

/* Leaves *out NULL where not all weights are of that kind. */
static xd_status prepare_narrow(xd_backend *backend, xd_prepared **out, const xd_dense *args,
                                const xdi_narrow *kind) {
  const xdi_kernels *kernels = backend->kernels;
  const size_t width = xdi_panel_width(kernels);
  const narrowing n = {.kernels = kernels,
                       .args = args,
                       .kind = kind,
                       .panel = xdi_allocate(backend->allocator, width * ((size_t)args->inputs + 1),
                                             sizeof(float) + kind->size)};
  xd_status status = n.panel ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
  if (n.panel && fits_first(&n))
    status = shrink_all(&n, backend, out);
  xdi_release(backend->allocator, n.panel);
  return status;
}

/* Weights that are bytes with scales, or binary16 numbers, as in models saved so, stay so: one picture's translation
 * waits for its weights, and so for a quarter or half as many bytes. For single pictures, floats are read where they
 * are: panels would take time and memory to make and save little. */
xd_status xdi_native_dense_prepare(xd_backend *backend, xd_prepared **out, const xd_dense *args) {
  const xdi_kernels *kernels = backend->kernels;
  const size_t columns = xdi_panel_count(kernels, args->outputs) * xdi_panel_width(kernels);
  *out = NULL;
  xd_status status = prepare_narrow(backend, out, args, &kernels->byte);
  if (status == XD_OK && !*out && kernels->half.row)
    status = prepare_narrow(backend, out, args, &kernels->half);
  if (status != XD_OK || *out || (args->rows == 1 && args->outputs % kernels->lanes == 0))
    return status;
  return prepare_floats(backend, out, args, columns * args->inputs);
}
