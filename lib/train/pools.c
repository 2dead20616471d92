/* Sorting a set's pictures by class, and the classes by the groups that a pairing ties together. */
#include "train/pools.h"

#include "base/memory.h"
#include "data/pairing.h"

static void add_pool(xdi_pools *pools, const xd_dataset *set, uint32_t label, uint32_t group) {
  uint32_t end = pools->first[pools->pool_count];
  for (uint32_t i = 0; i < xd_dataset_count(set); i++)
    if (label == XD_ANY_CLASS || xd_dataset_label(set, i) == label)
      pools->pictures[end++] = i;
  pools->group[pools->pool_count++] = group;
  pools->first[pools->pool_count] = end;
}

static void add_group(xdi_pools *pools, const xd_dataset *set, const xd_pairing *pairing, uint32_t domain,
                      uint32_t group) {
  pools->group_first[group] = pools->pool_count;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xdi_pairing_group(pairing, domain, label) == group)
      add_pool(pools, set, label, group);
}

xd_status xdi_pools_open(xdi_pools *pools, xd_context *context, const xd_dataset *set,
                         const xd_pairing *pairing, uint32_t domain) {
  *pools = (xdi_pools){.allocator = context->allocator};
  pools->pictures = xdi_allocate(&context->allocator, xd_dataset_count(set), sizeof *pools->pictures);
  if (!pools->pictures)
    return xdi_fail_memory(context, "sorting a set by class");
  pools->group_count = xdi_pairing_group_count(pairing);
  if (xd_pairing_class(pairing, domain, 0) == XD_ANY_CLASS)
    add_pool(pools, set, XD_ANY_CLASS, 0);
  else
    for (uint32_t group = 0; group < pools->group_count; group++)
      add_group(pools, set, pairing, domain, group);
  pools->group_first[pools->group_count] = pools->pool_count;
  return XD_OK;
}

void xdi_pools_close(xdi_pools *pools) {
  xdi_release(&pools->allocator, pools->pictures);
  pools->pictures = NULL;
}
