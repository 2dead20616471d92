/* The bytes of model and judge files: chunks found by their tags, and checksums made right again after a change.
 * Include it after support.h. */
#ifndef XD_TESTS_FILE_BYTES_H
#define XD_TESTS_FILE_BYTES_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "format/wire.h"

/* Makes the header's checksum right again after a field was changed. */
static inline void reseal(unsigned char *data) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, data, 56);
  XXH3_64bits_update(&state, data + 64, xdi_at_u32(data + 20) * (size_t)40);
  xdi_set_u64(data + 56, XXH3_64bits_digest(&state));
}

/* The table entry of the chunk with that tag. */
static inline unsigned char *entry_of(unsigned char *data, const char *tag) {
  for (uint32_t i = 0; i < xdi_at_u32(data + 20); i++)
    if (!memcmp(data + 64 + 40 * i, tag, 4))
      return data + 64 + 40 * i;
  ck_abort_msg("no chunk %s", tag);
  return NULL;
}

/* Makes a chunk's checksum, then the header's, right again. */
static inline void reseal_chunk(unsigned char *data, const char *tag) {
  unsigned char *entry = entry_of(data, tag);
  xdi_set_u64(entry + 32, XXH3_64bits(data + xdi_at_u64(entry + 16), (size_t)xdi_at_u64(entry + 24)));
  reseal(data);
}

/* The first byte of that chunk. */
static inline unsigned char *chunk_of(unsigned char *data, const char *tag) {
  return data + xdi_at_u64(entry_of(data, tag) + 16);
}

#endif
