/* Regions by a linear scan: a tenant moves into the free region that fits it best, or that has to grow least; only
 * where none is free there is one more. So a plain chain of results takes turns in two. */
#include "layer/regions.h"

#include "base/memory.h"
#include "layer/network.h"

#define MOST_REGIONS (2 * XDI_LAYER_LIMIT + 1)

typedef struct region {
  size_t size;
  uint32_t dies; /* its last tenant */
} region;

/* Whether the first is the better home for so many floats: the smaller of two that have room, else the larger. */
static bool fits_better(const region *first, const region *second, size_t size) {
  if (first->size >= size && second->size >= size)
    return first->size < second->size;
  return first->size > second->size;
}

static uint32_t choose(const region *regions, uint32_t count, const xdi_tenant *tenant) {
  uint32_t best = count;
  for (uint32_t i = 0; i < count; i++)
    if (regions[i].dies < tenant->born &&
        (best == count || fits_better(&regions[i], &regions[best], tenant->size)))
      best = i;
  return best;
}

bool xdi_share_regions(xdi_tenant *tenants, uint32_t count, size_t *total) {
  region regions[MOST_REGIONS] = {{0, 0}};
  size_t starts[MOST_REGIONS];
  uint32_t region_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t home = choose(regions, region_count, &tenants[i]);
    if (home == region_count && region_count++ == MOST_REGIONS)
      return false;
    if (tenants[i].size > regions[home].size)
      regions[home].size = tenants[i].size;
    regions[home].dies = tenants[i].dies;
    tenants[i].offset = home;
  }
  *total = 0;
  for (uint32_t i = 0; i < region_count; i++) {
    starts[i] = *total;
    if (!xdi_add(*total, regions[i].size, total))
      return false;
  }
  for (uint32_t i = 0; i < count; i++)
    tenants[i].offset = starts[tenants[i].offset];
  return true;
}
