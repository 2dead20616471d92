/* Handles: one network, counted owners. */
#include "model/part.h"

#include "base/memory.h"
#include "tensor/shape.h"

xd_status xdi_part_wrap(xdi_part **out, xd_context *context, xd_network *network, xdi_part_check check) {
  *out = NULL;
  const xd_status status = check(context, network);
  if (status != XD_OK)
    return status;
  xdi_part *part = xdi_allocate_zeroed(&context->allocator, 1, sizeof *part);
  if (!part)
    return xdi_fail_memory(context, "creating a network's handle");
  part->allocator = context->allocator;
  xdi_owners_begin(&part->references);
  part->network = xdi_network_retain(network);
  *out = part;
  return XD_OK;
}

void *xdi_part_retain(const void *handle) {
  xdi_part *part = (xdi_part *)handle; /* the count is no part of what const promises */
  if (part)
    xdi_owners_add(&part->references);
  return part;
}

void xdi_part_release(const void *handle) {
  xdi_part *part = (xdi_part *)handle;
  if (!part || !xdi_owners_drop(&part->references))
    return;
  const xd_allocator allocator = part->allocator;
  xdi_network_release(part->network);
  xdi_release(&allocator, part->more);
  xdi_release(&allocator, part);
}

void xdi_part_freeze(const void *handle) {
  if (handle)
    xdi_network_freeze(((const xdi_part *)handle)->network);
}

xd_network *xdi_part_network(const void *handle) {
  return handle ? ((const xdi_part *)handle)->network : NULL;
}

xd_network *xdi_part_network_mutable(const void *handle) {
  xd_network *network = xdi_part_network(handle);
  return xd_network_is_frozen(network) ? NULL : network;
}

uint32_t xdi_input_size(const xd_network *network) {
  return network ? (uint32_t)xdi_cells(network->input) : 0;
}

uint32_t xdi_output_size(const xd_network *network) {
  return network ? (uint32_t)xdi_cells(network->output) : 0;
}

xd_activation xdi_output_activation(const xd_network *network) {
  return network->layers[network->layer_count - 1].activation;
}
