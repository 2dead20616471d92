/* A block of gradients goes through host memory, whose room is taken once, so that the host's sums need no
 * memory of the backend's. */
#include "train/gradient_sum.h"

#include "base/memory.h"

xd_status xdi_gradient_sum_open(xdi_gradient_sum *sum, xd_context *context, size_t count) {
  *sum = (xdi_gradient_sum){.context = context, .reduce = context->reduce, .count = count};
  if (context->reduce.ranks == 1)
    return XD_OK;
  sum->staged = xdi_allocate(&context->allocator, count + XDI_SUMMED_NUMBERS, sizeof *sum->staged);
  return sum->staged ? XD_OK : xdi_fail_memory(context, "preparing sums over ranks");
}

static xd_status fail(const xdi_gradient_sum *sum) {
  return xdi_fail(sum->context, XD_ERROR_IO, "rank %u of %u: a sum over the ranks failed", sum->reduce.rank,
                  sum->reduce.ranks);
}

static xd_status wait_for(xdi_gradient_sum *sum) {
  sum->begun = false;
  return sum->reduce.end && sum->reduce.end(sum->reduce.user, sum->staged) != 0 ? fail(sum) : XD_OK;
}

void xdi_gradient_sum_close(xdi_gradient_sum *sum) {
  if (!sum->staged)
    return;
  if (sum->begun)
    wait_for(sum);
  xdi_release(&sum->context->allocator, sum->staged);
  sum->staged = NULL;
}

xd_status xdi_gradient_sum_begin(xdi_gradient_sum *sum, xd_slice gradients, double *const *numbers,
                                 uint32_t number_count) {
  if (!sum->staged)
    return XD_OK;
  const xd_status status = xdi_device_read(sum->context, sum->staged, gradients, sum->count);
  if (status != XD_OK)
    return status;
  for (uint32_t i = 0; i < number_count; i++)
    sum->staged[sum->count + i] = (float)*numbers[i];
  if (sum->reduce.begin(sum->reduce.user, sum->staged, sum->count + number_count) != 0)
    return fail(sum);
  sum->begun = true;
  return XD_OK;
}

xd_status xdi_gradient_sum_end(xdi_gradient_sum *sum, xd_slice gradients, double *const *numbers,
                               uint32_t number_count) {
  if (!sum->staged)
    return XD_OK;
  const xd_status status = wait_for(sum);
  if (status != XD_OK)
    return status;
  const float share = 1.0f / (float)sum->reduce.ranks;
  for (size_t i = 0; i < sum->count; i++)
    sum->staged[i] *= share;
  for (uint32_t i = 0; i < number_count; i++)
    *numbers[i] = (double)sum->staged[sum->count + i] / sum->reduce.ranks;
  return xdi_device_write(sum->context, gradients, sum->staged, sum->count);
}

xd_status xdi_gradient_sum_run(xdi_gradient_sum *sum, xd_slice gradients, double *const *numbers,
                               uint32_t number_count) {
  const xd_status status = xdi_gradient_sum_begin(sum, gradients, numbers, number_count);
  return status == XD_OK ? xdi_gradient_sum_end(sum, gradients, numbers, number_count) : status;
}
