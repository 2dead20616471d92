/* Seeds of the parts of a whole, from the one that the caller gave. */
#ifndef XDI_BASE_SEEDS_H
#define XDI_BASE_SEEDS_H

#include "base/random.h"

typedef enum xdi_seed_part {
  XDI_SEED_ENCODER = 1,
  XDI_SEED_DECODER,
  XDI_SEED_GENERATOR,
  XDI_SEED_DISCRIMINATOR,
  XDI_SEED_VAE1,
  XDI_SEED_VAE2,
  XDI_SEED_CODES1,
  XDI_SEED_CODES2,
  XDI_SEED_MAPPING_1TO2,
  XDI_SEED_MAPPING_2TO1,
  XDI_SEED_VALIDATION,
  XDI_SEED_PROBE,
  XDI_SEED_SPREAD,
  XDI_SEED_VARIETY,
  XDI_SEED_CRITIC
} xdi_seed_part;

/* Seeds of different parts, or of the same part of different seeds, share no random numbers. */
static inline uint64_t xdi_seed_of(uint64_t seed, xdi_seed_part part) {
  const uint64_t stream = xdi_stream_id(XDI_STREAM_STAGE, (uint32_t)part);
  return (uint64_t)xdi_random_word(seed, stream, 0) << 32 | xdi_random_word(seed, stream, 1);
}

#endif
