/* Networks: configuring a list of layers, their parameter block and its owners. Sizes come from options
 * and files, so every product is checked before anything is allocated. */
#include "layer/network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "layer/builtin.h"
#include "layer/layer_registry.h"
#include "tensor/shape.h"

#define PART_LIMIT 16 /* parameters of one layer */

/* What a network is built from: layers whose tables are found. */
typedef struct plan {
  xd_layer_spec specs[XDI_LAYER_LIMIT];
  const xd_layer_table *tables[XDI_LAYER_LIMIT];
  xd_shape input;
  uint32_t count;
  size_t limit;
  bool hollow;
} plan;

static void destroy(xd_network *network) {
  const xd_allocator allocator = network->allocator;
  for (uint32_t i = 0; network->parameters && i < network->parameter_count; i++)
    xdi_release(&allocator, (void *)network->parameters[i].public.name);
  for (uint32_t i = 0; network->layers && i < network->layer_count; i++)
    xdi_release(&allocator, network->layers[i].state);
  xdi_release(&allocator, network->parameters);
  xdi_release(&allocator, network->layers);
  xdi_release(&allocator, network->block);
  xdi_release(&allocator, network);
}

static xd_status refuse_layer(xd_context *context, xd_status status, uint32_t index, const char *name,
                              const char *why) {
  return xdi_fail(context, status, "layer %u (%s): %s", index, name, why ? why : xd_status_text(status));
}

/* The size of one part, or 0 when its shape is not one. */
static size_t part_count(const xd_layer_parameter *part) {
  size_t count = 1;
  if (!part->name || part->rank < 1 || part->rank > 4)
    return 0;
  for (uint32_t i = 0; i < part->rank; i++)
    if (!xdi_multiply(count, part->shape[i], &count) || count > XDI_FLOAT_LIMIT)
      return 0;
  return count;
}

/* Counts a configured layer's parts: into its room in the block, the network's totals and *weights. */
static xd_status measure_parts(xd_context *context, xd_network *network, uint32_t index, size_t *weights) {
  xdi_layer *layer = &network->layers[index];
  xd_layer_parameter part;
  layer->offset = network->block_count;
  for (uint32_t i = 0; layer->table->parameter; i++) {
    memset(&part, 0, sizeof part);
    if (!layer->table->parameter(layer->state, i, &part))
      break;
    const size_t count = part_count(&part);
    if (count == 0 || i == PART_LIMIT)
      return refuse_layer(context, XD_ERROR_TOO_LARGE, index, layer->table->name,
                          "its parameters have no name, no size, or too much of it");
    *weights += count;
    layer->count += xdi_device_room(count);
    network->parameter_count++;
  }
  network->block_count += layer->count;
  if (*weights > XDI_FLOAT_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE,
                    "the network's layers up to %u (%s) have %zu parameters, more than %zu", index,
                    layer->table->name, *weights, XDI_FLOAT_LIMIT);
  return XD_OK;
}

/* What the layer leaves applied to its output; a layer that only renames leaves the previous one's. */
static xd_activation output_activation(const xdi_layer *layer, xd_activation previous) {
  if (!layer->table->forward)
    return previous;
  return layer->table->activation ? layer->table->activation(layer->state) : XD_ACTIVATION_IDENTITY;
}

/* Finds the place of the other operand that a layer with an `attach` slot reads, and tells the layer its shape. */
static xd_status attach_layer(xdi_layer *layer, const char **why, const xd_network *network, const plan *from,
                              uint32_t index) {
  const xd_layer_table *table = layer->table;
  if (!table->attach)
    return XD_OK;
  const uint32_t back = table->reach ? table->reach(&layer->spec) : 0;
  const bool leads = index > 0 && from->tables[0]->properties & XD_LAYER_LEADING;
  if (back == 1 || back > index + 1) {
    *why = "it reaches back at least two layers, and not beyond the network's start";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  layer->other = back > 0 ? index + 1 - back : leads;
  const xd_shape *shape = layer->other > 0 ? &network->layers[layer->other - 1].out : &from->input;
  return table->attach(layer->state, why, shape);
}

static xd_status configure_layer(xd_context *context, xd_network *network, const plan *from, uint32_t index) {
  xdi_layer *layer = &network->layers[index];
  const xd_layer_table *table = from->tables[index];
  const xdi_layer *previous = index > 0 ? layer - 1 : NULL;
  const char *why = NULL;
  size_t cells;
  layer->table = table;
  layer->spec = from->specs[index];
  layer->in = previous ? previous->out : from->input;
  if (table->state_size > 0 &&
      !(layer->state = xdi_allocate_zeroed(&network->allocator, table->state_size, 1)))
    return xdi_fail_memory(context, "creating a network's layers");
  if (table->properties & XD_LAYER_LEADING && previous)
    return refuse_layer(context, XD_ERROR_INVALID_ARGUMENT, index, table->name,
                        "it stands only at a network's start");
  xd_status status = attach_layer(layer, &why, network, from, index);
  if (status == XD_OK)
    status = table->configure(layer->state, &layer->out, &why, &layer->spec, &layer->in);
  if (status != XD_OK)
    return refuse_layer(context, status, index, table->name, why);
  if (!xdi_shape_count(layer->out, 1, &cells) || cells > XDI_FLOAT_LIMIT)
    return refuse_layer(context, XD_ERROR_TOO_LARGE, index, table->name,
                        "its output has no cells or more than 2^28");
  layer->activation = output_activation(layer, previous ? previous->activation : XD_ACTIVATION_IDENTITY);
  if (!xdi_activation_known((uint32_t)layer->activation))
    return refuse_layer(context, XD_ERROR_INVALID_ARGUMENT, index, table->name,
                        "its activation is not a known one");
  return XD_OK;
}

static char *make_name(const xd_allocator *allocator, uint32_t index, const char *layer, const char *part) {
  const int length = snprintf(NULL, 0, "%u.%s.%s", index, layer, part);
  char *name = length < 0 ? NULL : xdi_allocate(allocator, (size_t)length + 1, 1);
  if (name)
    snprintf(name, (size_t)length + 1, "%u.%s.%s", index, layer, part);
  return name;
}

/* Names the parts of one layer from parameter *next on, and says where they lie. */
static bool list_parts(xd_network *network, uint32_t index, uint32_t *next) {
  const xdi_layer *layer = &network->layers[index];
  size_t offset = layer->offset;
  xd_layer_parameter part;
  for (uint32_t i = 0; layer->table->parameter; i++, (*next)++) {
    memset(&part, 0, sizeof part);
    if (!layer->table->parameter(layer->state, i, &part))
      break;
    xdi_parameter *parameter = &network->parameters[*next];
    parameter->public =
        (xd_tensor){.struct_size = sizeof(xd_tensor),
                    .name = make_name(&network->allocator, index, layer->table->name, part.name),
                    .count = part_count(&part),
                    .layer = index,
                    .rank = part.rank,
                    .shape = {1, 1, 1, 1}};
    memcpy(parameter->public.shape, part.shape, part.rank * sizeof *part.shape);
    parameter->fan_in = part.fan_in;
    parameter->fan_out = part.fan_out;
    parameter->initial = part.initial;
    parameter->offset = offset;
    parameter->layer = index;
    offset += xdi_device_room(parameter->public.count);
    if (!parameter->public.name)
      return false;
  }
  return true;
}

static xd_status make_parameters(xd_context *context, xd_network *network, bool hollow) {
  uint32_t next = 0;
  if (network->parameter_count == 0)
    return XD_OK;
  network->parameters =
      xdi_allocate_zeroed(&network->allocator, network->parameter_count, sizeof *network->parameters);
  if (!hollow)
    network->block = xdi_allocate_zeroed(&network->allocator, network->block_count, sizeof *network->block);
  bool made = network->parameters && (network->block || hollow);
  for (uint32_t i = 0; made && i < network->layer_count; i++)
    made = list_parts(network, i, &next);
  return made ? XD_OK : xdi_fail_memory(context, "creating a network's parameters");
}

static xd_status fill(xd_context *context, xd_network *network, const plan *from) {
  size_t weights = 0;
  xd_status status = XD_OK;
  network->layers = xdi_allocate_zeroed(&network->allocator, from->count, sizeof *network->layers);
  if (!network->layers)
    return xdi_fail_memory(context, "creating a network's layers");
  network->layer_count = from->count;
  for (uint32_t i = 0; i < from->count && status == XD_OK; i++) {
    status = configure_layer(context, network, from, i);
    if (status == XD_OK)
      status = measure_parts(context, network, i, &weights);
  }
  if (status == XD_OK && weights > from->limit)
    status =
        xdi_fail(context, XD_ERROR_BAD_DATA,
                 "the network's layers have %zu parameters, but at most %zu are there", weights, from->limit);
  if (status != XD_OK)
    return status;
  network->input = from->input;
  network->output = network->layers[from->count - 1].out;
  return make_parameters(context, network, from->hollow);
}

static xd_status build(xd_network **out, xd_context *context, const plan *from) {
  xd_network *network = xdi_allocate_zeroed(&context->allocator, 1, sizeof *network);
  if (!network)
    return xdi_fail_memory(context, "creating a network");
  network->allocator = context->allocator;
  xdi_owners_begin(&network->references);
  atomic_init(&network->frozen, false);
  const xd_status status = fill(context, network, from);
  if (status == XD_OK)
    *out = network;
  else
    destroy(network);
  return status;
}

xd_status xdi_network_create_limited(xd_network **out, xd_context *context, xd_shape input,
                                     const xd_layer_spec *specs, uint32_t count, size_t limit, bool hollow) {
  plan from = {.input = input, .count = count, .limit = limit, .hollow = hollow};
  size_t cells;
  *out = NULL;
  if (count == 0 || !specs)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "a network needs at least one layer");
  if (count > XDI_LAYER_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "a network has at most %d layers, not %u", XDI_LAYER_LIMIT,
                    count);
  if (!xdi_shape_count(input, 1, &cells) || cells > XDI_FLOAT_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "a network's input of %u x %u x %u has no cells or more than 2^28", input.height,
                    input.width, input.channels);
  memcpy(from.specs, specs, count * sizeof *specs);
  for (uint32_t i = 0; i < count; i++) {
    const xd_status status = xdi_layer_find(context, specs[i].tag, &from.tables[i]);
    if (status != XD_OK)
      return status;
  }
  return build(out, context, &from);
}

xd_status xdi_network_create(xd_network **out, xd_context *context, xd_shape input,
                             const xd_layer_spec *specs, uint32_t count) {
  return xdi_network_create_limited(out, context, input, specs, count, XDI_FLOAT_LIMIT, false);
}

xd_status xdi_network_clone(xd_network **out, xd_context *context, const xd_network *network) {
  plan from = {.input = network->input, .count = network->layer_count, .limit = XDI_FLOAT_LIMIT};
  *out = NULL;
  for (uint32_t i = 0; i < network->layer_count; i++) {
    from.specs[i] = network->layers[i].spec;
    from.tables[i] = network->layers[i].table;
  }
  const xd_status status = build(out, context, &from);
  if (status == XD_OK && network->block_count > 0)
    memcpy((*out)->block, network->block, network->block_count * sizeof *network->block);
  return status;
}

xd_network *xdi_network_retain(const xd_network *network) {
  xd_network *shared = (xd_network *)network; /* the count is no part of what const promises */
  if (shared)
    xdi_owners_add(&shared->references);
  return shared;
}

void xdi_network_release(const xd_network *network) {
  xd_network *shared = (xd_network *)network;
  if (shared && xdi_owners_drop(&shared->references))
    destroy(shared);
}

void xdi_network_freeze(xd_network *network) {
  atomic_store_explicit(&network->frozen, true, memory_order_release);
}

bool xdi_network_same_layers(const xd_network *first, const xd_network *second) {
  if (!xdi_shape_equal(first->input, second->input) || first->layer_count != second->layer_count)
    return false;
  for (uint32_t i = 0; i < first->layer_count; i++)
    if (first->layers[i].table != second->layers[i].table ||
        memcmp(&first->layers[i].spec, &second->layers[i].spec, sizeof first->layers[i].spec) != 0)
      return false;
  return true;
}

static double deviation(const xdi_parameter *parameter, xd_activation activation, float gain) {
  if (gain > 0.0f)
    return gain / sqrt(parameter->fan_in);
  if (activation == XD_ACTIVATION_RELU || activation == XD_ACTIVATION_LEAKY_RELU)
    return sqrt(2.0 / parameter->fan_in);
  return sqrt(2.0 / ((double)parameter->fan_in + parameter->fan_out));
}

void xdi_network_initialise(xd_network *network, uint64_t seed, float gain) {
  for (uint32_t i = 0; i < network->parameter_count; i++) {
    const xdi_parameter *parameter = &network->parameters[i];
    float *to = network->block + parameter->offset;
    const size_t count = parameter->public.count;
    for (size_t k = 0; k < count && parameter->fan_in == 0; k++)
      to[k] = parameter->initial;
    if (parameter->fan_in == 0)
      continue;
    const float scale = (float)deviation(parameter, network->layers[parameter->layer].activation, gain);
    xdi_random_normals(to, count, seed, xdi_stream_id(XDI_STREAM_INIT, i), 0);
    for (size_t k = 0; k < count; k++)
      to[k] *= scale;
  }
}

const xdi_parameter *xdi_network_find(const xd_network *network, const char *name) {
  for (uint32_t i = 0; i < network->parameter_count; i++)
    if (strcmp(network->parameters[i].public.name, name) == 0)
      return &network->parameters[i];
  return NULL;
}

static bool is_linear(const xdi_layer *layer, xdi_linear_kind kind) {
  const xd_layer_table *table = layer->table;
  const bool reads_input = table->attach && !table->reach;
  return table->properties & XD_LAYER_LINEAR && (!table->attach || reads_input) &&
         reads_input == (kind == XDI_LINEAR_OF_INPUT);
}

bool xdi_network_adds_input(const xd_network *network, uint32_t layers) {
  for (uint32_t i = 0; i < network->layer_count; i++)
    if (network->layers[i].table->reach && network->layers[i].other <= layers)
      return true;
  return false;
}

bool xdi_network_linear(xdi_linear_part *out, xd_network *network, uint32_t index, xdi_linear_kind kind) {
  *out = (xdi_linear_part){NULL, NULL, 0, 0};
  if (index >= network->layer_count || !is_linear(&network->layers[index], kind))
    return false;
  uint32_t i = 0;
  while (i < network->parameter_count && network->parameters[i].layer != index)
    i++;
  if (i + 1 >= network->parameter_count)
    return false;
  const xdi_parameter *weights = &network->parameters[i], *bias = weights + 1;
  if (weights->public.rank != 2 || bias->layer != index || bias->public.count != weights->public.shape[1])
    return false;
  *out = (xdi_linear_part){.weights = network->block + weights->offset,
                           .bias = network->block + bias->offset,
                           .inputs = weights->public.shape[0],
                           .outputs = weights->public.shape[1]};
  return true;
}
