/* Models that are loaded once, and sessions on them that calls borrow one after the other. */
#ifndef XDOMAIN_VIPS_SESSIONS_H
#define XDOMAIN_VIPS_SESSIONS_H

#include <vips/vips.h>
#include <xdomain/xdomain.h>

/* What a translator is made for, beside its model. */
typedef struct choice {
  xd_direction direction;
  xd_fit fit;
} choice;

typedef struct session {
  xd_context *context;
  xd_translator *translator;
  choice chosen;
  const xd_model *model; /* which the translator keeps alive */
  VipsImage *image;      /* that is being translated: who kills it stops the translation */
  int concurrency;       /* how many threads may work for it, the caller included */
} session;

/* An idle session on the model of that file or a new one, for the calling thread. NULL: the reason is in vips_error of
 * `domain`. Callable from any thread. */
session *session_borrow(const char *domain, const char *path, choice chosen, VipsImage *image);

/* Gives it back. */
void session_return(session *borrowed);

#endif
