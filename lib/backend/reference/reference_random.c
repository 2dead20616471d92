/* Random kernels of the reference backend: normal numbers and dropout, both from the counter-based
 * generator of base/random.h, so that cell i depends on (seed, stream, first + i) alone. */
#include "base/random.h"

#include "backend/reference/reference.h"

xd_status xdi_reference_random_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed,
                                      uint64_t stream, uint64_t first) {
  (void)backend;
  xdi_random_normals(xdi_slice_host(to), count, seed, stream, first);
  return XD_OK;
}

/* The four words of the block that holds word `index`, all of which xdi_random_uniform would give one
 * at a time. */
static void draw_block(uint32_t words[4], uint64_t seed, uint64_t stream, uint64_t index) {
  const uint64_t block = index / 4;
  const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                               (uint32_t)(stream >> 32)};
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  xdi_philox(counter, key, words);
}

xd_status xdi_reference_dropout(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                                uint64_t seed, uint64_t stream, uint64_t first) {
  (void)backend;
  const float *source = xdi_slice_host(from);
  float *target = xdi_slice_host(to);
  const float scale = 1.0f / (1.0f - rate);
  uint32_t words[4];
  for (size_t i = 0; i < count; i++) {
    const uint64_t index = first + i;
    if (i == 0 || index % 4 == 0)
      draw_block(words, seed, stream, index);
    const float uniform = (float)(words[index % 4] >> 8) * 0x1p-24f;
    target[i] = uniform < rate ? 0.0f : source[i] * scale;
  }
  return XD_OK;
}
