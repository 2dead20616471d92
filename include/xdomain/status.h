/* libxdomain: what a call can answer.
 *
 * Every function that can fail returns xd_status; its results come back through
 * out parameters. A handle that is created stands first and is NULL on failure;
 * other results are then undefined, unless it is stated. The message behind a status
 * is kept by the context (xd_context_message) and names the file, field and value at
 * fault: by the context that is given to the call or, for translators and trainers, by
 * that which they were made for, as long as it is not destroyed. Calls that have neither
 * leave no message. */
#ifndef XDOMAIN_STATUS_H
#define XDOMAIN_STATUS_H

#include <stdint.h>

#include "export.h"

XD_BEGIN_DECLS

/* The numbers are part of the ABI: they never change, and none is reused. */
typedef int32_t xd_status;

enum {
  XD_OK = 0,
  /* the caller's mistake: NULL, a value out of range, wrong order of calls */
  XD_ERROR_INVALID_ARGUMENT = -1,
  /* sizes that do not fit together: picture and model, codes and network */
  XD_ERROR_SHAPE_MISMATCH = -2,
  /* no such file, class, parameter, backend or layer */
  XD_ERROR_NOT_FOUND = -3,
  /* the system refused to read or write */
  XD_ERROR_IO = -4,
  /* a file or picture is damaged or not what it claims to be; NaN pixels */
  XD_ERROR_BAD_DATA = -5,
  /* a file ends before what its header promises */
  XD_ERROR_TRUNCATED = -6,
  /* a size beyond this library's limits */
  XD_ERROR_TOO_LARGE = -7,
  /* written by a newer major version of the format or table */
  XD_ERROR_VERSION_TOO_NEW = -8,
  /* known, but not in this build or not for this object */
  XD_ERROR_UNSUPPORTED = -9,
  /* the allocator returned NULL */
  XD_ERROR_OUT_OF_MEMORY = -10,
  /* NaN or infinity where a finite number must be; training diverged */
  XD_ERROR_NUMERIC = -11,
  /* xd_context_cancel, or a callback that asked to stop */
  XD_ERROR_CANCELLED = -12,
  /* training produced nearly one picture, for all inputs or for each class, and was stopped */
  XD_ERROR_COLLAPSED = -13,
  /* a bug in this library or in a plug-in; please report it */
  XD_ERROR_INTERNAL = -14
};

/* The constant's name, for logs: "XD_ERROR_IO". Never NULL; static storage; an
 * unknown number gives "XD_ERROR_UNKNOWN". Callable from any thread. */
XD_API const char *xd_status_name(xd_status status);

/* One short English sentence for the status alone. Never NULL; static storage. Callable from any
 * thread. */
XD_API const char *xd_status_text(xd_status status);

XD_END_DECLS

#endif
