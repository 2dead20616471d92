/* Digests of data that a file only names. */
#include "format/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t xdi_digest(const void *data, size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(data, size, seed);
}
