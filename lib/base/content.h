/* The whole content of a file or of a source, in memory. */
#ifndef XDI_BASE_CONTENT_H
#define XDI_BASE_CONTENT_H

#include "base/context.h"
#include "xdomain/stream.h"

typedef struct xdi_content {
  const char *name; /* how messages call it; borrowed from the path or the source */
  const unsigned char *data;
  size_t size;
  void *memory; /* under `data` where it is ours to release; NULL: borrowed */
} xdi_content;

/* Only what was opened need be closed, but may be anyway. XD_ERROR_TOO_LARGE beyond `limit`; of a path
 * what xdi_file_read answers; of a source XD_ERROR_INVALID_ARGUMENT (naming `who`), XD_ERROR_IO,
 * XD_ERROR_CANCELLED, XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_content_open_file(xdi_content *out, xd_context *context, const char *path, size_t limit);
xd_status xdi_content_open_source(xdi_content *out, xd_context *context, const xd_source *source,
                                  size_t limit, const char *who);
void xdi_content_close(xdi_content *content, xd_context *context);

/* Where finished bytes go: a path (as xdi_file_write does) or a sink. */
typedef struct xdi_target {
  const char *path; /* NULL: the sink */
  xd_sink sink;
  const char *name; /* how messages call it */
} xdi_target;

xdi_target xdi_target_of_path(const char *path);

/* XD_ERROR_INVALID_ARGUMENT, naming `who`. */
xd_status xdi_target_of_sink(xdi_target *out, xd_context *context, const xd_sink *sink, const char *who);
xd_status xdi_target_write(const xdi_target *target, xd_context *context, const void *data, size_t size);

#endif
