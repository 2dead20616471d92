/* libxdomain: the context, one thread's runtime.
 *
 * A context carries what a computation needs from its surroundings: the compute
 * backend, the thread runner, the allocator, the log sink, the cancellation flag
 * and the message of the last failure. The library has no mutable globals: two
 * contexts never influence each other.
 *
 * Threads: a context, and whatever is created for it (translators, trainers),
 * belongs to one thread at a time. xd_context_cancel and xd_context_is_cancelled
 * alone may be called from any thread, and from a signal handler. Networks, models,
 * judges and datasets only borrow a context while they are made; afterwards they
 * are shared freely between threads and contexts. Pools may be shared by contexts of
 * any threads.
 *
 * Order: objects may be destroyed in any order. Translators and trainers keep what
 * they need of their context alive; after xd_context_destroy they can only be
 * destroyed, and their calls answer XD_ERROR_INVALID_ARGUMENT.
 *
 * Fork: a child process has no threads but the one that forked. There, contexts with
 * a pool work on the calling thread alone, with the same results, and can be
 * destroyed; a context or pool that is created in the child has threads of its own.
 * A context that another thread was using at the moment of the fork must not be used
 * in the child. What a runner or a backend of the host's does is the host's affair. */
#ifndef XDOMAIN_CONTEXT_H
#define XDOMAIN_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "export.h"
#include "status.h"

XD_BEGIN_DECLS

/* One thread's runtime. */
typedef struct xd_context xd_context;
/* Threads, shared by contexts. */
typedef struct xd_pool xd_pool;

/* ---- What the host brings ---- */

/* Where the library's memory comes from. Both functions may be called from any
 * thread that the runner uses or that destroys an object, so they must be
 * thread-safe, and `user` must outlive every object that was created with them
 * (networks and models remember their allocator). */
typedef struct xd_allocator {
  /* sizeof(xd_allocator) */
  size_t struct_size;
  void *user;
  /* `size` > 0 bytes aligned to `alignment` (a power of two, at most 64), or NULL. */
  void *(*allocate)(void *user, size_t size, size_t alignment);
  /* Takes what `allocate` gave, with the size and alignment that were asked for; never called with
   * NULL. */
  void (*release)(void *user, void *pointer, size_t size, size_t alignment);
} xd_allocator;

#define XD_ALLOCATOR_INIT \
  { sizeof(xd_allocator), NULL, NULL, NULL }
/* Sets the same bytes as the macro, both functions NULL. */
XD_API void xd_allocator_init(xd_allocator *allocator, size_t struct_size);

/* One piece of a parallel loop. Never blocks on another piece. */
typedef void (*xd_task)(void *argument, uint32_t index);

/* A parallel-for that the host supplies, to run the library's loops on its own
 * threads. `run` calls task(argument, i) once for every i in [0, count), on any
 * threads and in any order, and returns when all have ended: 0 on success,
 * another value if it could not (the call in progress then fails with
 * XD_ERROR_INTERNAL). How work is cut into pieces depends on its shape alone, so
 * the results are the same bytes whatever the runner does. */
typedef struct xd_runner {
  /* sizeof(xd_runner) */
  size_t struct_size;
  /* handed to `run` */
  void *user;
  int (*run)(void *user, xd_task task, void *argument, uint32_t count);
  /* how many pieces can make progress at once; at least 1 */
  uint32_t threads;
  /* 0 */
  uint32_t reserved;
} xd_runner;

#define XD_RUNNER_INIT \
  { sizeof(xd_runner), NULL, NULL, 1, 0 }
/* Sets the same bytes as the macro: one thread, no function yet. */
XD_API void xd_runner_init(xd_runner *runner, size_t struct_size);

/* ---- Threads ---- */

/* How many threads this process can keep busy: the processors that the calling thread may run on
 * (its affinity) or, where that is less, the quota of the process's control groups, rounded up. 1
 * to 256. Callable from any thread; it reads the system anew each time. */
XD_API uint32_t xd_usable_threads(void);

/* Threads that several contexts may share, by the option `pool`: a pool of `threads` threads, 1 to
 * 256, of which one is the thread that calls. While the loop of one context runs, the others' run
 * on their own threads alone. Where the system starts fewer threads, the pool has fewer
 * (xd_pool_threads tells) and the contexts' logs a line. The allocator is copied; NULL: the C
 * library's heap. The caller owns *out, NULL on failure. XD_ERROR_INVALID_ARGUMENT: out is NULL,
 * `threads` or the allocator wrong; XD_ERROR_OUT_OF_MEMORY. Callable from any thread. */
XD_API xd_status xd_pool_create(xd_pool **out, uint32_t threads, const xd_allocator *allocator);

/* One more owner; returns the pool. Contexts are owners too. Callable from any thread. NULL is
 * legal. */
XD_API xd_pool *xd_pool_retain(const xd_pool *pool);

/* One owner less. The last one waits for the threads to end, so it must not be one of them. NULL is
 * legal. */
XD_API void xd_pool_release(const xd_pool *pool);

/* How many threads it has, the caller's included; 0 of NULL. */
XD_API uint32_t xd_pool_threads(const xd_pool *pool);

/* ---- Messages ---- */

/* How much a line of the log matters. */
typedef uint32_t xd_log_level;
enum { XD_LOG_ERROR = 0, XD_LOG_WARNING = 1, XD_LOG_INFO = 2, XD_LOG_DEBUG = 3 };

/* Receives one line of UTF-8 without a line break, valid only during the call, on the thread that
 * uses the context. One failure gives one line. */
typedef void (*xd_log_callback)(void *user, xd_log_level level, const char *message);

/* ---- Pictures ---- */

struct xd_image; /* image.h */

/* A reader of picture files that the host brings, by libvips, GdkPixbuf or OpenCV say, so that
 * every road by which pictures come in reads WebP, TIFF or AVIF too: xd_picture_load and sets from
 * folders. Copied into the context by xd_context_options.decoder; `user` must live as long as the
 * context. */
typedef struct xd_picture_decoder {
  /* sizeof(xd_picture_decoder) */
  size_t struct_size;
  void *user;
  /* Reads a picture from the whole bytes of a file; `name` is its path or source's name, for
   * messages alone, and `pixels` how many a picture may have (picture_pixels), best looked at
   * before memory is taken. On XD_OK it has filled *view, which comes as xd_image_init leaves it,
   * turned as viewers show the picture, and put into *held whatever `release` is to give back.
   * XD_ERROR_UNSUPPORTED: not of a kind that it reads. Other statuses end the call and come back to
   * its caller; the message then ends in what was written to `reason`, at most `room` bytes with
   * the final zero. It is called on the thread that uses the context, and makes no other calls with
   * this context. */
  xd_status (*decode)(void *user, struct xd_image *view, void **held, char *reason, size_t room,
                      const char *name, const void *data, size_t size, uint64_t pixels);
  /* Called once for every XD_OK of decode, when the pixels were copied. */
  void (*release)(void *user, void *held);
  /* Endings of file names that sets from folders take for pictures beside the library's own, in any
   * case, between blanks: ".webp .tif .tiff". Must live as long as the context. NULL: none. */
  const char *endings;
  /* 1: it is asked first, and the library's own decoders when it answers XD_ERROR_UNSUPPORTED; 0:
   * it is asked for what they do not know, and for what they answer XD_ERROR_UNSUPPORTED to, as
   * JPEGs of 12 bits or with arithmetic coding. */
  uint32_t first;
  /* 0 */
  uint32_t reserved;
} xd_picture_decoder;

#define XD_PICTURE_DECODER_INIT \
  { sizeof(xd_picture_decoder), NULL, NULL, NULL, NULL, 0, 0 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_picture_decoder_init(xd_picture_decoder *decoder, size_t struct_size);

/* How many pixels a decoded picture may have where the context does not say: 2^26. */
#define XD_PICTURE_PIXELS 67108864

/* ---- The context ---- */

struct xd_backend_table; /* sys/backend.h */
struct xd_layer_table; /* sys/layer.h */

/* The defaults of network_work and network_memory: 2^35 multiplications, some seconds of one
 * thread, and 128 MiB. */
#define XD_NETWORK_WORK 34359738368
#define XD_NETWORK_MEMORY 134217728

/* What a context is opened with. */
typedef struct xd_context_options {
  /* sizeof(xd_context_options), so that later versions can append */
  size_t struct_size;
  /* "auto" or NULL: the fastest here. Built in: "native", "openblas" (if built with
   * it; XD_ERROR_NOT_FOUND where the loader finds no OpenBLAS, which is loaded when this
   * backend is opened and stays), "reference", and "native" held to lesser instructions
   * (xd_context_builtin_backend lists all). A name in `backends` below wins over a
   * built-in one. */
  const char *backend;
  /* Without a runner or a pool: 0 or 1 keeps all work on the calling thread, the default; more
   * creates a pool of that size that counts the caller as one, or of fewer where the system refuses
   * threads, with a warning in the log. At most 256; xd_usable_threads says how many are worth
   * it. */
  uint32_t threads;
  /* the most detailed level that is reported */
  xd_log_level log_level;
  /* copied; NULL: `pool` or `threads` decides */
  const xd_runner *runner;
  /* threads shared with other contexts, which the context becomes an owner of; NULL: `threads`
   * decides. Not together with a runner. */
  const xd_pool *pool;
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
  /* Where a failing xd_context_create writes its message, at most message_size bytes with the final
   * zero; on success "". NULL: not wanted. */
  char *message;
  size_t message_size;
  /* What a network from a file may cost, for files that are not trusted: a file of a few kilobytes
   * can ask for minutes and gigabytes a picture. Multiplications for one picture or code, and bytes
   * of memory beside the weights, which a batch multiplies; beyond them, loading gives
   * XD_ERROR_TOO_LARGE. 0: XD_NETWORK_WORK and XD_NETWORK_MEMORY; UINT64_MAX: without limit. */
  uint64_t network_work;
  uint64_t network_memory;
  /* A reader of picture files that the host brings, for kinds that the library does not know, or
   * for all; copied. NULL: none. */
  const xd_picture_decoder *decoder;
  /* How many pixels a picture may have that is decoded with this context, 1 to 2^28: a file of a
   * few kilobytes can promise far more than its reader has memory for. Decoding takes about twice
   * the picture's memory, beside the file's own bytes. 0: XD_PICTURE_PIXELS. */
  uint64_t picture_pixels;
  /* Asked wherever a call looks whether it was cancelled, on the thread that made the call, never
   * on the runner's or the pool's; nonzero stops that call with XD_ERROR_CANCELLED, as
   * xd_context_cancel would, and no later one. So a host can look at a flag or a clock of its own.
   * That is between the layers of a network, the rows of a picture and the like, thousands of times
   * a second: it answers fast, and makes no calls with this context. NULL: nobody is asked. */
  int (*should_stop)(void *user);
  void *should_stop_user;
} xd_context_options;

/* Defaults: backend "auto", the caller's thread alone, the C heap, no log. The
 * macro and the function set the same bytes. */
#define XD_CONTEXT_OPTIONS_INIT \
  { \
    sizeof(xd_context_options), NULL, 0, XD_LOG_INFO, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, \
        0, NULL, 0, 0, 0, NULL, 0, NULL, NULL \
  }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_context_options_init(xd_context_options *options, size_t struct_size);

/* Creates a context; NULL options are the defaults. On failure *out is NULL and,
 * there being no context to ask, options->message and the log callback, where given
 * within struct_size, say why:
 * XD_ERROR_NOT_FOUND no backend of that name; XD_ERROR_UNSUPPORTED the backend
 * cannot run on this machine, a table of an older version, or options that ask for
 * what only a newer library knows; XD_ERROR_VERSION_TOO_NEW a table of a newer version;
 * XD_ERROR_BAD_DATA a table of another size, or that lacks a slot it needs;
 * XD_ERROR_OUT_OF_MEMORY; XD_ERROR_INVALID_ARGUMENT. */
XD_API xd_status xd_context_create(xd_context **out, const xd_context_options *options);

/* Destroys the context; NULL is legal. Translators and trainers made for it may be destroyed later;
 * nothing else can be done with them then, and the log and the host's runner are not called any
 * more. Models, networks and datasets live on. */
XD_API void xd_context_destroy(xd_context *context);

/* Why the last failing call with this context failed, in one English sentence
 * with the file, field and value at fault. UTF-8 of at most 511 bytes: control characters and
 * bytes that are no UTF-8 are written \xNN, numbers have a decimal point in any locale, and of a
 * sentence that is too long (of a long path) the middle is left out. Never NULL; "" when nothing
 * failed yet. Borrowed: valid until the next call with this context. A call that succeeds leaves it
 * alone. */
XD_API const char *xd_context_message(const xd_context *context);

/* The backend that runs, e.g. "native"; "" of NULL. Borrowed from the context. */
XD_API const char *xd_context_backend_name(const xd_context *context);

/* How many threads the context's loops may use. */
XD_API uint32_t xd_context_threads(const xd_context *context);

/* The names of the built-in backends that this processor can run, best first; NULL beyond the last.
 * "native:avx512", "native:avx2", "native:neon" and "native:portable" are "native" held to the
 * instructions named. */
XD_API const char *xd_context_builtin_backend(uint32_t index);

/* Asks the call that runs with this context to stop soon with
 * XD_ERROR_CANCELLED; the request stays until xd_context_clear_cancel, and calls that come later
 * stop as well. Every call that runs networks, reads sets or files or trains looks at it, single
 * steps too; a picture's file that is being unpacked is finished first. Callable from any thread
 * and from a signal handler; NULL is legal. */
XD_API void xd_context_cancel(xd_context *context);

/* Takes the request back. On the context's thread; NULL is legal. */
XD_API void xd_context_clear_cancel(xd_context *context);

/* Whether the request stands: 1 or 0. Callable from any thread and from a signal handler. */
XD_API int xd_context_is_cancelled(const xd_context *context);

XD_END_DECLS

#endif
