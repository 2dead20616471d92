/* Which backends there are, which one "auto" means here, and how a table is made ready to call.
 *
 * The built-in tables are `static const` in substance: every kernel slot is filled where the table
 * is written (with a reference kernel of reference/reference.h where the backend has none of its
 * own), so that nothing has to be completed at run time. */
#ifndef XDI_BACKEND_REGISTRY_H
#define XDI_BACKEND_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "xdomain/context.h"
#include "xdomain/sys/backend.h"

/* The table of that name: the options' own tables first, then the built-in ones; NULL when there is
 * none. "auto" is no name here. `options` may be NULL. The table is not checked yet. */
const xd_backend_table *xdi_backend_find(const xd_context_options *options, const char *name);

/* Copies `from`, which has passed xdi_backend_check, and fills its NULL kernel slots with the
 * reference kernels; the optional prepare slots stay as they are. */
void xdi_backend_complete(xd_backend_table *to, const xd_backend_table *from);

/* Whether a table may be called at all: its version, its size, its required slots. `why` gets one
 * line, "" on success; it may be NULL. XD_ERROR_INVALID_ARGUMENT (no table),
 * XD_ERROR_VERSION_TOO_NEW, XD_ERROR_UNSUPPORTED (an older version), XD_ERROR_BAD_DATA (size or a
 * required slot). */
xd_status xdi_backend_check(const xd_backend_table *table, char *why, size_t why_size);

/* Whether the reference kernels that stand in for the NULL slots of `table` can see the memory of
 * `backend`, its opened state: tries one small buffer. XD_OK at once when no slot is NULL.
 * XD_ERROR_BAD_DATA when they cannot see it; else what buffer_create answers. */
xd_status xdi_backend_probe(const xd_backend_table *table, xd_backend *backend, char *why, size_t why_size);

/* The built-in tables that this processor can run, best first; NULL beyond the last. */
const xd_backend_table *xdi_backend_at(uint32_t index);

/* The name that "auto" means on this machine, and in `why` (may be NULL) one line on the reason,
 * such as "portable kernels; OpenBLAS reports Prescott". Never NULL. OpenBLAS is asked only where
 * `native` has no vector kernels. */
const char *xdi_backend_auto(char *why, size_t why_size);

#endif
