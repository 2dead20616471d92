/* What a context holds, and the one way to report a failure. */
#ifndef XDI_BASE_CONTEXT_H
#define XDI_BASE_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/owners.h"
#include "xdomain/context.h"
#include "xdomain/sys/backend.h"
#include "xdomain/unstable/reduce.h"

#define XDI_MESSAGE_SIZE 512
#define XDI_DETAIL_SIZE 256

/* Formats are the C standard's, also where the system has its own. */
#ifdef __MINGW32__
#define XDI_PRINTF gnu_printf
#else
#define XDI_PRINTF printf
#endif

struct xd_context {
  xd_allocator allocator;
  xd_runner runner; /* the host's, the pool's or the serial one; always callable */
  /* The same for the backend: where `may_stop`, the other pieces of a cancelled loop do nothing. */
  xd_runner guard;
  bool may_stop; /* what runs now may be left half done */
  bool deaf;     /* what runs now is not cancelled: other ranks would wait for it */
  const xd_pool *pool;
  xd_log_callback log;
  void *log_user;
  xd_log_level log_level;
  atomic_bool cancelled;
  int (*should_stop)(void *user); /* the host's, or NULL; asked on the context's thread alone */
  void *should_stop_user;
  xdi_owners references; /* of the host, until xd_context_destroy, and of what was made for the context */
  bool closed;           /* xd_context_destroy was called; only what was made for it is left */
  uint32_t silence;      /* failures are not logged while it is not 0 */
  char message[XDI_MESSAGE_SIZE];
  uint64_t max_work, max_memory;      /* of a network from a file */
  uint64_t swept_device, swept_inode; /* the folder that was last looked at for left temporaries */
  xd_backend_table table;             /* every slot filled */
  xd_backend_host host;               /* what the backend was opened with */
  xd_backend *backend;
  char backend_detail[XDI_DETAIL_SIZE];
  const struct xd_layer_table **layers; /* the host's */
  uint32_t layer_count;
  xd_picture_decoder decoder; /* the host's; without a function where there is none */
  uint64_t picture_pixels;    /* the most that a decoded picture may have */
  xd_reduce reduce;           /* between the ranks of trainings; one rank: there are no others */
};

/* Records the message (printf-like) for xd_context_message, logs it as an error (a cancellation as
 * information), and returns `status`. The arguments may contain the context's present message. Without a
 * context it only returns `status`. */
xd_status xdi_fail(xd_context *context, xd_status status, const char *format, ...)
    __attribute__((format(XDI_PRINTF, 3, 4)));

/* xdi_fail with the standard sentence: "out of memory while <what>". */
xd_status xdi_fail_memory(xd_context *context, const char *what);

/* Between the two, failures set the message but are not logged: for calls whose failure their caller says
 * again in better words, so that one failure logs one line. */
void xdi_silence(xd_context *context);
void xdi_speak(xd_context *context);

/* One owner more or less of a context's core, which lives until the last one goes: translators and trainers
 * may be destroyed after xd_context_destroy. Nothing else can be done with them then. NULL is legal for
 * release. */
xd_context *xdi_context_retain(xd_context *context);
void xdi_context_release(xd_context *context);

/* One line for the host's log; nothing without a context or a callback. */
void xdi_log(xd_context *context, xd_log_level level, const char *format, ...)
    __attribute__((format(XDI_PRINTF, 3, 4)));

/* A runner that stands before the context's: see `guard`. A loop that was cut short fails. */
xd_runner xdi_guard_runner(xd_context *context);

/* XD_OK, or XD_ERROR_INVALID_ARGUMENT with its message when the host destroyed the context. */
xd_status xdi_check_open(xd_context *context);

/* The same, or XD_ERROR_CANCELLED with its message when the host asked to stop. On the context's thread. */
xd_status xdi_check_cancelled(xd_context *context);

#endif
