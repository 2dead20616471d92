/* Checks of a layer's values that the built-in layers share. */
#include "layer/builtin.h"

bool xdi_activation_known(uint32_t value) {
  return value <= XD_ACTIVATION_TANH;
}

bool xdi_values_unused(const xd_layer_spec *spec, uint32_t first) {
  for (uint32_t i = first; i < sizeof spec->values / sizeof *spec->values; i++)
    if (spec->values[i] != 0)
      return false;
  return true;
}
