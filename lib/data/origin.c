/* The names of a set's pictures, and what was left out. */
#include "data/origin.h"

#include "base/memory.h"

xdi_origin *xdi_origin_create(const xd_allocator *allocator) {
  xdi_origin *origin = xdi_allocate_zeroed(allocator, 1, sizeof *origin);
  if (!origin)
    return NULL;
  xdi_owners_begin(&origin->references);
  origin->allocator = *allocator;
  return origin;
}

xdi_origin *xdi_origin_retain(xdi_origin *origin) {
  if (origin)
    xdi_owners_add(&origin->references);
  return origin;
}

void xdi_origin_release(xdi_origin *origin) {
  if (!origin || !xdi_owners_drop(&origin->references))
    return;
  const xd_allocator allocator = origin->allocator;
  xdi_listing_clear(&allocator, &origin->pictures);
  for (unsigned kind = 0; kind < XDI_LEFT_OUT_KINDS; kind++)
    xdi_listing_clear(&allocator, &origin->left_out[kind]);
  xdi_release(&allocator, origin);
}

bool xdi_origin_leave_out(xdi_origin *origin, xd_left_out why, const char *text) {
  return xdi_listing_add(&origin->allocator, &origin->left_out[why - 1], text);
}

bool xdi_origin_append(xdi_origin *to, const xdi_origin *from, const uint32_t *index, uint32_t count) {
  bool added = true;
  for (uint32_t i = 0; i < count && added; i++) {
    const size_t place = index ? index[i] : i;
    const bool named = from && place < from->pictures.count;
    added = xdi_listing_add(&to->allocator, &to->pictures, named ? from->pictures.names[place] : "");
  }
  for (unsigned kind = 0; from && kind < XDI_LEFT_OUT_KINDS; kind++)
    for (size_t i = 0; i < from->left_out[kind].count && added; i++)
      added = xdi_origin_leave_out(to, kind + 1, from->left_out[kind].names[i]);
  return added;
}
