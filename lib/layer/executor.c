/* Executors: the plan of a network's memory on a backend, made once, and the runs over it.
 *
 * Only layers that compute are steps; the others rename shapes in place. Inference alternates between two
 * regions of one buffer; training keeps each step's output, and sends gradients through two regions of
 * another buffer, from the end of the network to its start. Where a layer reads the network's input, that
 * input has a region of its own, and what the layer adds to its gradient is summed up at the end. Behind a
 * window at the network's start such layers read what the window makes of the input, which has no
 * gradient. */
#include "layer/executor.h"

#include "base/memory.h"
#include "layer/builtin.h"
#include "layer/window_normalise.h"
#include "tensor/shape.h"

typedef struct step {
  const xdi_layer *layer;
  uint32_t index; /* of the layer */
  xd_activation x_activation;
  float sigma; /* see xdi_executor_normalise */
  xd_slice x, y, dx, dy;
  xd_slice dinput; /* training: of a layer that reads the network's input */
  xd_prepared *prepared;
} step;

struct xdi_executor {
  xd_context *context;
  const xd_network *network;
  xdi_executor_mode mode;
  uint32_t max_batch, step_count;
  step *steps;
  xd_slice input, read_input, output, last_input, input_gradient, output_gradient;
  xd_buffer *parameters, *gradients; /* NULL in a network without any */
  xd_buffer *activations, *deltas;
  xd_buffer *input_deltas; /* NULL: no layer reads the network's input */
  /* Of the last forward call, for the backward call that belongs to it. */
  bool dropping;
  uint64_t seed, stream;
};

/* ---- the plan ---- */

/* Floats of max_batch rows of `cells`, rounded up so that the next region is aligned. */
static bool region_size(const xdi_executor *executor, size_t cells, size_t *out) {
  size_t count;
  if (!xdi_multiply(cells, executor->max_batch, &count) || count > SIZE_MAX - XDI_DEVICE_LINE)
    return false;
  *out = xdi_device_room(count);
  return true;
}

/* Cells of a row of what stands before step `place`, or of the output when there is no such step. */
static size_t cells_at(const xdi_executor *executor, uint32_t place) {
  return xdi_cells(place == 0 ? executor->network->input : executor->steps[place - 1].layer->out);
}

static bool reads_input(const step *at) {
  return at->layer->table->attach != NULL;
}

/* Where what such steps read stands: as input, or behind the window. */
static uint32_t read_place(const xdi_executor *executor) {
  return xdi_window_of(executor->network) ? 1 : 0;
}

/* Steps that read the network's input besides their own. */
static uint32_t count_readers(const xdi_executor *executor) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < executor->step_count; i++)
    count += reads_input(&executor->steps[i]);
  return count;
}

/* Two regions that the places 0 .. step_count share in turn, counted from the start or from the end; from
 * the start, an input that is read later has a third. */
static xd_status share_regions(xdi_executor *executor, xd_slice *places, bool from_end, xd_buffer **buffer,
                               const char *what) {
  const bool apart = !from_end && count_readers(executor) > 0;
  size_t sizes[3] = {0, 0, 0}, total;
  for (uint32_t place = 0; place <= executor->step_count; place++) {
    const uint32_t turn = (from_end ? executor->step_count - place : place) % 2;
    const uint32_t region = apart && place == read_place(executor) ? 2 : turn;
    size_t size;
    if (!region_size(executor, cells_at(executor, place), &size))
      return xdi_fail(executor->context, XD_ERROR_TOO_LARGE, "a batch of %u is too large for %s",
                      executor->max_batch, what);
    if (size > sizes[region])
      sizes[region] = size;
    places[place].offset = region;
  }
  if (!xdi_add(sizes[0], sizes[1], &total) || !xdi_add(total, sizes[2], &total))
    return xdi_fail(executor->context, XD_ERROR_TOO_LARGE, "a batch of %u is too large for %s",
                    executor->max_batch, what);
  const size_t starts[3] = {0, sizes[0], sizes[0] + sizes[1]};
  const xd_status status = xdi_device_create(executor->context, buffer, total);
  for (uint32_t place = 0; place <= executor->step_count; place++)
    places[place] = (xd_slice){*buffer, starts[places[place].offset]};
  return status;
}

/* A region for each place. */
static xd_status keep_regions(xdi_executor *executor, xd_slice *places, xd_buffer **buffer,
                              const char *what) {
  size_t total = 0, size;
  for (uint32_t place = 0; place <= executor->step_count; place++) {
    places[place].offset = total;
    if (!region_size(executor, cells_at(executor, place), &size) || !xdi_add(total, size, &total))
      return xdi_fail(executor->context, XD_ERROR_TOO_LARGE, "a batch of %u is too large for %s",
                      executor->max_batch, what);
  }
  const xd_status status = xdi_device_create(executor->context, buffer, total);
  for (uint32_t place = 0; place <= executor->step_count; place++)
    places[place].buffer = *buffer;
  return status;
}

static xd_status plan_activations(xdi_executor *executor) {
  xd_slice places[XDI_LAYER_LIMIT + 1] = {{NULL, 0}};
  const char *what = "a network's activations";
  const xd_status status = executor->mode == XDI_TRAINING
                               ? keep_regions(executor, places, &executor->activations, what)
                               : share_regions(executor, places, false, &executor->activations, what);
  if (status != XD_OK)
    return status;
  for (uint32_t i = 0; i < executor->step_count; i++) {
    executor->steps[i].x = places[i];
    executor->steps[i].y = places[i + 1];
  }
  executor->input = places[0];
  executor->read_input = places[read_place(executor)];
  executor->output = places[executor->step_count];
  executor->last_input = places[executor->step_count > 0 ? executor->step_count - 1 : 0];
  return XD_OK;
}

static xd_status plan_deltas(xdi_executor *executor) {
  xd_slice places[XDI_LAYER_LIMIT + 1] = {{NULL, 0}};
  const xd_status status = share_regions(executor, places, true, &executor->deltas, "a network's gradients");
  if (status != XD_OK)
    return status;
  for (uint32_t i = 0; i < executor->step_count; i++) {
    executor->steps[i].dx = places[i];
    executor->steps[i].dy = places[i + 1];
  }
  executor->input_gradient = places[0];
  executor->output_gradient = places[executor->step_count];
  return XD_OK;
}

/* A region for each reader of the network's input. */
static xd_status plan_input_deltas(xdi_executor *executor) {
  const uint32_t readers = count_readers(executor);
  size_t size, total;
  if (readers == 0)
    return XD_OK;
  if (!region_size(executor, cells_at(executor, 0), &size) || !xdi_multiply(size, readers, &total))
    return xdi_fail(executor->context, XD_ERROR_TOO_LARGE, "a batch of %u is too large for a network's skips",
                    executor->max_batch);
  const xd_status status = xdi_device_create(executor->context, &executor->input_deltas, total);
  for (uint32_t i = 0, reader = 0; i < executor->step_count; i++)
    if (reads_input(&executor->steps[i]))
      executor->steps[i].dinput = (xd_slice){executor->input_deltas, reader++ * size};
  return status;
}

static xd_status plan_steps(xdi_executor *executor) {
  const xd_network *network = executor->network;
  executor->steps =
      xdi_allocate_zeroed(&executor->context->allocator, network->layer_count, sizeof *executor->steps);
  if (!executor->steps)
    return xdi_fail_memory(executor->context, "planning a network's steps");
  for (uint32_t i = 0; i < network->layer_count; i++) {
    if (!network->layers[i].table->forward)
      continue;
    step *next = &executor->steps[executor->step_count++];
    next->layer = &network->layers[i];
    next->index = i;
    next->x_activation = i > 0 ? network->layers[i - 1].activation : XD_ACTIVATION_IDENTITY;
  }
  return XD_OK;
}

/* ---- one step ---- */

static xd_status report(const xdi_executor *executor, const step *at, const char *what, xd_status status) {
  if (status == XD_OK)
    return XD_OK;
  return xdi_fail(executor->context, status, "layer %u (%s) failed in its %s on backend \"%s\": %s",
                  at->index, at->layer->table->name, what, executor->context->table.name,
                  xd_status_text(status));
}

static xd_slice layer_part(xd_buffer *buffer, const xdi_layer *layer) {
  return layer->count > 0 ? (xd_slice){buffer, layer->offset} : (xd_slice){NULL, 0};
}

static xd_layer_io make_io(const xdi_executor *executor, const step *at, uint32_t batch) {
  return (xd_layer_io){.table = &executor->context->table,
                       .backend = executor->context->backend,
                       .batch = batch,
                       .in = at->layer->in,
                       .out = at->layer->out,
                       .x = at->x,
                       .y = at->y,
                       .input_shape = executor->network->input,
                       .input = reads_input(at) ? executor->read_input : (xd_slice){NULL, 0},
                       .x_activation = at->x_activation,
                       .parameters = layer_part(executor->parameters, at->layer),
                       .sigma = at->sigma,
                       .prepared = at->prepared,
                       .training = executor->dropping,
                       .seed = executor->seed,
                       .stream = executor->stream + at->index};
}

static xd_status prepare_steps(xdi_executor *executor) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < executor->step_count && status == XD_OK; i++) {
    step *at = &executor->steps[i];
    if (!at->layer->table->prepare)
      continue;
    const xd_layer_io io = make_io(executor, at, executor->max_batch);
    status =
        report(executor, at, "preparation", at->layer->table->prepare(at->layer->state, &at->prepared, &io));
  }
  return status;
}

/* ---- life ---- */

/* Inference only reads the parameters, so the backend may do so where they are. */
static xd_status take_parameters(xdi_executor *executor) {
  const xd_network *network = executor->network;
  xd_context *context = executor->context;
  if (network->block_count == 0)
    return XD_OK;
  if (executor->mode == XDI_INFERENCE)
    return xdi_device_wrap(context, &executor->parameters, network->block, network->block_count);
  xd_status status = xdi_device_create(context, &executor->parameters, network->block_count);
  if (status == XD_OK)
    status = xdi_device_create(context, &executor->gradients, network->block_count);
  if (status == XD_OK)
    status =
        xdi_device_write(context, xdi_executor_parameters(executor), network->block, network->block_count);
  return status;
}

static xd_status fill(xdi_executor *executor) {
  xd_status status = plan_steps(executor);
  if (status == XD_OK)
    status = plan_activations(executor);
  if (status == XD_OK && executor->mode == XDI_TRAINING)
    status = plan_deltas(executor);
  if (status == XD_OK && executor->mode == XDI_TRAINING)
    status = plan_input_deltas(executor);
  if (status == XD_OK)
    status = take_parameters(executor);
  if (status == XD_OK && executor->mode == XDI_INFERENCE)
    status = prepare_steps(executor);
  return status;
}

xd_status xdi_executor_create(xdi_executor **out, xd_context *context, const xd_network *network,
                              uint32_t max_batch, xdi_executor_mode mode) {
  *out = NULL;
  if (max_batch == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "a network cannot run on batches of 0");
  xdi_executor *executor = xdi_allocate_zeroed(&context->allocator, 1, sizeof *executor);
  if (!executor)
    return xdi_fail_memory(context, "preparing a network to run");
  executor->context = context;
  executor->network = xdi_network_retain(network);
  executor->mode = mode;
  executor->max_batch = max_batch;
  const xd_status status = fill(executor);
  if (status == XD_OK)
    *out = executor;
  else
    xdi_executor_destroy(executor);
  return status;
}

void xdi_executor_destroy(xdi_executor *executor) {
  if (!executor)
    return;
  xd_context *context = executor->context;
  xd_buffer *const buffers[] = {executor->parameters, executor->gradients, executor->activations,
                                executor->deltas, executor->input_deltas};
  for (uint32_t i = 0; i < executor->step_count; i++)
    if (executor->steps[i].prepared && context->table.prepared_destroy)
      context->table.prepared_destroy(context->backend, executor->steps[i].prepared);
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
    xdi_device_destroy(context, buffers[i]);
  xdi_network_release(executor->network);
  xdi_release(&context->allocator, executor->steps);
  xdi_release(&context->allocator, executor);
}

/* ---- runs ---- */

static xd_status check_batch(const xdi_executor *executor, uint32_t batch) {
  if (batch >= 1 && batch <= executor->max_batch)
    return XD_OK;
  return xdi_fail(executor->context, XD_ERROR_INVALID_ARGUMENT,
                  "a network prepared for batches of 1 to %u cannot run on %u", executor->max_batch, batch);
}

xd_status xdi_executor_forward(xdi_executor *executor, uint32_t batch, bool drop, uint64_t seed,
                               uint64_t stream) {
  xd_status status = check_batch(executor, batch);
  executor->dropping = drop && executor->mode == XDI_TRAINING;
  executor->seed = seed;
  executor->stream = stream;
  for (uint32_t i = 0; i < executor->step_count && status == XD_OK; i++) {
    const step *at = &executor->steps[i];
    const xd_layer_io io = make_io(executor, at, batch);
    status = report(executor, at, "forward pass", at->layer->table->forward(at->layer->state, &io));
  }
  return status;
}

/* The first step whose backward pass is of use to anyone. */
static uint32_t lowest_step(const xdi_executor *executor, bool want_parameters, bool want_input) {
  uint32_t lowest = 0;
  if (want_input)
    return 0;
  while (lowest < executor->step_count && !(want_parameters && executor->steps[lowest].layer->count > 0))
    lowest++;
  return lowest;
}

/* The skips' shares of the input's gradient join the first step's. */
static xd_status add_input_gradients(const xdi_executor *executor, uint32_t batch) {
  const size_t cells = batch * cells_at(executor, 0);
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < executor->step_count && status == XD_OK; i++) {
    const step *at = &executor->steps[i];
    if (reads_input(at))
      status = report(executor, at, "backward pass",
                      executor->context->table.scale_add(executor->context->backend, 1.0f, at->dinput, 1.0f,
                                                         executor->input_gradient, cells));
  }
  return status;
}

xd_status xdi_executor_backward(xdi_executor *executor, uint32_t batch, bool want_parameters,
                                bool want_input) {
  if (executor->mode != XDI_TRAINING)
    return xdi_fail(executor->context, XD_ERROR_INVALID_ARGUMENT,
                    "a network prepared for inference has no backward pass");
  const uint32_t lowest = lowest_step(executor, want_parameters, want_input);
  xd_status status = check_batch(executor, batch);
  for (uint32_t i = executor->step_count; i > lowest && status == XD_OK; i--) {
    const step *at = &executor->steps[i - 1];
    xd_layer_io io = make_io(executor, at, batch);
    io.dy = at->dy;
    if (want_input || i - 1 > lowest)
      io.dx = at->dx;
    if (want_input)
      io.dinput = at->dinput;
    if (want_parameters)
      io.gradients = layer_part(executor->gradients, at->layer);
    status = report(executor, at, "backward pass", at->layer->table->backward(at->layer->state, &io));
  }
  if (status == XD_OK && want_input)
    status = add_input_gradients(executor, batch);
  return status;
}

xd_slice xdi_executor_input(const xdi_executor *executor) {
  return executor->input;
}

xd_slice xdi_executor_output(const xdi_executor *executor) {
  return executor->output;
}

xd_slice xdi_executor_last_input(const xdi_executor *executor) {
  return executor->last_input;
}

xd_slice xdi_executor_output_gradient(const xdi_executor *executor) {
  return executor->output_gradient;
}

xd_slice xdi_executor_input_gradient(const xdi_executor *executor) {
  return executor->input_gradient;
}

/* ---- parameters ---- */

void xdi_executor_normalise(xdi_executor *executor, uint32_t index, double sigma) {
  for (uint32_t i = 0; i < executor->step_count; i++)
    if (executor->steps[i].index == index)
      executor->steps[i].sigma = (float)sigma;
}

xd_slice xdi_executor_parameters(const xdi_executor *executor) {
  return (xd_slice){executor->parameters, 0};
}

xd_slice xdi_executor_gradients(const xdi_executor *executor) {
  return (xd_slice){executor->gradients, 0};
}

static xd_status check_layers(const xdi_executor *executor, const xd_network *other) {
  if (xdi_network_same_layers(executor->network, other))
    return XD_OK;
  return xdi_fail(executor->context, XD_ERROR_SHAPE_MISMATCH,
                  "parameters cannot be copied between networks of other layers");
}

xd_status xdi_executor_read_parameters(const xdi_executor *executor, xd_network *to) {
  const xd_status status = check_layers(executor, to);
  if (status != XD_OK || to->block_count == 0)
    return status;
  if (xd_network_is_frozen(to))
    return xdi_fail(executor->context, XD_ERROR_UNSUPPORTED,
                    "parameters cannot be copied into a frozen network");
  return xdi_device_read(executor->context, to->block, xdi_executor_parameters(executor), to->block_count);
}

xd_status xdi_executor_write_parameters(xdi_executor *executor, const xd_network *from) {
  const xd_status status = check_layers(executor, from);
  if (status != XD_OK || from->block_count == 0)
    return status;
  if (executor->mode == XDI_INFERENCE)
    return xdi_fail(executor->context, XD_ERROR_UNSUPPORTED,
                    "a network prepared for inference keeps its parameters");
  return xdi_device_write(executor->context, xdi_executor_parameters(executor), from->block,
                          from->block_count);
}
