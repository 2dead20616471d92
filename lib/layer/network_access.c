/* The public look at a network: its shapes, layers and parameters. */
#include <math.h>
#include <string.h>

#include "base/sized.h"
#include "layer/network.h"

void xd_tensor_init(xd_tensor *tensor, size_t struct_size) {
  const xd_tensor defaults = XD_TENSOR_INIT;
  xdi_sized_write(tensor, struct_size, &defaults, sizeof defaults);
}

void xd_network_input_shape(const xd_network *network, xd_shape *out) {
  if (out)
    *out = network ? network->input : (xd_shape){0};
}

void xd_network_output_shape(const xd_network *network, xd_shape *out) {
  if (out)
    *out = network ? network->output : (xd_shape){0};
}

uint32_t xd_network_layer_count(const xd_network *network) {
  return network ? network->layer_count : 0;
}

xd_status xd_network_layer(const xd_network *network, uint32_t index, xd_layer_spec *out) {
  if (!out)
    return XD_ERROR_INVALID_ARGUMENT;
  memset(out, 0, sizeof *out);
  if (!network || index >= network->layer_count)
    return XD_ERROR_INVALID_ARGUMENT;
  *out = network->layers[index].spec;
  return XD_OK;
}

size_t xd_network_parameter_count(const xd_network *network) {
  size_t count = 0;
  for (uint32_t i = 0; network && i < network->parameter_count; i++)
    count += network->parameters[i].public.count;
  return count;
}

int xd_network_is_frozen(const xd_network *network) {
  return network && atomic_load_explicit(&network->frozen, memory_order_acquire);
}

uint32_t xd_network_tensor_count(const xd_network *network) {
  return network ? network->parameter_count : 0;
}

xd_status xd_network_tensor(const xd_network *network, uint32_t index, xd_tensor *out) {
  const xd_status status = xdi_sized_check(NULL, out, XDI_SIZED(xd_tensor, layer));
  if (status != XD_OK)
    return status;
  xd_tensor_init(out, xdi_sized_stated(out));
  if (!network || index >= network->parameter_count)
    return XD_ERROR_INVALID_ARGUMENT;
  xdi_sized_write(out, xdi_sized_stated(out), &network->parameters[index].public, sizeof *out);
  return XD_OK;
}

/* The parameter of that name and size. */
static xd_status locate(const xd_network *network, xd_context *context, const char *name, const void *memory,
                        size_t count, const xdi_parameter **out) {
  if (!network || !name)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s is NULL",
                    network ? "the parameter's name" : "the network");
  if (!memory)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the memory for a parameter is NULL");
  *out = xdi_network_find(network, name);
  if (!*out)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "the network has no parameter \"%s\"", name);
  if ((*out)->public.count != count)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "parameter \"%s\" has %zu values, not %zu", name,
                    (*out)->public.count, count);
  return XD_OK;
}

xd_status xd_network_get(const xd_network *network, xd_context *context, float *to, const char *name,
                         size_t count) {
  const xdi_parameter *parameter = NULL;
  const xd_status status = locate(network, context, name, to, count, &parameter);
  if (status == XD_OK)
    memcpy(to, network->block + parameter->offset, count * sizeof *to);
  return status;
}

xd_status xd_network_set(xd_network *network, xd_context *context, const char *name, const float *from,
                         size_t count) {
  const xdi_parameter *parameter = NULL;
  const xd_status status = locate(network, context, name, from, count, &parameter);
  if (status != XD_OK)
    return status;
  if (xd_network_is_frozen(network))
    return xdi_fail(context, XD_ERROR_UNSUPPORTED, "parameter \"%s\" cannot be set: the network is frozen",
                    name);
  for (size_t i = 0; i < count; i++)
    if (!isfinite(from[i]))
      return xdi_fail(context, XD_ERROR_NUMERIC, "value %zu for parameter \"%s\" is not finite", i, name);
  memcpy(network->block + parameter->offset, from, count * sizeof *from);
  return XD_OK;
}
