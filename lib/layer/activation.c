/* Activation layer: y = f(x), cell by cell. Convolutions and dense layers fuse theirs; this one stands
 * where there is none to fuse with. values: {activation}. */
#include "layer/builtin.h"
#include "tensor/shape.h"

typedef struct activation_state {
  xd_activation activation;
} activation_state;

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  if (!xdi_activation_known(spec->values[0]) || !xdi_values_unused(spec, 1)) {
    *why = "an activation layer's only value is an activation";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  ((activation_state *)state)->activation = spec->values[0];
  *out = *in;
  return XD_OK;
}

static xd_activation activation(const void *state) {
  return ((const activation_state *)state)->activation;
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  return io->table->activation_forward(io->backend, activation(state), io->x, io->y,
                                       io->batch * xdi_cells(io->in));
}

/* dy is the gradient before f already (the next layer multiplied by f'): only the previous layer's
 * derivative is left. */
static xd_status backward(const void *state, const xd_layer_io *io) {
  (void)state;
  if (!io->dx.buffer)
    return XD_OK;
  return io->table->activation_backward(io->backend, io->x_activation, io->x, io->dy, io->dx,
                                        io->batch * xdi_cells(io->in));
}

const xd_layer_table xdi_activation_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('A', 'C', 'T', 'V'),
    .name = "activation",
    .state_size = sizeof(activation_state),
    .configure = configure,
    .activation = activation,
    .forward = forward,
    .backward = backward,
};
