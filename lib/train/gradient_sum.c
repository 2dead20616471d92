/* A block of gradients goes through host memory, whose room is taken once, so that the host's sums need no
 * memory of the backend's. */
#include "train/gradient_sum.h"

#include "base/memory.h"

/* The ones of a number: after so many parts, so many sums wait for their neighbour. */
static uint32_t count_ones(uint32_t number) {
  uint32_t ones = 0;
  for (; number > 0; number &= number - 1)
    ones++;
  return ones;
}

/* The most sums that wait at a time, and a part. */
static uint32_t count_sums(uint32_t parts) {
  uint32_t sums = 1;
  for (uint32_t last = parts - 1; last > 0; last >>= 1)
    sums++;
  return sums;
}

static size_t sum_size(const xdi_gradient_sum *sum) {
  return sum->count + XDI_SUMMED_NUMBERS;
}

xd_status xdi_gradient_sum_open(xdi_gradient_sum *sum, xd_context *context, size_t count, uint32_t parts) {
  *sum = (xdi_gradient_sum){.context = context, .reduce = context->reduce, .parts = parts, .count = count};
  if (xdi_gradient_sum_all(sum) == 1)
    return XD_OK;
  sum->staged = xdi_allocate(&context->allocator, count_sums(parts), sum_size(sum) * sizeof *sum->staged);
  return sum->staged ? XD_OK : xdi_fail_memory(context, "preparing sums over parts of a batch");
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

static void add(float *to, const float *from, size_t count) {
  for (size_t i = 0; i < count; i++)
    to[i] += from[i];
}

xd_status xdi_gradient_sum_add(xdi_gradient_sum *sum, uint32_t part, xd_slice gradients,
                               double *const *numbers, uint32_t number_count) {
  if (!sum->staged)
    return XD_OK;
  const size_t size = sum_size(sum), used = sum->count + number_count;
  float *at = sum->staged + count_ones(part) * size;
  const xd_status status = xdi_device_read(sum->context, at, gradients, sum->count);
  if (status != XD_OK)
    return status;
  for (uint32_t i = 0; i < number_count; i++)
    at[sum->count + i] = (float)*numbers[i];
  for (uint32_t pairs = part; pairs & 1; pairs >>= 1, at -= size)
    add(at - size, at, used);
  if (part + 1 < sum->parts)
    return XD_OK;
  for (; at > sum->staged; at -= size)
    add(at - size, at, used);
  if (sum->reduce.ranks == 1)
    return XD_OK;
  if (sum->reduce.begin(sum->reduce.user, sum->staged, used) != 0)
    return fail(sum);
  sum->begun = true;
  return XD_OK;
}

xd_status xdi_gradient_sum_end(xdi_gradient_sum *sum, xd_slice gradients, double *const *numbers,
                               uint32_t number_count) {
  if (!sum->staged)
    return XD_OK;
  const xd_status status = sum->begun ? wait_for(sum) : XD_OK;
  if (status != XD_OK)
    return status;
  const uint32_t parts = xdi_gradient_sum_all(sum);
  const float share = 1.0f / (float)parts;
  for (size_t i = 0; i < sum->count; i++)
    sum->staged[i] *= share;
  for (uint32_t i = 0; i < number_count; i++)
    *numbers[i] = (double)sum->staged[sum->count + i] / parts;
  return xdi_device_write(sum->context, gradients, sum->staged, sum->count);
}
