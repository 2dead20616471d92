/* What the ranks of a shared training (xdomain/unstable/reduce.h) have to agree on, and each one's rows and
 * parts of them. */
#ifndef XDI_TRAIN_RANKS_H
#define XDI_TRAIN_RANKS_H

#include "train/training.h"

/* A rank's rows of a batch, and the first of them. */
static inline uint32_t xdi_rank_rows(const xd_context *context, uint32_t batch) {
  const uint32_t rows = batch / context->reduce.ranks;
  return rows > 0 ? rows : 1;
}
static inline uint32_t xdi_rank_first(const xd_context *context, uint32_t batch) {
  return context->reduce.rank * xdi_rank_rows(context, batch);
}

/* The parts of a batch that a rank computes one after another; `parts` are those of all, 1: one of each rank. */
static inline uint32_t xdi_rank_parts(const xd_context *context, uint32_t parts) {
  return parts > context->reduce.ranks ? parts / context->reduce.ranks : 1;
}

/* The most rows of one part. */
static inline uint32_t xdi_part_rows(uint32_t rows, uint32_t parts) {
  return (rows + parts - 1) / parts;
}

/* Whether the parts get as many rows each, and the ranks as many parts; `what` names the batch in the message. */
xd_status xdi_ranks_check_batch(xd_context *context, const char *what, uint32_t batch, uint32_t parts);

/* XD_ERROR_INVALID_ARGUMENT, on some rank at least, unless all ranks train the same, from the same place on. */
xd_status xdi_ranks_compare(const xdi_training *training);

/* The status of a rank after a step; where it is not XD_OK on one rank, all stop. */
xd_status xdi_ranks_go_on(xd_context *context, xd_status status);

/* Sets a flag, 0 or 1, on all ranks where one has set it. */
xd_status xdi_ranks_agree(xd_context *context, uint32_t *flag);

#endif
