/* Executors: the plan of a network's memory on a backend, made once, and the runs over it.
 *
 * Only layers that compute are steps; the others rename shapes in place. Before, between and after the steps
 * are the places of their results: step i reads place i and writes place i + 1. In inference a place's memory is
 * used again once its last reader is done, so that a plain chain alternates between two regions of one buffer;
 * training keeps all places, and sends gradients the same way through another buffer, from the end of the network
 * to its start. What a layer adds to the gradient of another operand waits in a region of its own until the
 * gradient of that place is there. */
#include "layer/executor.h"

#include "base/memory.h"
#include "layer/regions.h"
#include "tensor/shape.h"

typedef struct step {
  const xdi_layer *layer;
  uint32_t index; /* of the layer */
  xd_activation x_activation;
  float sigma; /* see xdi_executor_normalise */
  xd_slice x, y, dx, dy;
  uint32_t other; /* the place of the other operand, of a layer that reads one */
  xd_activation other_activation;
  xd_slice dother; /* training */
  xd_prepared *prepared;
} step;

struct xdi_executor {
  xd_context *context;
  const xd_network *network;
  xdi_executor_mode mode;
  uint32_t max_batch, step_count;
  step *steps;
  xd_slice input, output, last_input, input_gradient, output_gradient;
  xd_buffer *parameters, *gradients; /* NULL in a network without any */
  xd_buffer *activations, *deltas;
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

/* Cells of a row of a place. */
static size_t cells_at(const xdi_executor *executor, uint32_t place) {
  return xdi_cells(place == 0 ? executor->network->input : executor->steps[place - 1].layer->out);
}

static bool reads_other(const step *at) {
  return at->layer->table->attach != NULL;
}

static xd_status report_size(const xdi_executor *executor) {
  return xdi_fail(executor->context, XD_ERROR_TOO_LARGE, "a batch of %u is too large for a network's memory",
                  executor->max_batch);
}

/* Takes a buffer for what the tenants share. */
static xd_status take_buffer(const xdi_executor *executor, xd_buffer **out, xdi_tenant *tenants,
                             uint32_t count) {
  size_t total;
  if (!xdi_share_regions(tenants, count, &total))
    return report_size(executor);
  return xdi_device_create(executor->context, out, total);
}

/* The last step that reads a place; the output's is beyond all. */
static uint32_t last_reader(const xdi_executor *executor, uint32_t place) {
  uint32_t last = place;
  for (uint32_t i = place; i < executor->step_count; i++)
    if (reads_other(&executor->steps[i]) && executor->steps[i].other == place)
      last = i;
  return last;
}

/* Time i + 1 is step i's. */
static xd_status plan_activations(xdi_executor *executor) {
  xdi_tenant tenants[XDI_LAYER_LIMIT + 1];
  const uint32_t last = executor->step_count;
  for (uint32_t place = 0; place <= last; place++) {
    const bool kept = executor->mode == XDI_TRAINING || place == last;
    tenants[place].born = place;
    tenants[place].dies = kept ? XDI_FOREVER : last_reader(executor, place) + 1;
    if (!region_size(executor, cells_at(executor, place), &tenants[place].size))
      return report_size(executor);
  }
  const xd_status status = take_buffer(executor, &executor->activations, tenants, last + 1);
  for (uint32_t i = 0; i < last; i++) {
    executor->steps[i].x = xdi_slice(executor->activations, tenants[i].offset);
    executor->steps[i].y = xdi_slice(executor->activations, tenants[i + 1].offset);
  }
  executor->input = xdi_slice(executor->activations, tenants[0].offset);
  executor->output = xdi_slice(executor->activations, tenants[last].offset);
  executor->last_input = xdi_slice(executor->activations, tenants[last > 0 ? last - 1 : 0].offset);
  return status;
}

/* Time step_count - i is step i's. A step's share of another operand's gradient is wanted until the step is done
 * that gives the gradient of that place. */
static xd_status plan_deltas(xdi_executor *executor) {
  xdi_tenant tenants[2 * XDI_LAYER_LIMIT + 1];
  uint32_t places[XDI_LAYER_LIMIT + 1], others[XDI_LAYER_LIMIT], count = 0;
  const uint32_t last = executor->step_count;
  for (uint32_t place = last;; place--) {
    const step *at = place < last ? &executor->steps[place] : NULL;
    if (at && reads_other(at)) {
      others[place] = count;
      tenants[count].born = last - place;
      tenants[count].dies = last - at->other;
      if (!region_size(executor, cells_at(executor, at->other), &tenants[count++].size))
        return report_size(executor);
    }
    places[place] = count;
    tenants[count].born = last - place;
    tenants[count].dies = place > 0 ? last - place + 1 : XDI_FOREVER;
    if (!region_size(executor, cells_at(executor, place), &tenants[count++].size))
      return report_size(executor);
    if (place == 0)
      break;
  }
  const xd_status status = take_buffer(executor, &executor->deltas, tenants, count);
  for (uint32_t i = 0; i < last; i++) {
    step *at = &executor->steps[i];
    at->dx = xdi_slice(executor->deltas, tenants[places[i]].offset);
    at->dy = xdi_slice(executor->deltas, tenants[places[i + 1]].offset);
    if (reads_other(at))
      at->dother = xdi_slice(executor->deltas, tenants[others[i]].offset);
  }
  executor->input_gradient = xdi_slice(executor->deltas, tenants[places[0]].offset);
  executor->output_gradient = xdi_slice(executor->deltas, tenants[places[last]].offset);
  return status;
}

/* The place before the first step of layer `index` or a later one. */
static uint32_t place_before(const xd_network *network, uint32_t index) {
  uint32_t place = 0;
  for (uint32_t i = 0; i < index; i++)
    place += network->layers[i].table->forward != NULL;
  return place;
}

static xd_activation activation_before(const xd_network *network, uint32_t index) {
  return index > 0 ? network->layers[index - 1].activation : XD_ACTIVATION_IDENTITY;
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
    next->x_activation = activation_before(network, i);
    next->other = place_before(network, next->layer->other);
    next->other_activation = activation_before(network, next->layer->other);
  }
  return XD_OK;
}

/* ---- one step ---- */

static xd_status report(const xdi_executor *executor, const step *at, const char *what, xd_status status) {
  if (status == XD_OK)
    return XD_OK;
  if (executor->context->may_stop && xdi_check_cancelled(executor->context) != XD_OK)
    return XD_ERROR_CANCELLED;
  return xdi_fail(executor->context, status, "layer %u (%s) failed in its %s on backend \"%s\": %s",
                  at->index, at->layer->table->name, what, executor->context->table.name,
                  xd_status_text(status));
}

static xd_slice layer_part(xd_buffer *buffer, const xdi_layer *layer) {
  return layer->count > 0 ? (xd_slice){buffer, layer->offset} : (xd_slice){NULL, 0};
}

static xd_shape place_shape(const xd_network *network, uint32_t index) {
  return index > 0 ? network->layers[index - 1].out : network->input;
}

/* Where place `index` stands: as the x of the step after it, or as the output. */
static xd_slice place_slice(const xdi_executor *executor, uint32_t index) {
  return index < executor->step_count ? executor->steps[index].x : executor->output;
}

static xd_layer_io make_io(const xdi_executor *executor, const step *at, uint32_t batch) {
  return (xd_layer_io){.table = &executor->context->table,
                       .backend = executor->context->backend,
                       .batch = batch,
                       .in = at->layer->in,
                       .out = at->layer->out,
                       .x = at->x,
                       .y = at->y,
                       .other_shape = place_shape(executor->network, at->layer->other),
                       .other = reads_other(at) ? place_slice(executor, at->other) : (xd_slice){NULL, 0},
                       .other_activation = at->other_activation,
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
                                executor->deltas};
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
  /* A training step, once begun, is finished: half of one would leave a state that no other run reaches. */
  executor->context->may_stop = executor->mode == XDI_INFERENCE;
  for (uint32_t i = 0; i < executor->step_count && status == XD_OK; i++) {
    const step *at = &executor->steps[i];
    const xd_layer_io io = make_io(executor, at, batch);
    if (executor->mode == XDI_INFERENCE)
      status = xdi_check_cancelled(executor->context);
    if (status == XD_OK)
      status = report(executor, at, "forward pass", at->layer->table->forward(at->layer->state, &io));
  }
  executor->context->may_stop = false;
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

/* Other operands' shares of a place's gradient join it. */
static xd_status add_shares(const xdi_executor *executor, uint32_t place, uint32_t batch) {
  xd_context *context = executor->context;
  const size_t cells = batch * cells_at(executor, place);
  xd_status status = XD_OK;
  for (uint32_t i = place; i < executor->step_count && status == XD_OK; i++) {
    const step *at = &executor->steps[i];
    if (reads_other(at) && at->other == place)
      status = report(executor, at, "backward pass",
                      context->table.scale_add(context->backend, 1.0f, at->dother, 1.0f,
                                               executor->steps[place].dx, cells));
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
    const bool goes_on = want_input || i - 1 > lowest;
    io.dy = at->dy;
    if (goes_on)
      io.dx = at->dx;
    if (want_input || at->other > lowest)
      io.dother = at->dother;
    if (want_parameters)
      io.gradients = layer_part(executor->gradients, at->layer);
    status = report(executor, at, "backward pass", at->layer->table->backward(at->layer->state, &io));
    if (status == XD_OK && goes_on)
      status = add_shares(executor, i - 1, batch);
  }
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

xd_status xdi_executor_write_parameters(xdi_executor *executor, const xd_network *from) {
  if (!xdi_network_same_layers(executor->network, from))
    return xdi_fail(executor->context, XD_ERROR_SHAPE_MISMATCH,
                    "parameters cannot be copied between networks of other layers");
  if (from->block_count == 0)
    return XD_OK;
  if (executor->mode == XDI_INFERENCE)
    return xdi_fail(executor->context, XD_ERROR_UNSUPPORTED,
                    "a network prepared for inference keeps its parameters");
  return xdi_device_write(executor->context, xdi_executor_parameters(executor), from->block,
                          from->block_count);
}
