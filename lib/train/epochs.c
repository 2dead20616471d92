/* Shuffled epochs and learning-rate schedules. */
#include "train/epochs.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"

static const double pi = 3.14159265358979323846;

xd_status xdi_epochs_open(xdi_epochs *epochs, xd_context *context, uint32_t count, uint32_t batch,
                          uint64_t seed) {
  *epochs = (xdi_epochs){.allocator = context->allocator, .count = count, .seed = seed};
  epochs->batch = batch < count ? batch : count;
  epochs->per_epoch = count / epochs->batch;
  epochs->order = xdi_allocate(&context->allocator, count, sizeof *epochs->order);
  return epochs->order ? XD_OK : xdi_fail_memory(context, "shuffling a set");
}

void xdi_epochs_close(xdi_epochs *epochs) {
  xdi_release(&epochs->allocator, epochs->order);
  epochs->order = NULL;
}

const uint32_t *xdi_epochs_step(xdi_epochs *epochs, uint32_t step) {
  const uint32_t epoch = step / epochs->per_epoch + 1;
  if (epoch != epochs->epoch)
    xdi_random_permutation(epochs->order, epochs->count, epochs->seed,
                           xdi_stream_id(XDI_STREAM_SHUFFLE, epoch));
  epochs->epoch = epoch;
  return epochs->order + (size_t)(step % epochs->per_epoch) * epochs->batch;
}

float xdi_cosine_rate(float rate, float final, uint32_t step, uint32_t steps) {
  const double fallen = 0.5 * (1.0 - cos(pi * step / steps));
  return (float)((double)rate * (1.0 - (1.0 - (double) final) * fallen));
}

float xdi_linear_rate(float rate, float final, uint32_t step, uint32_t steps) {
  const double half = 0.5 * steps;
  double fallen = 0.0;
  if (step >= steps)
    fallen = 1.0;
  else if (step > half)
    fallen = (step - half) / half;
  return (float)((double)rate * (1.0 - (1.0 - (double) final) * fallen));
}
