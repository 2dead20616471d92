/* Digests of data that a file only names. */
#include "format/digest.h"

#include <string.h>

#include "format/wire.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define PIECE 256 /* words */

uint64_t xdi_digest(const void *data, size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(data, size, seed);
}

uint64_t xdi_digest_words(const void *words, size_t count, uint64_t seed) {
  XXH3_state_t state;
  XXH3_INITSTATE(&state); /* resetting looks at its seed and secret */
  XXH3_64bits_reset_withSeed(&state, seed);
  for (size_t piece; count; count -= piece) {
    unsigned char bytes[4 * PIECE];
    piece = count < PIECE ? count : PIECE;
    for (size_t i = 0; i < piece; i++) {
      uint32_t word;
      memcpy(&word, (const unsigned char *)words + 4 * i, sizeof word);
      xdi_set_u32(bytes + 4 * i, word);
    }
    XXH3_64bits_update(&state, bytes, 4 * piece);
    words = (const unsigned char *)words + 4 * piece;
  }
  return XXH3_64bits_digest(&state);
}
