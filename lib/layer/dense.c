/* Dense layer: y = f(x W + b), its input flattened whatever its shape, its output of any shape.
 * values: {height, width, channels of the output, activation}. */
#include "base/memory.h"
#include "layer/builtin.h"
#include "tensor/shape.h"

typedef struct dense_state {
  uint32_t inputs, outputs;
  xd_activation activation;
} dense_state;

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  dense_state *dense = state;
  const xd_shape shape = {.width = spec->values[1], .height = spec->values[0], .channels = spec->values[2]};
  size_t inputs, outputs, weights;
  if (!xdi_activation_known(spec->values[3]) || !xdi_values_unused(spec, 4)) {
    *why = "a dense layer's values are height, width, channels and an activation, the others 0";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  if (!xdi_shape_count(*in, 1, &inputs) || !xdi_shape_count(shape, 1, &outputs) ||
      !xdi_multiply(inputs, outputs, &weights) || weights > XDI_FLOAT_LIMIT) {
    *why = "a dense layer needs 1 to 2^28 weights";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  *dense = (dense_state){(uint32_t)inputs, (uint32_t)outputs, spec->values[3]};
  *out = shape;
  return XD_OK;
}

static int parameter(const void *state, uint32_t index, xd_layer_parameter *out) {
  const dense_state *dense = state;
  if (index == 0)
    *out = (xd_layer_parameter){.name = "weights",
                                .shape = {dense->inputs, dense->outputs, 1, 1},
                                .rank = 2,
                                .fan_in = dense->inputs,
                                .fan_out = dense->outputs};
  else if (index == 1)
    *out = (xd_layer_parameter){.name = "bias", .shape = {dense->outputs, 1, 1, 1}, .rank = 1};
  return index < 2;
}

static xd_activation activation(const void *state) {
  return ((const dense_state *)state)->activation;
}

static xd_dense make_call(const dense_state *dense, const xd_layer_io *io) {
  const size_t bias = xdi_device_room((size_t)dense->inputs * dense->outputs);
  return (xd_dense){.rows = io->batch,
                    .inputs = dense->inputs,
                    .outputs = dense->outputs,
                    .sigma = io->sigma,
                    .activation = dense->activation,
                    .x_activation = io->x_activation,
                    .x = io->x,
                    .weights = io->parameters,
                    .bias = xdi_slice_after(io->parameters, bias),
                    .y = io->y,
                    .dy = io->dy,
                    .dx = io->dx,
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
  return io->table->dense_forward(io->backend, &call);
}

static xd_status backward(const void *state, const xd_layer_io *io) {
  const xd_dense call = make_call(state, io);
  xd_status status = XD_OK;
  if (io->gradients.buffer && io->dx.buffer && io->table->dense_backward)
    return io->table->dense_backward(io->backend, &call);
  if (io->gradients.buffer)
    status = io->table->dense_backward_weights(io->backend, &call);
  if (status == XD_OK && io->dx.buffer)
    status = io->table->dense_backward_data(io->backend, &call);
  return status;
}

const xd_layer_table xdi_dense_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('D', 'N', 'S', 'E'),
    .name = "dense",
    .properties = XD_LAYER_LINEAR | XD_LAYER_SPECTRAL,
    .state_size = sizeof(dense_state),
    .configure = configure,
    .parameter = parameter,
    .activation = activation,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
