/* Reading a line of text that describes a set: a kind, its files, then options between semicolons; or several such
 * parts between bars. The line is cut in a copy. */
#include "data/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/mark.h"
#include "image/view.h"
#include "xdomain/unstable/spec.h"

static xd_status fail_word(const xdi_spec *spec, const char *word, const char *why) {
  return xdi_fail(spec->context, XD_ERROR_INVALID_ARGUMENT, "dataset: '%s' %s", word, why);
}

/* ---- numbers ---- */

static bool read_whole(const char *text, uint64_t limit, uint64_t *out) {
  const char *end = xdi_read_number(text, limit, out);
  return end && *end == '\0';
}

/* "7" or "5-7", ended by a comma or the text's end. */
static const char *read_range(const char *text, uint64_t *from, uint64_t *to) {
  const char *end = xdi_read_number(text, XD_CLASS_LIMIT - 1, from);
  *to = *from;
  if (end && *end == '-')
    end = xdi_read_number(end + 1, XD_CLASS_LIMIT - 1, to);
  return end && *from <= *to && (*end == ',' || *end == '\0') ? end : NULL;
}

/* ---- options ---- */

static bool set_classes(xdi_spec *spec, const char *value) {
  for (;;) {
    uint64_t from = 0, to = 0;
    const char *end = read_range(value, &from, &to);
    if (!end)
      return false;
    for (uint64_t label = from; label <= to; label++) {
      if (!spec->keeps[label])
        spec->classes[spec->class_count++] = (uint32_t)label;
      spec->keeps[label] = true;
    }
    if (*end == '\0')
      return true;
    value = end + 1;
  }
}

static bool set_count(uint32_t *to, const char *value) {
  uint64_t number;
  if (!read_whole(value, UINT32_MAX, &number) || number == 0)
    return false;
  *to = (uint32_t)number;
  return true;
}

static bool set_first(xdi_spec *spec, const char *value) {
  return set_count(&spec->first, value);
}

static bool set_subset(xdi_spec *spec, const char *value) {
  return set_count(&spec->subset, value);
}

static bool set_size(xdi_spec *spec, const char *value) {
  uint64_t width, height;
  const char *end = xdi_read_number(value, XDI_SIDE_LIMIT, &width);
  if (!end || *end != 'x' || !read_whole(end + 1, XDI_SIDE_LIMIT, &height) || width == 0 || height == 0)
    return false;
  spec->options.width = (uint32_t)width;
  spec->options.height = (uint32_t)height;
  return true;
}

static bool set_fit(xdi_spec *spec, const char *value) {
  return xd_fit_from_name(&spec->options.fit, value) == XD_OK;
}

static bool set_bad(xdi_spec *spec, const char *value) {
  spec->options.skip_bad = strcmp(value, "skip") == 0;
  return spec->options.skip_bad || strcmp(value, "refuse") == 0;
}

static bool set_channels(xdi_spec *spec, const char *value) {
  if (strcmp(value, "1") != 0 && strcmp(value, "3") != 0)
    return false;
  spec->options.channels = (uint32_t)(*value - '0');
  return true;
}

static bool set_seed(xdi_spec *spec, const char *value) {
  return spec->has_seed = read_whole(value, UINT64_MAX, &spec->seed);
}

static bool set_holdout(xdi_spec *spec, const char *value) {
  uint64_t percent;
  const char *end = xdi_read_number(value, 99, &percent);
  if (!end || strcmp(end, "%") != 0 || percent == 0)
    return false;
  spec->holdout = (uint32_t)percent;
  return true;
}

static bool set_part(xdi_spec *spec, const char *value) {
  spec->part = XDI_SPEC_WHOLE;
  if (strcmp(value, "train") == 0)
    spec->part = XDI_SPEC_TRAIN;
  if (strcmp(value, "validation") == 0)
    spec->part = XDI_SPEC_VALIDATION;
  return spec->part != XDI_SPEC_WHOLE;
}

static const struct {
  const char *name;
  bool (*set)(xdi_spec *spec, const char *value);
} known_options[] = {{"classes", set_classes}, {"first", set_first},       {"holdout", set_holdout},
                     {"part", set_part},       {"subset", set_subset},     {"seed", set_seed},
                     {"size", set_size},       {"channels", set_channels}, {"fit", set_fit},
                     {"bad", set_bad}};
enum { OPTIONS = sizeof known_options / sizeof *known_options };

static uint32_t find_option(const char *name) {
  uint32_t row = 0;
  while (row < OPTIONS && strcmp(name, known_options[row].name) != 0)
    row++;
  return row;
}

static xd_status set_option(xdi_spec *spec, char *option) {
  char *equals = strchr(option, '=');
  if (!equals)
    return fail_word(spec, option, "is no option of the form name=value");
  *equals = '\0';
  const uint32_t row = find_option(option);
  if (row == OPTIONS)
    return fail_word(
        spec, option,
        "is no option: classes, first, holdout, part, subset, seed, size, channels, fit and bad are");
  const bool understood = known_options[row].set(spec, equals + 1);
  *equals = '=';
  if (spec->given & 1u << row)
    return fail_word(spec, option, "repeats an option");
  spec->given |= 1u << row;
  return understood ? XD_OK : fail_word(spec, option, "has a value that cannot be");
}

/* ---- marks and paths ---- */

/* The first `mark` that no backslash stands before; NULL when there is none. */
static char *find_mark(char *text, char mark) {
  for (; *text; text++) {
    if (*text == mark)
      return text;
    if (*text == '\\' && text[1] != '\0')
      text++;
  }
  return NULL;
}

/* Ends the word at the first `mark` and returns what follows it; NULL when there is none. */
static char *cut(char *text, char mark) {
  char *at = find_mark(text, mark);
  if (!at)
    return NULL;
  *at = '\0';
  return at + 1;
}

static bool is_escaped_well(const char *path) {
  for (; *path; path++)
    if (*path == '\\' && !xdi_is_mark(*++path))
      return false;
  return true;
}

/* The path itself, without the backslashes that stand before marks. */
static xd_status read_path(const xdi_spec *spec, char *path) {
  if (!is_escaped_well(path))
    return fail_word(spec, path, "has a backslash that stands before none of ; | , : and \\");
  char *to = path;
  for (const char *from = path; *from; from++)
    *to++ = *from == '\\' ? *++from : *from;
  *to = '\0';
  return XD_OK;
}

/* ---- the line ---- */

static xd_status check_kind(xdi_spec *spec) {
  bool idx = strcmp(spec->kind, "idx") == 0,
       known = idx || strcmp(spec->kind, "dir") == 0 || strcmp(spec->kind, "mat") == 0;
  if (!known)
    return fail_word(spec, spec->kind,
                     "does not begin a set: a folder, idx:IMAGES[,LABELS], dir:PATH and mat:FILE do");
  if (idx)
    spec->labels = cut(spec->path, ',');
  if (*spec->path == '\0')
    return fail_word(spec, spec->kind, "is not followed by a path");
  if (spec->labels && *spec->labels == '\0')
    return fail_word(spec, spec->path, "is followed by a comma, but by no label file");
  const xd_status status = read_path(spec, spec->path);
  return status == XD_OK && spec->labels ? read_path(spec, spec->labels) : status;
}

static xd_status parse(xdi_spec *spec, char *text) {
  char *options = cut(text, ';');
  spec->kind = text;
  spec->path = cut(text, ':');
  if (!spec->path && *text) { /* a folder by itself */
    spec->kind = "dir";
    spec->path = text;
  }
  xd_status status = check_kind(spec);
  while (status == XD_OK && options) {
    char *option = options;
    options = cut(option, ';');
    status = set_option(spec, option);
  }
  if (status == XD_OK && spec->has_seed && !spec->subset)
    return fail_word(spec, "seed", "is given, but no subset to draw");
  if (status == XD_OK && (spec->holdout != 0) != (spec->part != XDI_SPEC_WHOLE))
    return fail_word(spec, spec->holdout ? "holdout" : "part",
                     "is given, but holdout and part belong together");
  return status;
}

/* ---- parts ---- */

static uint32_t count_parts(char *text) {
  uint32_t count = 1;
  for (char *bar = find_mark(text, '|'); bar && count <= XDI_SPEC_PART_LIMIT; bar = find_mark(bar + 1, '|'))
    count++;
  return count;
}

static xd_status parse_parts(xdi_spec *parts, xd_context *context, char *text,
                             const xd_dataset_options *options) {
  xd_status status = XD_OK;
  for (; text && status == XD_OK; parts++) {
    char *part = text;
    text = cut(part, '|');
    parts->context = context;
    parts->options = *options;
    status = parse(parts, part);
  }
  return status;
}

xd_status xdi_spec_open(xdi_spec_line *line, xd_context *context, const char *text,
                        const xd_dataset_options *options) {
  *line = (xdi_spec_line){.text = xdi_duplicate_text(&context->allocator, text)};
  if (!line->text)
    return xdi_fail_memory(context, "reading a dataset's description");
  line->count = count_parts(line->text);
  if (line->count > XDI_SPEC_PART_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "dataset: more than %u parts between bars",
                    XDI_SPEC_PART_LIMIT);
  line->parts = xdi_allocate_zeroed(&context->allocator, line->count, sizeof *line->parts);
  if (!line->parts)
    return xdi_fail_memory(context, "reading a dataset's description");
  return parse_parts(line->parts, context, line->text, options);
}

void xdi_spec_close(xdi_spec_line *line, xd_context *context) {
  xdi_release(&context->allocator, line->parts);
  xdi_release(&context->allocator, line->text);
}

/* ---- the paths in it ---- */

/* "" beyond the last. */
static const char *find_path(const xdi_spec_line *line, uint32_t index) {
  for (uint32_t i = 0; i < line->count; i++) {
    const uint32_t paths = line->parts[i].labels ? 2 : 1;
    if (index < paths)
      return index == 0 ? line->parts[i].path : line->parts[i].labels;
    index -= paths;
  }
  return "";
}

static xd_status copy_path(xd_context *context, char *to, size_t size, const xdi_spec_line *line,
                           uint32_t index) {
  const char *path = find_path(line, index);
  if (strlen(path) >= size)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "dataset: %zu bytes have no room for '%s'", size, path);
  memcpy(to, path, strlen(path) + 1);
  return XD_OK;
}

xd_status xd_dataset_spec_path(xd_context *context, char *to, size_t size, const char *text, uint32_t index) {
  const xd_dataset_options defaults = XD_DATASET_OPTIONS_INIT;
  xdi_spec_line line;
  if (to && size > 0)
    to[0] = '\0';
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!to || !text)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_spec_path: %s is NULL",
                    to ? "spec" : "to");
  xd_status status = xdi_spec_open(&line, context, text, &defaults);
  if (status == XD_OK)
    status = copy_path(context, to, size, &line, index);
  xdi_spec_close(&line, context);
  return status;
}
