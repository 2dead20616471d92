/* Counter-based random numbers: Philox 4x32-10 (Salmon et al. 2011).
 *
 * A stream is (seed, stream); its i-th value depends on nothing else, so results never depend on
 * the order or the thread in which they are drawn. Key = seed; counter = (block index, stream).
 * Block b of a stream gives the four 32-bit words 4b .. 4b+3. Normals come in pairs by Box-Muller:
 * words 2k and 2k+1 give normals 2k (cosine) and 2k+1 (sine). */
#ifndef XDI_BASE_RANDOM_H
#define XDI_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The names of the streams: one for each use, so that none shares numbers with another. The high
 * half of a stream id is the use, the low half the caller's index (step, picture, layer). */
typedef enum xdi_stream {
  XDI_STREAM_INIT = 1,
  XDI_STREAM_SHUFFLE,
  XDI_STREAM_SUBSET,
  XDI_STREAM_SPLIT,
  XDI_STREAM_POSTERIOR,
  XDI_STREAM_CODES,
  XDI_STREAM_MAPPING_BATCH,
  XDI_STREAM_MAPPING_NOISE,
  XDI_STREAM_TRANSLATE,
  XDI_STREAM_AUGMENT,
  XDI_STREAM_DROPOUT,
  XDI_STREAM_SPECTRAL,
  XDI_STREAM_EVALUATE,
  XDI_STREAM_STAGE,
  XDI_STREAM_MIX
} xdi_stream;

static inline uint64_t xdi_stream_id(xdi_stream use, uint32_t index) {
  return ((uint64_t)use << 32) | index;
}

/* One block: counter c[4], key k[2]. */
void xdi_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Word i of the stream. */
uint32_t xdi_random_word(uint64_t seed, uint64_t stream, uint64_t index);

/* In [0, 1): word i / 2^32, with 24 bits kept. */
float xdi_random_uniform(uint64_t seed, uint64_t stream, uint64_t index);

/* In [0, bound), by multiplication (bias below 2^-32); bound > 0. */
uint32_t xdi_random_below(uint64_t seed, uint64_t stream, uint64_t index, uint32_t bound);

/* Standard normals first .. first+count-1 of the stream. */
void xdi_random_normals(float *to, size_t count, uint64_t seed, uint64_t stream, uint64_t first);

/* A permutation of 0 .. count-1 (Fisher-Yates). */
void xdi_random_permutation(uint32_t *to, uint32_t count, uint64_t seed, uint64_t stream);

#endif
