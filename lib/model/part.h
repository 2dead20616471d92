/* What the handles of the networks and of the judge have in common: one network and its owners.
 *
 * Each handle's struct begins with an xdi_part. Handles are immutable but for their network's parameters
 * until it is frozen, and may be retained and released from any thread. */
#ifndef XDI_MODEL_PART_H
#define XDI_MODEL_PART_H

#include "layer/network.h"

typedef struct xdi_part {
  xd_allocator allocator;
  xdi_owners references;
  xd_network *network;
  void *more; /* a block of the allocator's that belongs to the handle, or NULL */
} xdi_part;

/* Refuses, with XD_ERROR_SHAPE_MISMATCH and a message, a network that a kind of handle cannot hold. */
typedef xd_status (*xdi_part_check)(xd_context *context, const xd_network *network);

/* A handle around a network that the check lets pass; the network gets one more owner (the caller keeps its own
 * reference). *out is NULL on failure. All kinds of handles are an xdi_part and
 * nothing more. */
xd_status xdi_part_wrap(xdi_part **out, xd_context *context, xd_network *network, xdi_part_check check);

/* One owner more; returns the handle. NULL is legal for both. */
void *xdi_part_retain(const void *handle);
void xdi_part_release(const void *handle);

void xdi_part_freeze(const void *handle);                 /* NULL is legal */
xd_network *xdi_part_network(const void *handle);         /* NULL of NULL */
xd_network *xdi_part_network_mutable(const void *handle); /* NULL once frozen */

/* Floats of one input or output of a network; 0 of NULL. Networks never exceed 32 bits here. */
uint32_t xdi_input_size(const xd_network *network);
uint32_t xdi_output_size(const xd_network *network);

/* What a network leaves applied to its output. */
xd_activation xdi_output_activation(const xd_network *network);

#endif
