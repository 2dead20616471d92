/* The count of a shared object's owners. Any thread may add an owner or take one away; whoever takes the last one
 * away sees all that the others did to the object, and frees it. */
#ifndef XDI_BASE_OWNERS_H
#define XDI_BASE_OWNERS_H

#include <stdatomic.h>
#include <stdbool.h>

typedef atomic_uint xdi_owners;

/* One owner. */
static inline void xdi_owners_begin(xdi_owners *owners) {
  atomic_init(owners, 1);
}

static inline void xdi_owners_add(xdi_owners *owners) {
  atomic_fetch_add_explicit(owners, 1, memory_order_relaxed);
}

/* Whether it was the last one. */
static inline bool xdi_owners_drop(xdi_owners *owners) {
  return atomic_fetch_sub_explicit(owners, 1, memory_order_acq_rel) == 1;
}

#endif
