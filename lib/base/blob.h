/* How the library knows its own blobs among sinks: by the function that fills them. */
#ifndef XDI_BASE_BLOB_H
#define XDI_BASE_BLOB_H

#include "xdomain/stream.h"

#define XDI_BLOB_FULL 1 /* memory was refused */

int xdi_blob_append(void *user, const void *data, size_t size);

#endif
