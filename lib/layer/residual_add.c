/* Residual sum (He et al., arXiv 1512.03385): y = f(x + r), r the output of an earlier layer of the same shape.
 * values: {how many layers back that one stands, activation}: 2 is the layer before the previous one; where the
 * count reaches the place before the first layer, r is the network's input. */
#include "layer/builtin.h"
#include "tensor/shape.h"

typedef struct sum_state {
  xd_shape other;
  xd_activation activation;
} sum_state;

static xd_status attach(void *state, const char **why, const xd_shape *other) {
  (void)why;
  ((sum_state *)state)->other = *other;
  return XD_OK;
}

/* A value of 0 would mean the network's input; 1 is refused for what it is. */
static uint32_t reach(const xd_layer_spec *spec) {
  return spec->values[0] > 1 ? spec->values[0] : 1;
}

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  sum_state *sum = state;
  if (!xdi_activation_known(spec->values[1]) || !xdi_values_unused(spec, 2)) {
    *why = "a residual_add layer's values are how far back it reaches and an activation, the others 0";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  if (!xdi_shape_equal(sum->other, *in)) {
    *why = "a residual_add layer's two operands must have one shape";
    return XD_ERROR_SHAPE_MISMATCH;
  }
  sum->activation = spec->values[1];
  *out = *in;
  return XD_OK;
}

static xd_activation activation(const void *state) {
  return ((const sum_state *)state)->activation;
}

static xd_residual make_call(const sum_state *sum, const xd_layer_io *io) {
  return (xd_residual){.count = io->batch * xdi_cells(io->in),
                       .activation = sum->activation,
                       .x_activation = io->x_activation,
                       .other_activation = io->other_activation,
                       .x = io->x,
                       .other = io->other,
                       .y = io->y,
                       .dy = io->dy,
                       .dx = io->dx,
                       .dother = io->dother};
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  const xd_residual call = make_call(state, io);
  return io->table->residual_forward(io->backend, &call);
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  const xd_residual call = make_call(state, io);
  return io->table->residual_backward(io->backend, &call);
}

const xd_layer_table xdi_residual_add_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('R', 'A', 'D', 'D'),
    .name = "residual_add",
    .state_size = sizeof(sum_state),
    .attach = attach,
    .reach = reach,
    .configure = configure,
    .activation = activation,
    .forward = forward,
    .backward = backward,
};
