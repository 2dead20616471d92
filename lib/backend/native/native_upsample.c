/* Upsampling of the native backend: rows of pictures cut into shards. */
#include <string.h>

#include "backend/native/native_slots.h"
#include "backend/native/tiles.h"

/* Cells of the larger side that are worth a shard. */
#define CELL_GRAIN 32768.0

typedef struct upsample_job {
  const xdi_kernels *kernels;
  const xd_upsample *args;
  uint32_t shards;
} upsample_job;

/* One row of the smaller side becomes two, or one at the end of an odd picture. */
static void double_rows(void *argument, uint32_t index) {
  const upsample_job *job = argument;
  const xd_upsample *args = job->args;
  const size_t rows = (size_t)args->batch * args->in_height,
               end = xdi_native_part(rows, job->shards, index + 1);
  const size_t from_row = (size_t)args->in_width * args->channels,
               to_row = (size_t)args->out_width * args->channels;
  for (size_t row = xdi_native_part(rows, job->shards, index); row < end; row++) {
    const size_t picture = row / args->in_height, iy = row % args->in_height;
    float *to = xdi_slice_host(args->y) + (picture * args->out_height + 2 * iy) * to_row;
    job->kernels->double_columns(to, xdi_slice_host(args->x) + row * from_row, args->out_width,
                                 args->channels);
    if (2 * iy + 1 < args->out_height)
      memcpy(to + to_row, to, to_row * sizeof *to);
  }
}

static void halve_rows(void *argument, uint32_t index) {
  const upsample_job *job = argument;
  const xd_upsample *args = job->args;
  const size_t rows = (size_t)args->batch * args->in_height,
               end = xdi_native_part(rows, job->shards, index + 1);
  const size_t to_row = (size_t)args->in_width * args->channels,
               from_row = (size_t)args->out_width * args->channels;
  for (size_t row = xdi_native_part(rows, job->shards, index); row < end; row++) {
    const size_t picture = row / args->in_height, iy = row % args->in_height;
    const float *from = xdi_slice_host(args->dy) + (picture * args->out_height + 2 * iy) * from_row;
    float *to = xdi_slice_host(args->dx) + row * to_row;
    job->kernels->halve_columns(to, from, 2 * iy + 1 < args->out_height ? from + from_row : NULL,
                                args->in_width, args->out_width, args->channels);
    if (args->x_activation != XD_ACTIVATION_IDENTITY)
      job->kernels->derive(args->x_activation, to, xdi_slice_host(args->x) + row * to_row, to, to_row);
  }
}

static bool doubles(uint32_t in, uint32_t out) {
  return out == 2 * in || out + 1 == 2 * in;
}

static xd_status run(xd_backend *backend, const xd_upsample *args, xd_task task) {
  const double cells = (double)args->batch * args->out_height * args->out_width * args->channels;
  upsample_job job = {.kernels = backend->kernels, .args = args};
  if (!doubles(args->in_width, args->out_width) || !doubles(args->in_height, args->out_height))
    return XD_ERROR_INVALID_ARGUMENT;
  job.shards = xdi_native_shards(cells, CELL_GRAIN, (size_t)args->batch * args->in_height);
  return xdi_native_run(backend, task, &job, job.shards);
}

xd_status xdi_native_upsample_forward(xd_backend *backend, const xd_upsample *args) {
  return run(backend, args, double_rows);
}

xd_status xdi_native_upsample_backward(xd_backend *backend, const xd_upsample *args) {
  return run(backend, args, halve_rows);
}
