/* Which results may share memory: each tenant needs a region of a buffer from one time to another. */
#ifndef XDI_LAYER_REGIONS_H
#define XDI_LAYER_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XDI_FOREVER UINT32_MAX

typedef struct xdi_tenant {
  size_t size;         /* floats, a multiple of a line */
  uint32_t born, dies; /* both included */
  size_t offset;       /* out */
} xdi_tenant;

/* Gives each tenant, listed in the order of birth, a place that no other has at the same time; the floats of all
 * places in *total. false: they are too many. */
bool xdi_share_regions(xdi_tenant *tenants, uint32_t count, size_t *total);

#endif
