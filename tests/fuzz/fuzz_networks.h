/* What is done to any network that a file gave: it is looked at as a program would, and run once; the
 * context's limits keep that cheap. */
#ifndef XD_TESTS_FUZZ_NETWORKS_H
#define XD_TESTS_FUZZ_NETWORKS_H

#include <math.h>

#include "fuzz.h"

static inline void look_at_network(const fuzz_surroundings *with, const xd_network *network) {
  size_t total = 0;
  demand(xd_network_is_frozen(network));
  for (uint32_t i = 0; i < xd_network_tensor_count(network); i++) {
    xd_tensor tensor = XD_TENSOR_INIT;
    demand(xd_network_tensor(network, i, &tensor) == XD_OK && is_clean(tensor.name));
    float *numbers = malloc(tensor.count * sizeof *numbers);
    demand(numbers != NULL);
    demand(xd_network_get(network, with->context, numbers, tensor.name, tensor.count) == XD_OK);
    for (size_t k = 0; k < tensor.count; k++)
      demand(isfinite(numbers[k]));
    free(numbers);
    total += tensor.count;
  }
  demand(total == xd_network_parameter_count(network));
  for (uint32_t i = 0; i < xd_network_layer_count(network); i++) {
    xd_layer_spec spec;
    demand(xd_network_layer(network, i, &spec) == XD_OK);
  }
}

static inline size_t cells_of(const xd_shape *shape) {
  return (size_t)shape->width * shape->height * shape->channels;
}

/* `count` pictures or codes with numbers in 0..1; the caller frees them. */
static inline float *new_cells(size_t count) {
  float *cells = malloc((count ? count : 1) * sizeof *cells);
  demand(cells != NULL);
  for (size_t i = 0; i < count; i++)
    cells[i] = (float)(i % 17) / 16.0f;
  return cells;
}

/* A result is a number, or the call has failed. */
static inline void check_cells(xd_status status, const float *cells, size_t count) {
  demand(status != XD_ERROR_INTERNAL);
  for (size_t i = 0; status == XD_OK && i < count; i++)
    demand(isfinite(cells[i]));
}

#endif
