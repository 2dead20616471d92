/* Linear skip: y = f(x + u W + b), u the network's input flattened, x and y of one shape: what a network
 * computes beside a linear map of its input (a shortcut connection with a projection, He et al., arXiv
 * 1512.03385, section 3.2). All zeros at the start: the network without it. values: {activation}. */
#include "base/memory.h"
#include "layer/builtin.h"
#include "tensor/shape.h"

typedef struct skip_state {
  uint32_t inputs, outputs;
  xd_activation activation;
} skip_state;

static xd_status attach(void *state, const char **why, const xd_shape *network_input) {
  size_t inputs;
  if (!xdi_shape_count(*network_input, 1, &inputs) || inputs > XDI_FLOAT_LIMIT) {
    *why = "a linear skip needs a network's input of 1 to 2^28 cells";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  ((skip_state *)state)->inputs = (uint32_t)inputs;
  return XD_OK;
}

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  skip_state *skip = state;
  size_t outputs, weights;
  if (!xdi_activation_known(spec->values[0]) || !xdi_values_unused(spec, 1)) {
    *why = "a linear skip's only value is an activation";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  if (!xdi_shape_count(*in, 1, &outputs) || !xdi_multiply(skip->inputs, outputs, &weights) ||
      weights > XDI_FLOAT_LIMIT) {
    *why = "a linear skip needs 1 to 2^28 weights";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  skip->outputs = (uint32_t)outputs;
  skip->activation = spec->values[0];
  *out = *in;
  return XD_OK;
}

static int parameter(const void *state, uint32_t index, xd_layer_parameter *out) {
  const skip_state *skip = state;
  if (index == 0)
    *out = (xd_layer_parameter){.name = "weights", .shape = {skip->inputs, skip->outputs, 1, 1}, .rank = 2};
  else if (index == 1)
    *out = (xd_layer_parameter){.name = "bias", .shape = {skip->outputs, 1, 1, 1}, .rank = 1};
  return index < 2;
}

static xd_activation activation(const void *state) {
  return ((const skip_state *)state)->activation;
}

/* u W + b alone: x and f are added by the passes. */
static xd_dense make_call(const skip_state *skip, const xd_layer_io *io) {
  const size_t bias = xdi_device_room((size_t)skip->inputs * skip->outputs);
  return (xd_dense){.rows = io->batch,
                    .inputs = skip->inputs,
                    .outputs = skip->outputs,
                    .x = io->other,
                    .weights = io->parameters,
                    .bias = xdi_slice_after(io->parameters, bias),
                    .y = io->y,
                    .dy = io->dy,
                    .dx = io->dother,
                    .dweights = io->gradients,
                    .dbias = xdi_slice_after(io->gradients, bias),
                    .prepared = io->prepared};
}

static xd_status prepare(const void *state, xd_prepared **out, const xd_layer_io *io) {
  const xd_dense call = make_call(state, io);
  *out = NULL;
  return io->table->dense_prepare ? io->table->dense_prepare(io->backend, out, &call) : XD_OK;
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  const xd_dense call = make_call(state, io);
  const size_t cells = io->batch * xdi_cells(io->out);
  xd_status status = io->table->dense_forward(io->backend, &call);
  if (status == XD_OK)
    status = io->table->scale_add(io->backend, 1.0f, io->x, 1.0f, io->y, cells);
  if (status == XD_OK && activation(state) != XD_ACTIVATION_IDENTITY)
    status = io->table->activation_forward(io->backend, activation(state), io->y, io->y, cells);
  return status;
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  const xd_dense call = make_call(state, io);
  xd_status status = XD_OK;
  if (io->gradients.buffer)
    status = io->table->dense_backward_weights(io->backend, &call);
  if (status == XD_OK && io->dother.buffer)
    status = io->table->dense_backward_data(io->backend, &call);
  if (status == XD_OK && io->dx.buffer)
    status = io->table->activation_backward(io->backend, io->x_activation, io->x, io->dy, io->dx,
                                            io->batch * xdi_cells(io->in));
  return status;
}

const xd_layer_table xdi_linear_skip_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('L', 'S', 'K', 'P'),
    .name = "linear_skip",
    .properties = XD_LAYER_LINEAR,
    .state_size = sizeof(skip_state),
    .attach = attach,
    .configure = configure,
    .parameter = parameter,
    .activation = activation,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
