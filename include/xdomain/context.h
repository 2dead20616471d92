/* libxdomain: the context, one thread's runtime.
 *
 * A context carries what a computation needs from its surroundings: the compute
 * backend, the thread runner, the allocator, the log sink, the cancellation flag
 * and the message of the last failure. The library has no mutable globals: two
 * contexts never influence each other.
 *
 * Threads: a context, and whatever is created for it (translators, trainers),
 * belongs to one thread at a time. xd_context_cancel alone may be called from
 * any thread and from a signal handler. Networks, models, judges and
 * datasets only borrow a context while they are made; afterwards they are shared
 * freely between threads and contexts. */
#ifndef XDOMAIN_CONTEXT_H
#define XDOMAIN_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "export.h"
#include "status.h"

XD_BEGIN_DECLS

typedef struct xd_context xd_context;

/* Where the library's memory comes from. Both functions may be called from any
 * thread that the runner uses or that destroys an object, so they must be
 * thread-safe, and `user` must outlive every object that was created with them
 * (networks and models remember their allocator). */
typedef struct xd_allocator {
  void *user;
  /* `size` > 0 bytes aligned to `alignment` (a power of two, at most 64), or NULL. */
  void *(*allocate)(void *user, size_t size, size_t alignment);
  /* Takes what `allocate` gave; never called with NULL. */
  void (*release)(void *user, void *pointer);
} xd_allocator;

/* One piece of a parallel loop. Never blocks on another piece. */
typedef void (*xd_task)(void *argument, uint32_t index);

/* A parallel-for that the host supplies, to run the library's loops on its own
 * threads. `run` calls task(argument, i) once for every i in [0, count), on any
 * threads and in any order, and returns when all have ended: 0 on success,
 * another value if it could not (the call in progress then fails with
 * XD_ERROR_INTERNAL). How work is cut into pieces depends on its shape alone, so
 * the results are the same bytes whatever the runner does. */
typedef struct xd_runner {
  void *user;
  int (*run)(void *user, xd_task task, void *argument, uint32_t count);
  /* how many pieces can make progress at once; at least 1 */
  uint32_t threads;
} xd_runner;

typedef uint32_t xd_log_level;
enum { XD_LOG_ERROR = 0, XD_LOG_WARNING = 1, XD_LOG_INFO = 2, XD_LOG_DEBUG = 3 };

/* Receives one line without a line break, valid only during the call, on the
 * thread that uses the context. */
typedef void (*xd_log_callback)(void *user, xd_log_level level, const char *message);

struct xd_backend_table; /* sys/backend.h */
struct xd_layer_table; /* sys/layer.h */

typedef struct xd_context_options {
  /* sizeof(xd_context_options), so that later versions can append */
  size_t struct_size;
  /* "auto" or NULL: the fastest here. Built in: "native", "openblas" (if built with
   * it; XD_ERROR_NOT_FOUND where the loader finds no OpenBLAS, which is loaded when this
   * backend is opened and stays), "reference", and "native" held to lesser instructions
   * (xd_context_builtin_backend lists all). A name in `backends` below wins over a
   * built-in one. */
  const char *backend;
  /* Without a runner: 0 or 1 keeps all work on the calling thread, the default; more
   * creates a pool of that size that counts the caller as one. At most 256. */
  uint32_t threads;
  /* xd_log_level: the most detailed level that is reported */
  uint32_t log_level;
  /* copied; NULL: `threads` decides */
  const xd_runner *runner;
  /* copied; NULL: the C library's heap */
  const xd_allocator *allocator;
  /* NULL: no log */
  xd_log_callback log;
  void *log_user;
  /* Backends and layers that the host brings (sys/backend.h, sys/layer.h); the
   * arrays are copied, the tables must outlive the context and, for layers, every
   * network that uses them. */
  const struct xd_backend_table *const *backends;
  const struct xd_layer_table *const *layers;
  uint32_t backend_count;
  uint32_t layer_count;
} xd_context_options;

/* Defaults: backend "auto", the caller's thread alone, the C heap, no log. The
 * macro and the function set the same bytes. */
#define XD_CONTEXT_OPTIONS_INIT \
  { sizeof(xd_context_options), NULL, 0, XD_LOG_INFO, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0 }
XD_API void xd_context_options_init(xd_context_options *options, size_t struct_size);

/* Creates a context; NULL options are the defaults. On failure *out is NULL and,
 * there being no context to ask, the status alone (and the log callback, if one
 * was given) says why:
 * XD_ERROR_NOT_FOUND no backend of that name; XD_ERROR_UNSUPPORTED the backend
 * cannot run on this machine, or a table of an older version; XD_ERROR_VERSION_TOO_NEW
 * a table of a newer one; XD_ERROR_BAD_DATA a table of another size, or that lacks a
 * slot it needs; XD_ERROR_OUT_OF_MEMORY; XD_ERROR_INVALID_ARGUMENT. */
XD_API xd_status xd_context_create(xd_context **out, const xd_context_options *options);

/* Destroys the context; NULL is legal. Translators and trainers made for it must
 * be gone by then; models, networks and datasets may live on. */
XD_API void xd_context_destroy(xd_context *context);

/* Why the last failing call with this context failed, in one English sentence
 * with the file, field and value at fault. Never NULL; "" when nothing failed
 * yet. Borrowed: valid until the next call with this context. A call that
 * succeeds leaves it alone. */
XD_API const char *xd_context_message(const xd_context *context);

/* The backend that runs, e.g. "native"; and a line on why and how it was chosen,
 * e.g. "native: AVX-512 kernels, ahead of OpenBLAS's, which was not loaded". Borrowed
 * from the context. */
XD_API const char *xd_context_backend_name(const xd_context *context);
XD_API const char *xd_context_backend_detail(const xd_context *context);

/* How many threads the context's loops may use. */
XD_API uint32_t xd_context_threads(const xd_context *context);

/* The names of the built-in backends that this processor can run, best first; NULL beyond the last.
 * "native:avx512", "native:avx2", "native:neon" and "native:portable" are "native" held to the
 * instructions named. */
XD_API const char *xd_context_builtin_backend(uint32_t index);

/* Asks the call that runs with this context to stop soon with
 * XD_ERROR_CANCELLED; the request stays until xd_context_clear_cancel. Callable
 * from any thread and from a signal handler. Long calls (training, evaluation,
 * dataset reading, batches) look at it between steps. */
XD_API void xd_context_cancel(xd_context *context);
XD_API void xd_context_clear_cancel(xd_context *context);

XD_END_DECLS

#endif
