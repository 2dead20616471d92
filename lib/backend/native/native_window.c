/* Window normalisation of the native backend: the reference's arithmetic, pictures cut into shards. */
#include "backend/native/native_slots.h"

/* Cells that are worth a shard. */
#define CELL_GRAIN 16384.0

typedef struct window_job {
  const xd_window_normalise *args;
  uint32_t shards;
  xd_status statuses[XDI_MAX_SHARDS];
} window_job;

static void normalise(void *argument, uint32_t index) {
  window_job *job = argument;
  xd_window_normalise part = *job->args;
  const size_t first = xdi_native_part(job->args->batch, job->shards, index);
  const size_t cells = first * part.height * part.width * part.channels;
  part.batch = (uint32_t)(xdi_native_part(job->args->batch, job->shards, index + 1) - first);
  part.x.offset += cells;
  part.y.offset += cells;
  job->statuses[index] = xdi_reference_window_normalise(NULL, &part);
}

xd_status xdi_native_window_normalise(xd_backend *backend, const xd_window_normalise *args) {
  const double cells = (double)args->batch * args->height * args->width * args->channels;
  window_job job = {.args = args, .shards = xdi_native_shards(cells, CELL_GRAIN, args->batch)};
  xd_status status = xdi_native_run(backend, normalise, &job, job.shards);
  for (uint32_t i = 0; i < job.shards && status == XD_OK; i++)
    status = job.statuses[i];
  return status;
}
