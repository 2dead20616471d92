/* Dropout layer (Srivastava et al. 2014, inverted): while training each cell is 0 with a probability, the
 * others are scaled up to keep the mean; in inference y = x. The mask is drawn anew from the call's seed
 * and stream in the backward pass, so it is never stored. values: {rate in millionths}. */
#include "layer/builtin.h"
#include "tensor/shape.h"

#define MILLION 1000000u

typedef struct dropout_state {
  float rate;
} dropout_state;

static xd_status configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                           const xd_shape *in) {
  if (spec->values[0] >= MILLION || !xdi_values_unused(spec, 1)) {
    *why = "a dropout layer's only value is its rate, below 1000000 millionths";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  ((dropout_state *)state)->rate = (float)((double)spec->values[0] / MILLION);
  *out = *in;
  return XD_OK;
}

/* Drops cells of a batch, or copies it when nothing is to be dropped. */
static xd_status drop(const dropout_state *dropout, const xd_layer_io *io, xd_slice from, xd_slice to) {
  const size_t cells = xdi_cells(io->in);
  if (io->training && dropout->rate > 0)
    return io->table->dropout(io->backend, from, to, io->batch * cells, dropout->rate, io->seed, io->stream,
                              0);
  return io->table->copy_columns(io->backend, to, (uint32_t)cells, from, (uint32_t)cells, io->batch,
                                 (uint32_t)cells);
}

static xd_status forward(const void *state, const xd_layer_io *io) {
  return drop(state, io, io->x, io->y);
}

/* The next layer took y as an identity's output; the previous layer's derivative is still to come. */
static xd_status backward(const void *state, const xd_layer_io *io) {
  if (!io->dx.buffer)
    return XD_OK;
  const xd_status status = drop(state, io, io->dy, io->dx);
  if (status != XD_OK || io->x_activation == XD_ACTIVATION_IDENTITY)
    return status;
  return io->table->activation_backward(io->backend, io->x_activation, io->x, io->dx, io->dx,
                                        io->batch * xdi_cells(io->in));
}

const xd_layer_table xdi_dropout_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = XD_TAG('D', 'R', 'O', 'P'),
    .name = "dropout",
    .state_size = sizeof(dropout_state),
    .configure = configure,
    .forward = forward,
    .backward = backward,
};
