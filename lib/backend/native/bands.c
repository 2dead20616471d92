/* The one planner of bands and shards for all ways to compute a convolution. */
#include "backend/native/bands.h"

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

xdi_bands xdi_plan_bands(const xdi_demand *demand) {
  xdi_bands plan = {.batch = demand->batch, .rows = demand->rows, .bands = larger(demand->bands, 1)};
  const uint32_t wanted = xdi_native_shards(demand->work, demand->grain, demand->most_shards);
  if (plan.batch * plan.bands < wanted)
    plan.bands = xdi_native_ceil(wanted, plan.batch);
  plan.bands = smaller(plan.bands, plan.rows);
  plan.most_rows = xdi_native_ceil(plan.rows, plan.bands);
  plan.group = plan.bands == 1 ? larger(demand->group, 1) : 1;
  plan.shards =
      xdi_native_shards(demand->work, demand->grain, smaller(plan.batch * plan.bands, demand->most_shards));
  return plan;
}

xdi_walk xdi_walk_shard(const xdi_bands *bands, uint32_t shard) {
  const size_t all = bands->batch * bands->bands;
  return (xdi_walk){.bands = bands,
                    .next = xdi_native_part(all, bands->shards, shard),
                    .end = xdi_native_part(all, bands->shards, shard + 1)};
}

bool xdi_walk_next(xdi_walk *walk, xdi_band *out) {
  const xdi_bands *bands = walk->bands;
  if (walk->next == walk->end)
    return false;
  const size_t band = walk->next % bands->bands;
  *out = (xdi_band){.picture = walk->next / bands->bands,
                    .pictures = smaller(bands->group, walk->end - walk->next),
                    .begin = xdi_native_part(bands->rows, bands->bands, band),
                    .end = xdi_native_part(bands->rows, bands->bands, band + 1)};
  walk->next += out->pictures;
  return true;
}
