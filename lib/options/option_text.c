/* Options as text: "name = value", one or several on a line, comments from "#" to the line's end. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "options/options.h"
#include "xdomain/unstable/presets.h"

#define FILE_LIMIT ((size_t)1 << 20)

/* ---- Reading ---- */

/* Where the reader is. */
typedef struct reader {
  const char *at;
  uint32_t line;
} reader;

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

/* Passes over blanks, and over comments if `comments`. */
static void skip(reader *input, bool comments) {
  for (; is_blank(*input->at) || (comments && *input->at == '#'); input->at++) {
    if (*input->at == '#')
      input->at += strcspn(input->at, "\n");
    if (*input->at == '\n')
      input->line++;
    if (*input->at == '\0')
      return;
  }
}

/* Blanks within a line. */
static void skip_blanks(reader *input) {
  while (*input->at == ' ' || *input->at == '\t')
    input->at++;
}

/* The length of a name or a value that begins here. */
static size_t measure_word(const reader *input) {
  return strcspn(input->at, " \t\r\n\f\v=#");
}

static xd_status refuse(xd_context *context, const char *what) {
  return xdi_fail(context, XD_ERROR_BAD_DATA, "%s", what);
}

/* One assignment, from its name on. */
static xd_status read_assignment(reader *input, double *values, xd_context *context,
                                 const xd_options *options) {
  xdi_option_place place;
  const char *name = input->at;
  const size_t name_length = measure_word(input);
  if (name_length == 0)
    return refuse(context, "an option's name is missing before the \"=\"");
  input->at += name_length;
  skip_blanks(input);
  if (*input->at != '=')
    return refuse(context, "an option's name must be followed by \"= value\"");
  input->at++;
  skip_blanks(input);
  const char *value = input->at;
  const size_t length = measure_word(input);
  if (length == 0)
    return refuse(context, "a value is missing behind the \"=\"");
  input->at += length;
  xd_status status = xdi_find_option(&place, context, options, name, name_length);
  return status == XD_OK ? xdi_set_text(values, context, &place, value, length) : status;
}

/* `path` is that of a file, or NULL; the context may be NULL. */
static xd_status read_text(xd_options *options, xd_context *context, const char *text, const char *path) {
  static const char byte_order_mark[] = "\xEF\xBB\xBF";
  double values[XDI_OPTION_LIMIT];
  reader input = {.at = text, .line = 1};
  xd_status status = XD_OK;
  memcpy(values, options->values, sizeof values);
  if (strncmp(input.at, byte_order_mark, sizeof byte_order_mark - 1) == 0)
    input.at += sizeof byte_order_mark - 1;
  if (context)
    xdi_silence(context);
  skip(&input, true);
  while (status == XD_OK && *input.at) {
    status = read_assignment(&input, values, context, options);
    if (status == XD_OK)
      skip(&input, true);
  }
  if (context)
    xdi_speak(context);
  if (status == XD_OK)
    memcpy(options->values, values, sizeof values);
  if (status == XD_OK || !context)
    return status;
  return path ? xdi_fail(context, status, "%s, line %u: %s", path, input.line, context->message)
              : xdi_fail(context, status, "line %u: %s", input.line, context->message);
}

xd_status xd_options_read(xd_options *options, xd_context *context, const char *text) {
  if (!options || !text)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_options_read: options or text is NULL");
  return read_text(options, context, text, NULL);
}

xd_status xd_options_load(xd_options *options, xd_context *context, const char *path) {
  unsigned char *data = NULL;
  char *text = NULL;
  size_t size = 0;
  if (!options || !context || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_options_load: options, context or path is NULL");
  xd_status status = xdi_file_read(context, path, FILE_LIMIT, &data, &size);
  if (status != XD_OK)
    return status;
  text = xdi_allocate(&context->allocator, size + 1, 1);
  if (!text)
    status = xdi_fail_memory(context, "reading options");
  if (status == XD_OK) {
    memcpy(text, data, size);
    text[size] = '\0';
    status = strlen(text) == size ? read_text(options, context, text, path)
                                  : xdi_fail(context, XD_ERROR_BAD_DATA, "%s has a zero byte", path);
  }
  xdi_release(&context->allocator, text);
  xdi_release(&context->allocator, data);
  return status;
}

xd_status xd_options_apply_preset(xd_options *options, xd_context *context, const char *name) {
  if (!options || !name)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_options_apply_preset: options or name is NULL");
  const char *text = xd_options_preset_text(options->group->name, name);
  if (!text)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "group '%s' has no preset '%s'", options->group->name, name);
  return read_text(options, context, text, NULL);
}

/* ---- Writing ---- */

/* A text that grows in the caller's memory; beyond it, it is only measured. */
typedef struct writer {
  char *to;
  size_t size, length;
} writer;

static void put(writer *output, const char *text) {
  const size_t length = strlen(text);
  if (output->length + length < output->size)
    memcpy(output->to + output->length, text, length + 1);
  output->length += length;
}

static void put_assignment(writer *output, const char *scope, const xdi_option_row *row, double value) {
  char text[XD_OPTION_TEXT_SIZE];
  xdi_write_value(text, row, value);
  if (scope[0]) {
    put(output, scope);
    put(output, ".");
  }
  put(output, row->name);
  put(output, " = ");
  put(output, text);
  put(output, "\n");
}

/* Whether the section's twin, next to it, has the same value: both are then said at once. */
static bool is_shared(const xd_options *options, uint32_t section, uint32_t row) {
  const xdi_option_group *group = options->group;
  const xdi_option_section *mine = &group->sections[section];
  if (mine->scope[0] == '\0')
    return false;
  const uint32_t twin = xdi_section_is_second(group, section) ? section - 1 : section + 1;
  return xdi_same_value(&mine->rows[row], options->values[xdi_section_first(group, section) + row],
                        options->values[xdi_section_first(group, twin) + row]);
}

static void put_section(writer *output, const xd_options *options, uint32_t section) {
  const xdi_option_section *rows = &options->group->sections[section];
  const uint32_t first = xdi_section_first(options->group, section);
  for (uint32_t i = 0; i < rows->count; i++) {
    const xdi_option_row *row = &rows->rows[i];
    const double value = options->values[first + i];
    const bool shared = is_shared(options, section, i);
    if (xdi_same_value(row, value, row->initial) ||
        (shared && xdi_section_is_second(options->group, section)))
      continue;
    put_assignment(output, shared ? rows->both : rows->scope, row, value);
  }
}

xd_status xd_options_write(const xd_options *options, xd_context *context, char *to, size_t size,
                           size_t *length) {
  if (length)
    *length = 0;
  if (!options || (!to && size > 0))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_options_write: options or to is NULL");
  writer output = {.to = to, .size = size, .length = 0};
  if (size > 0)
    to[0] = '\0';
  for (uint32_t section = 0; section < options->group->section_count; section++)
    put_section(&output, options, section);
  if (length)
    *length = output.length;
  if (!to || output.length < size)
    return XD_OK;
  to[0] = '\0';
  return xdi_fail(context, XD_ERROR_TOO_LARGE, "xd_options_write: %zu bytes have no room for %zu", size,
                  output.length);
}
