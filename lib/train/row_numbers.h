/* The random numbers of one row of a step, so that rows can be made by any thread. */
#ifndef XDI_TRAIN_ROW_NUMBERS_H
#define XDI_TRAIN_ROW_NUMBERS_H

#include "base/random.h"

typedef struct xdi_row_numbers {
  uint64_t seed, stream, first;
} xdi_row_numbers;

static inline uint32_t xdi_row_below(const xdi_row_numbers *row, uint32_t which, uint32_t bound) {
  return xdi_random_below(row->seed, row->stream, row->first + which, bound);
}

static inline float xdi_row_uniform(const xdi_row_numbers *row, uint32_t which) {
  return xdi_random_uniform(row->seed, row->stream, row->first + which);
}

#endif
