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

xd_status xdi_reference_dropout(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                                uint64_t seed, uint64_t stream, uint64_t first) {
  (void)backend;
  const float *source = xdi_slice_host(from);
  float *target = xdi_slice_host(to);
  const float scale = 1.0f / (1.0f - rate);
  for (size_t i = 0; i < count; i++)
    target[i] = xdi_random_uniform(seed, stream, first + i) < rate ? 0.0f : source[i] * scale;
  return XD_OK;
}
