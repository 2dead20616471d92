/* The context a command runs on, and what becomes of failures and interrupts. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* The signal handler has no argument, so the context it cancels must be here. */
static xd_context *interruptible;

static void interrupt(int number) {
  (void)number;
  if (interruptible)
    xd_context_cancel(interruptible);
}

static void print_log(void *user, xd_log_level level, const char *message) {
  static const char *const names[] = {"error", "warning", "info", "debug"};
  (void)user;
  fprintf(stderr, "xdomain: %s: %s\n", names[level], message);
}

bool start_runtime(runtime *r) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  options.backend = r->backend;
  options.threads = r->threads ? r->threads : processors > 0 ? (uint32_t)processors : 1;
  if (options.threads > 256)
    options.threads = 256;
  if (r->verbose) {
    options.log = print_log;
    options.log_level = XD_LOG_DEBUG;
  }
  xd_status status = xd_context_create(&r->context, &options);
  if (status) {
    fprintf(stderr, "xdomain: cannot use backend '%s' with %u threads: %s\n",
            r->backend ? r->backend : "auto", options.threads, xd_status_text(status));
    return false;
  }
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = interrupt;
  action.sa_flags = (int)SA_RESETHAND; /* a second interrupt ends the process as usual */
  interruptible = r->context;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  return true;
}

void stop_runtime(runtime *r) {
  interruptible = NULL;
  xd_context_destroy(r->context);
  r->context = NULL;
}

int report_failure(const runtime *r, xd_status status) {
  const char *message = xd_context_message(r->context);
  fprintf(stderr, "xdomain: %s (%s)\n", message[0] ? message : xd_status_text(status),
          xd_status_name(status));
  return status == XD_ERROR_CANCELLED ? EXIT_CANCELLED : EXIT_FAILED;
}
