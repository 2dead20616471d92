/* Group normalisation layer (Wu and He, arXiv 1803.08494): groups of a picture's channels to mean 0 and deviation 1,
 * then a learned scale and shift of each channel, and an activation. It knows no batch, so that training and
 * translating compute the same. A scale that starts at 0 makes a residual branch start as nothing.
 * values: {groups, activation, 1: the scale starts at 0}. */
#include "layer/builtin.h"

static const float epsilon = 1e-5f;

typedef struct norm_state {
  uint32_t channels, groups, starts_at_zero;
  xd_activation activation;
} norm_state;

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  const uint32_t groups = spec->values[0], activation = spec->values[1], zero = spec->values[2];
  if (!xdi_activation_known(activation) || zero > 1 || !xdi_values_unused(spec, 3)) {
    *why = "a group_norm layer's values are its groups, an activation, and 1 if its scale starts at 0";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  if (groups == 0 || in->channels % groups != 0) {
    *why = "a group_norm layer's groups must divide the channels";
    return XD_ERROR_SHAPE_MISMATCH;
  }
  *(norm_state *)state = (norm_state){
      .channels = in->channels, .groups = groups, .starts_at_zero = zero, .activation = activation};
  *out = *in;
  return XD_OK;
}

static int parameter(const void *state, uint32_t index, xd_layer_parameter *out) {
  const norm_state *norm = state;
  if (index < 2)
    *out = (xd_layer_parameter){.name = index == 0 ? "scale" : "shift",
                                .shape = {norm->channels, 1, 1, 1},
                                .rank = 1,
                                .initial = index == 0 && !norm->starts_at_zero ? 1.0f : 0.0f};
  return index < 2;
}

static xd_activation activation(const void *state) {
  return ((const norm_state *)state)->activation;
}

static xd_group_norm make_call(const norm_state *norm, const xd_layer_io *io) {
  const size_t shift = xdi_device_room(norm->channels);
  return (xd_group_norm){.batch = io->batch,
                         .cells = io->in.height * io->in.width,
                         .channels = norm->channels,
                         .groups = norm->groups,
                         .epsilon = epsilon,
                         .activation = norm->activation,
                         .x_activation = io->x_activation,
                         .x = io->x,
                         .scale = io->parameters,
                         .shift = xdi_slice_after(io->parameters, shift),
                         .y = io->y,
                         .dy = io->dy,
                         .dx = io->dx,
                         .dscale = io->gradients,
                         .dshift = xdi_slice_after(io->gradients, shift)};
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  const xd_group_norm call = make_call(state, io);
  return io->table->group_norm_forward(io->backend, &call);
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  const xd_group_norm call = make_call(state, io);
  return io->dx.buffer || io->gradients.buffer ? io->table->group_norm_backward(io->backend, &call) : XD_OK;
}

const xd_layer_table xdi_group_norm_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('G', 'N', 'R', 'M'),
    .name = "group_norm",
    .state_size = sizeof(norm_state),
    .configure = configure,
    .parameter = parameter,
    .activation = activation,
    .forward = forward,
    .backward = backward,
};
