/* Where the pictures of a set come from: the names of their files, and what was left out while they were read.
 * Shared by a store and those that are made from it. */
#ifndef XDI_DATA_ORIGIN_H
#define XDI_DATA_ORIGIN_H

#include "base/owners.h"
#include "data/listing.h"
#include "xdomain/dataset.h"

#define XDI_LEFT_OUT_KINDS 3u

typedef struct xdi_origin {
  xdi_owners references;
  xd_allocator allocator;
  xdi_listing pictures;                     /* a name for each picture of the store, or none at all */
  xdi_listing left_out[XDI_LEFT_OUT_KINDS]; /* by xd_left_out, less 1 */
} xdi_origin;

/* Empty, of one owner; NULL where memory is refused. */
xdi_origin *xdi_origin_create(const xd_allocator *allocator);
xdi_origin *xdi_origin_retain(xdi_origin *origin); /* NULL is legal */
void xdi_origin_release(xdi_origin *origin);       /* NULL is legal */

/* Adds what was left out; false without memory. */
bool xdi_origin_leave_out(xdi_origin *origin, xd_left_out why, const char *text);

/* Adds all that `from` left out, and the names of its pictures index[0..count) (NULL: 0, 1, ...), or as many
 * empty ones where it has none; NULL `from` has nothing. False without memory. */
bool xdi_origin_append(xdi_origin *to, const xdi_origin *from, const uint32_t *index, uint32_t count);

#endif
