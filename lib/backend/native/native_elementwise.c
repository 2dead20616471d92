/* Element-wise slots of the native backend: a range of cells is cut into shards, and each shard is one
 * call of a kernel. */
#include <string.h>

#include "backend/native/native_slots.h"
#include "backend/native/tiles.h"

/* Cells that are worth a shard. */
#define GRAIN 32768.0

typedef struct sweep {
  const xdi_kernels *kernels;
  uint32_t shards;
  size_t count;
  float *to;
  const float *from, *by;
  xd_activation activation;
  float alpha, beta;
  uint64_t seed, stream, first;
  size_t to_stride, from_stride, columns;
} sweep;

static xd_status run(xd_backend *backend, xd_task task, sweep *s, double cells) {
  s->kernels = backend->kernels;
  s->shards = xdi_native_shards(cells, GRAIN, s->count);
  return xdi_native_run(backend, task, s, s->shards);
}

/* Shards begin at whole cache lines, so that no line is written by two. */
static size_t begin_of(const sweep *s, uint32_t index) {
  const size_t line = 16;
  return index >= s->shards ? s->count : xdi_native_part(s->count / line, s->shards, index) * line;
}

static void activate(void *argument, uint32_t index) {
  const sweep *s = argument;
  const size_t begin = begin_of(s, index), end = begin_of(s, index + 1);
  s->kernels->activate(s->activation, s->to + begin, s->from + begin, end - begin);
}

xd_status xdi_native_activation_forward(xd_backend *backend, xd_activation activation, xd_slice x, xd_slice y,
                                        size_t count) {
  sweep s = {.count = count, .to = xdi_slice_host(y), .from = xdi_slice_host(x), .activation = activation};
  return run(backend, activate, &s, (double)count);
}

static void derive(void *argument, uint32_t index) {
  const sweep *s = argument;
  const size_t begin = begin_of(s, index), end = begin_of(s, index + 1);
  s->kernels->derive(s->activation, s->to + begin, s->by + begin, s->from + begin, end - begin);
}

xd_status xdi_native_activation_backward(xd_backend *backend, xd_activation activation, xd_slice y,
                                         xd_slice dy, xd_slice dx, size_t count) {
  sweep s = {.count = count,
             .to = xdi_slice_host(dx),
             .from = xdi_slice_host(dy),
             .by = xdi_slice_host(y),
             .activation = activation};
  return run(backend, derive, &s, (double)count);
}

static void copy_rows(void *argument, uint32_t index) {
  const sweep *s = argument;
  const size_t end = xdi_native_part(s->count, s->shards, index + 1);
  for (size_t row = xdi_native_part(s->count, s->shards, index); row < end; row++)
    memcpy(s->to + row * s->to_stride, s->from + row * s->from_stride, s->columns * sizeof(float));
}

xd_status xdi_native_copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                                  uint32_t from_stride, uint32_t rows, uint32_t columns) {
  sweep s = {.count = rows,
             .to = xdi_slice_host(to),
             .from = xdi_slice_host(from),
             .to_stride = to_stride,
             .from_stride = from_stride,
             .columns = columns};
  return run(backend, copy_rows, &s, (double)rows * columns);
}

static void scale_add(void *argument, uint32_t index) {
  const sweep *s = argument;
  const size_t begin = begin_of(s, index), end = begin_of(s, index + 1);
  s->kernels->scale_add(s->alpha, s->from + begin, s->beta, s->to + begin, end - begin);
}

xd_status xdi_native_scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                               size_t count) {
  sweep s = {
      .count = count, .to = xdi_slice_host(y), .from = xdi_slice_host(x), .alpha = alpha, .beta = beta};
  return run(backend, scale_add, &s, (double)count);
}

static void draw(void *argument, uint32_t index) {
  const sweep *s = argument;
  const size_t begin = begin_of(s, index), end = begin_of(s, index + 1);
  s->kernels->normals(s->to + begin, end - begin, s->seed, s->stream, s->first + begin);
}

xd_status xdi_native_random_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed,
                                   uint64_t stream, uint64_t first) {
  sweep s = {.count = count, .to = xdi_slice_host(to), .seed = seed, .stream = stream, .first = first};
  return run(backend, draw, &s, 4.0 * (double)count);
}

static void drop(void *argument, uint32_t index) {
  const sweep *s = argument;
  const size_t begin = begin_of(s, index), end = begin_of(s, index + 1);
  s->kernels->drop(s->to + begin, s->from + begin, end - begin, s->alpha, s->beta, s->seed, s->stream,
                   s->first + begin);
}

xd_status xdi_native_dropout(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                             uint64_t seed, uint64_t stream, uint64_t first) {
  sweep s = {.count = count,
             .to = xdi_slice_host(to),
             .from = xdi_slice_host(from),
             .alpha = rate,
             .beta = 1.0f / (1.0f - rate),
             .seed = seed,
             .stream = stream,
             .first = first};
  return run(backend, drop, &s, 2.0 * (double)count);
}

/* ---- residual sums ---- */

static void add(void *argument, uint32_t index) {
  const sweep *s = argument;
  const size_t begin = begin_of(s, index), end = begin_of(s, index + 1);
  s->kernels->add_cells(s->to + begin, s->from + begin, s->by + begin, xdi_slope_of(s->activation),
                        end - begin);
  if (xdi_is_curved(s->activation))
    s->kernels->activate(s->activation, s->to + begin, s->to + begin, end - begin);
}

xd_status xdi_native_residual_forward(xd_backend *backend, const xd_residual *args) {
  sweep s = {.count = args->count,
             .to = xdi_slice_host(args->y),
             .from = xdi_slice_host(args->x),
             .by = xdi_slice_host(args->other),
             .activation = args->activation};
  return run(backend, add, &s, (double)args->count);
}

/* dother before dx, which may take dy's place. */
xd_status xdi_native_residual_backward(xd_backend *backend, const xd_residual *args) {
  const xd_slice to[2] = {args->dother, args->dx}, by[2] = {args->other, args->x};
  const xd_activation activation[2] = {args->other_activation, args->x_activation};
  xd_status status = XD_OK;
  for (int i = 0; i < 2 && status == XD_OK; i++)
    if (to[i].buffer)
      status = xdi_native_activation_backward(backend, activation[i],
                                              activation[i] == XD_ACTIVATION_IDENTITY ? args->dy : by[i],
                                              args->dy, to[i], args->count);
  return status;
}
