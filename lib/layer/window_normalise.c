/* Window normalisation: each picture to one deviation, and a mean for each channel, under a Gaussian
 * window at its centre, so that neither light nor contrast tells pictures apart. It stands at the start of
 * an encoder and has no gradient. values: {sigma in thousandths of the larger side}. */
#include "layer/window_normalise.h"

#include <math.h>

#define CHANNEL_LIMIT 4

static void fill_profile(float *to, uint32_t side, double sigma) {
  for (uint32_t i = 0; i < side; i++) {
    const double distance = ((double)i - 0.5 * (double)(side - 1)) / sigma;
    to[i] = (float)exp(-0.5 * distance * distance);
  }
}

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  xdi_window *window = state;
  if (spec->values[0] < XDI_WINDOW_MIN || spec->values[0] > XDI_WINDOW_MAX || !xdi_values_unused(spec, 1)) {
    *why = "a window_normalise layer's only value is its window's sigma, 50 to 10000 thousandths of a side";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  if (in->height > XDI_WINDOW_SIDE_MAX || in->width > XDI_WINDOW_SIDE_MAX || in->channels > CHANNEL_LIMIT) {
    *why = "a window_normalise layer takes pictures of at most 256 x 256 x 4";
    return XD_ERROR_SHAPE_MISMATCH;
  }
  const double sigma = spec->values[0] / 1000.0 * (in->height > in->width ? in->height : in->width);
  fill_profile(window->vertical, in->height, sigma);
  fill_profile(window->horizontal, in->width, sigma);
  *out = *in;
  return XD_OK;
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  const xdi_window *window = state;
  const xd_window_normalise args = {.batch = io->batch,
                                    .height = io->in.height,
                                    .width = io->in.width,
                                    .channels = io->in.channels,
                                    .vertical = window->vertical,
                                    .horizontal = window->horizontal,
                                    .x = io->x,
                                    .y = io->y};
  return io->table->window_normalise(io->backend, &args);
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  (void)state;
  return io->dx.buffer ? XD_ERROR_UNSUPPORTED : XD_OK;
}

const xdi_window *xdi_window_of(const xd_network *network) {
  const xdi_layer *first = network->layer_count > 0 ? &network->layers[0] : NULL;
  return first && first->table == &xdi_window_normalise_layer ? first->state : NULL;
}

const xd_layer_table xdi_window_normalise_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XDI_WINDOW_TAG,
    .name = "window_normalise",
    .properties = XD_LAYER_LEADING,
    .state_size = sizeof(xdi_window),
    .configure = configure,
    .forward = forward,
    .backward = backward,
};
