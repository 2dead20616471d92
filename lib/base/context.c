/* The part of a context that knows no mathematics: its message, log and cancellation. Creating and
 * destroying a context needs the backends and stands in backend/context_opening.c. */
#include "base/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define ELLIPSIS "..."

/* Formats one line: what does not fit ends in an ellipsis, control characters (a line break in a
 * file name) become blanks. */
static void format_line(char line[XDI_MESSAGE_SIZE], const char *format, va_list arguments) {
  int length = vsnprintf(line, XDI_MESSAGE_SIZE, format, arguments);
  if (length < 0)
    line[0] = '\0';
  if (length >= XDI_MESSAGE_SIZE) {
    size_t end = XDI_MESSAGE_SIZE - sizeof ELLIPSIS;
    while (end > 0 && ((unsigned char)line[end] & 0xC0) == 0x80)
      end--; /* never half a UTF-8 character */
    memcpy(line + end, ELLIPSIS, sizeof ELLIPSIS);
  }
  for (char *c = line; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7F)
      *c = ' ';
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
  format_line(line, format, arguments);
  va_end(arguments);
  memcpy(context->message, line, strlen(line) + 1);
  send_line(context, status == XD_ERROR_CANCELLED ? XD_LOG_INFO : XD_LOG_ERROR, line);
  return status;
}

xd_status xdi_fail_memory(xd_context *context, const char *what) {
  return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while %s", what);
}

void xdi_log(xd_context *context, xd_log_level level, const char *format, ...) {
  if (!context || !context->log || level > context->log_level)
    return;
  char line[XDI_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  format_line(line, format, arguments);
  va_end(arguments);
  send_line(context, level, line);
}

xd_status xdi_check_cancelled(xd_context *context) {
  if (!context || !atomic_load_explicit(&context->cancelled, memory_order_relaxed))
    return XD_OK;
  return xdi_fail(context, XD_ERROR_CANCELLED, "the call was cancelled by xd_context_cancel");
}

void xd_context_options_init(xd_context_options *options, size_t struct_size) {
  const xd_context_options defaults = XD_CONTEXT_OPTIONS_INIT;
  xdi_hand_options(options, struct_size, &defaults, sizeof defaults);
}

const char *xd_context_message(const xd_context *context) {
  return context ? context->message : "";
}

uint32_t xd_context_threads(const xd_context *context) {
  return context ? context->runner.threads : 1;
}

void xd_context_cancel(xd_context *context) {
  if (context)
    atomic_store_explicit(&context->cancelled, true, memory_order_relaxed);
}

void xd_context_clear_cancel(xd_context *context) {
  if (context)
    atomic_store_explicit(&context->cancelled, false, memory_order_relaxed);
}
