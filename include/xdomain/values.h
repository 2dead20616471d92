/* libxdomain: values, named numbers out.
 *
 * Losses, evaluations and reports are lists of named numbers, in an order of their own:
 *
 *   "total" 61.8, "pixel_cost" 1.02, "log_likelihood" -51.2, "kl" 10.6, "elbo" -61.8
 *
 * The caller makes an xd_values once and hands it to calls, which clear it and fill it: their
 * headers list the names. A call that fails leaves it empty, or says what it holds then. New
 * versions may add names. Once a list has held the values of a call, filling it again takes no
 * memory.
 *
 * Threads: an xd_values belongs to no context; any number of threads may read one that nobody
 * fills. */
#ifndef XDOMAIN_VALUES_H
#define XDOMAIN_VALUES_H

#include <stdint.h>

#include "context.h"
#include "export.h"
#include "status.h"

XD_BEGIN_DECLS

/* Numbers by their names, in order. */
typedef struct xd_values xd_values;

/* Makes an empty list; the caller destroys *out. XD_ERROR_INVALID_ARGUMENT: a pointer is NULL.
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_values_create(xd_values **out, xd_context *context);

/* NULL is legal. The list may be destroyed before or after its context. */
XD_API void xd_values_destroy(xd_values *values);

/* How many values there are; 0 of NULL. */
XD_API uint32_t xd_values_count(const xd_values *values);

/* The name of a value, borrowed until the list is filled anew, cleared or destroyed; NULL beyond
 * the last. */
XD_API const char *xd_values_name(const xd_values *values, uint32_t index);

/* The number of a value; 0 beyond the last. */
XD_API double xd_values_number(const xd_values *values, uint32_t index);

/* Gives the number of that name, where out is not NULL; 0 and XD_ERROR_NOT_FOUND where there is
 * none, and of NULL. */
XD_API xd_status xd_values_find(const xd_values *values, double *out, const char *name);

/* Empties the list and keeps its memory; NULL is legal. */
XD_API void xd_values_clear(xd_values *values);

XD_END_DECLS

#endif
