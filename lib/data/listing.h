/* The entries of a folder in an order that depends on their names alone. */
#ifndef XDI_DATA_LISTING_H
#define XDI_DATA_LISTING_H

#include <stdbool.h>

#include "base/context.h"

typedef struct xdi_listing {
  char **names;
  size_t count, room;
} xdi_listing;

/* The sub-folders and the pictures of a folder, and what else there is but hidden entries, by name. The first
 * entry that cannot be examined, such as a picture's link that leads nowhere, ends the call; or where `bad` is not
 * NULL, the sentences that say why are added there and sorted. The lists start from {0} and are the caller's to
 * clear, also after a failure. XD_ERROR_NOT_FOUND, XD_ERROR_IO, XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_list_folder(xd_context *context, const char *path, xdi_listing *folders, xdi_listing *pictures,
                          xdi_listing *others, xdi_listing *bad);

/* Adds a name at the end, which the list takes over; false without memory, or for NULL. */
bool xdi_listing_take(const xd_allocator *allocator, xdi_listing *listing, char *name);

/* Adds a copy. */
bool xdi_listing_add(const xd_allocator *allocator, xdi_listing *listing, const char *name);
void xdi_listing_clear(const xd_allocator *allocator, xdi_listing *listing);

/* By bytes, but runs of digits by their value: "9" < "10". Never 0 for different names. */
int xdi_compare_names(const char *first, const char *second);

/* "folder/name" in memory of the context's allocator; NULL when that is refused. */
char *xdi_join_path(xd_context *context, const char *folder, const char *name);

#endif
