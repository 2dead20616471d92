/* The pictures of a set that a pairing names, class by class: where training batches are drawn from. */
#ifndef XDI_TRAIN_POOLS_H
#define XDI_TRAIN_POOLS_H

#include "base/context.h"
#include "xdomain/dataset.h"

/* One pool is one class (with the pairing "*:*": all pictures). Pools stand group after group; a group's
 * classes are linked by pairs and drawn from together. */
typedef struct xdi_pools {
  xd_allocator allocator;
  uint32_t *pictures; /* pool after pool */
  uint32_t pool_count, group_count;
  uint32_t first[XD_CLASS_LIMIT + 1];       /* each pool's first place in pictures; the end stands last */
  uint32_t group[XD_CLASS_LIMIT];           /* of each pool */
  uint32_t group_first[XD_CLASS_LIMIT + 1]; /* each group's first pool; the end stands last */
} xdi_pools;

/* The pools of domain 1 or 2; every class of the pairing has pictures (xdi_pairing_check). */
xd_status xdi_pools_open(xdi_pools *pools, xd_context *context, const xd_dataset *set,
                         const xd_pairing *pairing, uint32_t domain);
void xdi_pools_close(xdi_pools *pools); /* a zeroed one is legal */

static inline uint32_t xdi_pool_size(const xdi_pools *pools, uint32_t pool) {
  return pools->first[pool + 1] - pools->first[pool];
}

#endif
