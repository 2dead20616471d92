/* The context a command runs on, and what becomes of failures and signals. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define THREAD_LIMIT 256

/* ---- Signals: the first one stops the call in progress, a second one the process ---- */

/* A signal handler has no argument, so what it needs must be here. */
static xd_context *interruptible;
static volatile sig_atomic_t stopped_by;

static void interrupt(int number) {
  const int error = errno;
  if (stopped_by || !interruptible)
    _exit(EXIT_SIGNAL + number);
  stopped_by = number;
  xd_context_cancel(interruptible);
  errno = error;
}

/* A hang-up that the caller has told to ignore, as nohup does, stays ignored. */
static void catch_signals(void) {
  struct sigaction action, old;
  memset(&action, 0, sizeof action);
  action.sa_handler = interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &action, NULL);
}

int signal_received(void) {
  return stopped_by;
}

/* ---- The context ---- */

static void print_log(void *user, xd_log_level level, const char *message) {
  static const char *const names[] = {"error", "warning", "info", "debug"};
  const runtime *r = user;
  if (r->verbose || (level == XD_LOG_WARNING && !r->hushed)) /* errors are reported by the command */
    notice("%s: %s", level < sizeof names / sizeof *names ? names[level] : "log", message);
}

/* A backend in a shared object, which like a command's name is a file where it has a slash. */
static bool open_library(runtime *r) {
  char why[512] = "";
  if (!r->backend || !strchr(r->backend, '/'))
    return true;
  const xd_status status = xd_backend_library_open(&r->library, why, sizeof why, r->backend);
  if (status) {
    failure("%s (%s)", why[0] ? why : xd_status_text(status), xd_status_name(status));
    return false;
  }
  r->table = xd_backend_library_table(r->library);
  return true;
}

void choose_backend(const runtime *r, xd_context_options *options) {
  options->backend = r->table ? r->table->name : r->backend;
  options->backends = r->table ? &r->table : NULL;
  options->backend_count = r->table ? 1 : 0;
}

bool start_runtime(runtime *r) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  char message[512] = "";
  const uint32_t threads = r->threads ? r->threads : xd_usable_threads();
  if (!open_library(r))
    return false;
  choose_backend(r, &options);
  options.threads = threads < THREAD_LIMIT ? threads : THREAD_LIMIT;
  options.message = message;
  options.message_size = sizeof message;
  options.decoder = picture_decoder();
  options.log = print_log;
  options.log_user = r;
  options.log_level = r->verbose ? XD_LOG_DEBUG : XD_LOG_WARNING;
  const xd_status status = xd_context_create(&r->context, &options);
  if (status) {
    failure("%s (%s)", message[0] ? message : xd_status_text(status), xd_status_name(status));
    return false;
  }
  interruptible = r->context;
  catch_signals();
  return true;
}

void stop_runtime(runtime *r) {
  interruptible = NULL;
  xd_context_destroy(r->context);
  r->context = NULL;
  xd_backend_library_close(r->library);
  r->library = NULL;
  free(r->refusal);
  r->refusal = NULL;
}

xd_status refuse_with(runtime *r, xd_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  free(r->refusal);
  r->refusal = make_message(format, arguments);
  va_end(arguments);
  return r->refusal ? status : XD_ERROR_OUT_OF_MEMORY;
}

const char *failure_text(const runtime *r, xd_status status) {
  static const char of_memory[] = "out of memory";
  const char *message = r->refusal ? r->refusal : xd_context_message(r->context);
  const bool unrelated = status == XD_ERROR_OUT_OF_MEMORY && strncmp(message, of_memory, strlen(of_memory));
  return message[0] && !unrelated ? message : xd_status_text(status);
}

int report_failure(const runtime *r, xd_status status) {
  if (status == XD_ERROR_CANCELLED && stopped_by) {
    failure("stopped: %s", strsignal(stopped_by));
    return EXIT_SIGNAL + stopped_by;
  }
  return failure("%s (%s)", failure_text(r, status), xd_status_name(status));
}
