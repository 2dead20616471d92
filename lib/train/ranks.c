/* Ranks agree by sums, as there is nothing else between them. */
#include "train/ranks.h"

#include "base/memory.h"
#include "format/digest.h"
#include "train/fingerprint.h"

#define PIECES 8u /* of a digest: a byte each, whose sum over the most ranks is exact in float */

static xd_status add_up(xd_context *context, float *numbers, size_t count) {
  const xd_reduce *reduce = &context->reduce;
  if (reduce->begin(reduce->user, numbers, count) == 0 &&
      (!reduce->end || reduce->end(reduce->user, numbers) == 0))
    return XD_OK;
  return xdi_fail(context, XD_ERROR_IO, "rank %u of %u: a sum over the ranks failed", reduce->rank,
                  reduce->ranks);
}

xd_status xdi_ranks_check_batch(xd_context *context, const char *what, uint32_t batch, uint32_t parts) {
  const uint32_t ranks = context->reduce.ranks;
  if (batch % ranks != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: %u ranks cannot share %u rows of a step evenly",
                    what, ranks, batch);
  if (batch % parts != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: %u parts cannot share %u rows of a step evenly",
                    what, parts, batch);
  if (parts > 1 && parts % ranks != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: %u ranks cannot share %u parts of a step evenly",
                    what, ranks, parts);
  return XD_OK;
}

xd_status xdi_ranks_go_on(xd_context *context, xd_status status) {
  float stopped = status == XD_OK ? 0.0f : 1.0f;
  if (context->reduce.ranks == 1)
    return status;
  const xd_status added = add_up(context, &stopped, 1);
  if (status != XD_OK || (added == XD_OK && stopped == 0.0f))
    return status;
  return added != XD_OK ? added : xdi_fail(context, XD_ERROR_CANCELLED, "another rank stopped the training");
}

xd_status xdi_ranks_agree(xd_context *context, uint32_t *flag) {
  float set = *flag ? 1.0f : 0.0f;
  if (context->reduce.ranks == 1)
    return XD_OK;
  const xd_status status = add_up(context, &set, 1);
  *flag = set > 0.0f;
  return status;
}

/* All that makes the training the one it is, and where it goes on. */
static xd_status digest_training(uint64_t *digest, const xdi_training *training) {
  xdi_bytes bytes = {.allocator = &training->context->allocator};
  xdi_fingerprint_put(&bytes, training);
  xdi_put_u32(&bytes, training->at.stage);
  xdi_put_u32(&bytes, training->at.trained);
  xdi_put_u32(&bytes, training->at.told);
  *digest = bytes.failed ? 0 : xdi_digest(bytes.data, bytes.size, 0);
  const bool failed = bytes.failed;
  xdi_bytes_release(&bytes);
  return failed ? xdi_fail_memory(training->context, "comparing ranks") : XD_OK;
}

xd_status xdi_ranks_compare(const xdi_training *training) {
  xd_context *context = training->context;
  const uint32_t rank = context->reduce.rank, ranks = context->reduce.ranks;
  uint64_t digest;
  float sums[PIECES];
  if (ranks == 1)
    return XD_OK;
  xd_status status = digest_training(&digest, training);
  for (uint32_t i = 0; status == XD_OK && i < PIECES; i++)
    sums[i] = (float)(digest >> 8 * i & 0xff);
  if (status == XD_OK)
    status = add_up(context, sums, PIECES);
  for (uint32_t i = 0; status == XD_OK && i < PIECES; i++)
    if (sums[i] != (float)ranks * (float)(digest >> 8 * i & 0xff))
      status = xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                        "rank %u of %u trains something else than the others: sets, options, backend or "
                        "checkpoint differ",
                        rank, ranks);
  return status;
}
