/* What a context says: why a call failed, and lines for the host's log. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/plain.h"
#include "base/text.h"

/* A number has a decimal point under the host's locale, too. */
static int format_plainly(char *to, size_t room, const char *format, va_list arguments) {
  const xdi_plain plain = xdi_plain_begin();
  const int length = vsnprintf(to, room, format, arguments);
  xdi_plain_end(plain);
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

xd_status xdi_check_open(xd_context *context) {
  if (context && context->closed)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the context was destroyed before this call");
  return XD_OK;
}

xd_status xdi_check_cancelled(xd_context *context) {
  const xd_status status = xdi_check_open(context);
  if (status != XD_OK || !context || context->deaf)
    return status;
  if (atomic_load_explicit(&context->cancelled, memory_order_relaxed))
    return xdi_fail(context, XD_ERROR_CANCELLED, "the call was cancelled by xd_context_cancel");
  if (context->should_stop && context->should_stop(context->should_stop_user))
    return xdi_fail(context, XD_ERROR_CANCELLED, "the call was stopped by the host's should_stop");
  return XD_OK;
}
