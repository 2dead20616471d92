/* libxdomain: bytes that come from memory or the host's functions, and go there.
 *
 * Whatever loads from a path loads from an xd_source too, and whatever saves to a path saves to an
 * xd_sink: xd_picture_load_source, xd_model_save_sink and so on. An xd_blob is memory that the
 * library owns and that a sink fills.
 *
 * Into memory and back:
 *
 *   xd_blob *blob;
 *   xd_sink sink = XD_SINK_INIT;
 *   xd_source source = XD_SOURCE_INIT;
 *   xd_blob_create(&blob, context);
 *   xd_blob_sink(blob, &sink);
 *   xd_model_save_sink(model, context, &sink, NULL);
 *   xd_blob_source(blob, &source);
 *   xd_model_load_source(&copy, context, &source);
 *   xd_blob_destroy(blob);
 *
 * Threads: the host's functions are called on the thread that called the library, during the call
 * alone. A blob belongs to one thread at a time; reading one is free to many. */
#ifndef XDOMAIN_STREAM_H
#define XDOMAIN_STREAM_H

#include <stddef.h>

#include "context.h"
#include "export.h"
#include "status.h"

XD_BEGIN_DECLS

/* Bytes to be read: in memory, or from a function of the host's. Both the struct and what it points
 * to are borrowed during the call. */
typedef struct xd_source {
  /* sizeof(xd_source) */
  size_t struct_size;
  /* How messages call it, such as a URL or an archive's member; NULL: "memory" or "stream". */
  const char *name;
  /* Where `read` is NULL: the bytes, which may be NULL where `size` is 0. */
  const void *data;
  size_t size;
  /* Stores up to `size` bytes at `to` and their number in *got, fewer than `size` wherever it likes
   * and 0 at the end alone. 0 on success; any other answer ends the call with XD_ERROR_IO, and the
   * message has the number. It is called until it reports the end, or until the limit of what is
   * read is passed: never again after it failed. */
  int (*read)(void *user, void *to, size_t size, size_t *got);
  void *user;
} xd_source;

#define XD_SOURCE_INIT \
  { sizeof(xd_source), NULL, NULL, 0, NULL, NULL }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_source_init(xd_source *source, size_t struct_size);

/* Where bytes are written to. Borrowed during the call. */
typedef struct xd_sink {
  /* sizeof(xd_sink) */
  size_t struct_size;
  /* How messages call it; NULL: "stream". */
  const char *name;
  /* Takes `size` > 0 bytes, all of them, in their order; called once or several times. 0 on
   * success; any other answer ends the call with XD_ERROR_IO, and it is not called again. What it
   * took before a call failed is worth nothing. */
  int (*write)(void *user, const void *data, size_t size);
  void *user;
} xd_sink;

#define XD_SINK_INIT \
  { sizeof(xd_sink), NULL, NULL, NULL }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_sink_init(xd_sink *sink, size_t struct_size);

/* Bytes that the library owns. A blob remembers the context's allocator, not the context. */
typedef struct xd_blob xd_blob;

/* An empty blob. XD_ERROR_INVALID_ARGUMENT, XD_ERROR_OUT_OF_MEMORY. The caller owns *out. */
XD_API xd_status xd_blob_create(xd_blob **out, xd_context *context);

/* Gives the memory back; sinks and sources of it end. NULL is legal. */
XD_API void xd_blob_destroy(xd_blob *blob);

/* The bytes, borrowed until the blob is written to, cleared or destroyed; NULL and 0 of an empty
 * one and of NULL. */
XD_API const void *xd_blob_data(const xd_blob *blob);

/* How many bytes it holds; 0 of NULL and of an empty one. */
XD_API size_t xd_blob_size(const xd_blob *blob);

/* Makes it empty, and keeps its memory for what comes next. NULL is legal. */
XD_API void xd_blob_clear(xd_blob *blob);

/* A sink that appends to the blob, as long as that lives. Of *out only struct_size is read.
 * XD_ERROR_INVALID_ARGUMENT (NULL, a wrong struct_size; without a context there is no message). */
XD_API xd_status xd_blob_sink(xd_blob *blob, xd_sink *out);

/* A source that reads what the blob holds now, as long as that is not changed. Of *out only
 * struct_size is read. XD_ERROR_INVALID_ARGUMENT as of xd_blob_sink. */
XD_API xd_status xd_blob_source(const xd_blob *blob, xd_source *out);

XD_END_DECLS

#endif
