/* The part of a context that knows no mathematics: its message, log, cancellation and owners. Creating one
 * needs the backends and stands in backend/context_opening.c. */
#include "base/context.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/runner.h"
#include "base/sized.h"
#include "base/text.h"

/* ---- messages ---- */

/* A number has a decimal point under the host's locale, too. */
static int format_plainly(char *to, size_t room, const char *format, va_list arguments) {
  const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  const locale_t before = plain ? uselocale(plain) : (locale_t)0;
  const int length = vsnprintf(to, room, format, arguments);
  if (plain) {
    uselocale(before);
    freelocale(plain);
  }
  return length;
}

/* Formats one line. A raw text that is longer than most (a path of the caller's may have any length) takes
 * memory for a moment, so that its end, the reason, is kept; without memory its start is. */
static void format_line(const xd_allocator *allocator, char line[XDI_MESSAGE_SIZE], const char *format,
                        va_list arguments) {
  char raw[2 * XDI_MESSAGE_SIZE], *whole = NULL;
  va_list again;
  va_copy(again, arguments);
  const int length = format_plainly(raw, sizeof raw, format, arguments);
  size_t size = length < 0 ? 0 : (size_t)length;
  if (size >= sizeof raw && (whole = xdi_allocate(allocator, size + 1, 1)) != NULL)
    format_plainly(whole, size + 1, format, again);
  else if (size >= sizeof raw)
    size = sizeof raw - 1;
  va_end(again);
  xdi_text_show(line, XDI_MESSAGE_SIZE, whole ? whole : raw, size);
  xdi_release(allocator, whole);
}

static void send_line(const xd_context *context, xd_log_level level, const char *line) {
  if (context->log && level <= context->log_level)
    context->log(context->log_user, level, line);
}

xd_status xdi_fail(xd_context *context, xd_status status, const char *format, ...) {
  if (!context)
    return status;
  char line[XDI_MESSAGE_SIZE]; /* apart from the context's, which may be among the arguments */
  va_list arguments;
  va_start(arguments, format);
  format_line(&context->allocator, line, format, arguments);
  va_end(arguments);
  memcpy(context->message, line, strlen(line) + 1);
  if (context->silence == 0)
    send_line(context, status == XD_ERROR_CANCELLED ? XD_LOG_INFO : XD_LOG_ERROR, line);
  return status;
}

xd_status xdi_fail_memory(xd_context *context, const char *what) {
  return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while %s", what);
}

void xdi_silence(xd_context *context) {
  context->silence++;
}

void xdi_speak(xd_context *context) {
  context->silence--;
}

void xdi_log(xd_context *context, xd_log_level level, const char *format, ...) {
  if (!context || !context->log || level > context->log_level)
    return;
  char line[XDI_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  format_line(&context->allocator, line, format, arguments);
  va_end(arguments);
  send_line(context, level, line);
}

const char *xd_context_message(const xd_context *context) {
  return context ? context->message : "";
}

/* ---- cancellation ---- */

xd_status xdi_check_cancelled(xd_context *context) {
  if (context && context->closed)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the context was destroyed before this call");
  if (!context || !atomic_load_explicit(&context->cancelled, memory_order_relaxed))
    return XD_OK;
  return xdi_fail(context, XD_ERROR_CANCELLED, "the call was cancelled by xd_context_cancel");
}

void xd_context_cancel(xd_context *context) {
  if (context)
    atomic_store_explicit(&context->cancelled, true, memory_order_relaxed);
}

void xd_context_clear_cancel(xd_context *context) {
  if (context)
    atomic_store_explicit(&context->cancelled, false, memory_order_relaxed);
}

int xd_context_is_cancelled(const xd_context *context) {
  return context && atomic_load_explicit(&context->cancelled, memory_order_relaxed);
}

/* ---- owners ---- */

xd_context *xdi_context_retain(xd_context *context) {
  atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
  return context;
}

void xdi_context_release(xd_context *context) {
  if (!context || atomic_fetch_sub_explicit(&context->references, 1, memory_order_acq_rel) != 1)
    return;
  if (context->backend)
    context->table.close(context->backend);
  xd_pool_release(context->pool);
  const xd_allocator allocator = context->allocator;
  xdi_release(&allocator, context->layers);
  xdi_release(&allocator, context);
}

/* The host's log and runner may go with its context, so that they are not called any more. */
void xd_context_destroy(xd_context *context) {
  if (!context)
    return;
  context->closed = true;
  context->log = NULL;
  if (!context->pool)
    context->runner = xdi_serial_runner;
  xdi_context_release(context);
}

/* ---- questions ---- */

void xd_context_options_init(xd_context_options *options, size_t struct_size) {
  const xd_context_options defaults = XD_CONTEXT_OPTIONS_INIT;
  xdi_sized_write(options, struct_size, &defaults, sizeof defaults);
}

void xd_allocator_init(xd_allocator *allocator, size_t struct_size) {
  const xd_allocator defaults = XD_ALLOCATOR_INIT;
  xdi_sized_write(allocator, struct_size, &defaults, sizeof defaults);
}

void xd_runner_init(xd_runner *runner, size_t struct_size) {
  const xd_runner defaults = XD_RUNNER_INIT;
  xdi_sized_write(runner, struct_size, &defaults, sizeof defaults);
}

uint32_t xd_context_threads(const xd_context *context) {
  return context ? context->runner.threads : 1;
}
