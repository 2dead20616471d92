/* What a network costs before it runs: counted from its layers' shapes, so that a file's demands can be refused
 * before anything is spent on them. */
#include "layer/price.h"

#include "base/memory.h"
#include "layer/regions.h"
#include "tensor/shape.h"
#include "xdomain/unstable/price.h"

/* Multiplications of one row: every weight meets each place of the map that its kernel moves over. That is the
 * output, or of a transposed convolution, which adds each cell of its input many times, the input. */
static uint64_t layer_work(const xdi_layer *layer, const xd_layer_parameter *part, uint64_t count) {
  const uint64_t in = (uint64_t)layer->in.width * layer->in.height;
  const uint64_t out = (uint64_t)layer->out.width * layer->out.height;
  if (part->rank < 3)
    return count;
  return count * (layer->spec.tag == XD_TAG('C', 'N', 'T', '2') ? in : out);
}

static uint64_t find_work(const xd_network *network) {
  uint64_t work = xdi_cells(network->input);
  for (uint32_t i = 0; i < network->layer_count; i++) {
    const xdi_layer *layer = &network->layers[i];
    xd_layer_parameter part = {0};
    work += xdi_cells(layer->out);
    for (uint32_t number = 0; layer->table->parameter && layer->table->parameter(layer->state, number, &part);
         number++) {
      uint64_t count = 1;
      for (uint32_t axis = 0; axis < part.rank; axis++)
        count *= part.shape[axis];
      work += layer_work(layer, &part, count);
      part = (xd_layer_parameter){0};
    }
  }
  return work;
}

/* The place whose memory a place is: that of the last layer up to it which computes. */
static uint32_t home_of(const xd_network *network, uint32_t place) {
  while (place > 0 && !network->layers[place - 1].table->forward)
    place--;
  return place;
}

/* Place i + 1 is written by layer i, at time i + 1, and lives until its last reader's. */
static uint64_t find_memory(const xd_network *network) {
  xdi_tenant tenants[XDI_LAYER_LIMIT + 1];
  const uint32_t last = network->layer_count;
  size_t total = 0;
  for (uint32_t place = 0; place <= last; place++) {
    const xd_shape shape = place > 0 ? network->layers[place - 1].out : network->input;
    const bool shared = home_of(network, place) != place;
    tenants[place] = (xdi_tenant){shared ? 0 : xdi_cells(shape), place, place, 0};
  }
  for (uint32_t i = 0; i < last; i++) {
    const xdi_layer *layer = &network->layers[i];
    tenants[home_of(network, i)].dies = i + 1;
    if (layer->table->attach)
      tenants[home_of(network, layer->other)].dies = i + 1;
  }
  tenants[home_of(network, last)].dies = XDI_FOREVER;
  if (!xdi_share_regions(tenants, last + 1, &total))
    return UINT64_MAX;
  return (uint64_t)total * sizeof(float);
}

xdi_price xdi_network_price(const xd_network *network) {
  return (xdi_price){find_work(network), find_memory(network)};
}

xd_status xdi_network_afford(xd_context *context, const xd_network *network) {
  const xdi_price price = xdi_network_price(network);
  if (price.work > context->max_work)
    return xdi_fail(context, XD_ERROR_TOO_LARGE,
                    "a network of %llu multiplications a picture; the context's limit is %llu",
                    (unsigned long long)price.work, (unsigned long long)context->max_work);
  if (price.memory > context->max_memory)
    return xdi_fail(context, XD_ERROR_TOO_LARGE,
                    "a network of %llu bytes of memory a picture; the context's limit is %llu",
                    (unsigned long long)price.memory, (unsigned long long)context->max_memory);
  return XD_OK;
}

uint64_t xd_network_work(const xd_network *network) {
  return network ? xdi_network_price(network).work : 0;
}

uint64_t xd_network_memory(const xd_network *network) {
  return network ? xdi_network_price(network).memory : 0;
}
