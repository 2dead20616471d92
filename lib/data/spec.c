/* Sets described by one line of text: a kind, its files, then options between semicolons; or several such
 * parts between bars, which are joined. The line is cut in a copy; all options are read before anything is
 * loaded, so that a wrong word costs nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/tell.h"
#include "data/reading.h"
#include "image/view.h"

typedef struct spec {
  xd_context *context;
  char *kind, *path, *labels;
  uint32_t classes[XD_CLASS_LIMIT], class_count;
  bool keeps[XD_CLASS_LIMIT];
  uint32_t first, subset;
  xd_dataset_options options; /* what the text does not say, then what it says */
  bool has_size, has_channels, has_fit, has_bad;
  uint64_t seed;
  bool has_seed;
  uint32_t holdout; /* percent of each class; 0: the set is not split */
  enum { WHOLE, TRAIN_PART, VALIDATION_PART } part;
} spec;

#define PART_LIMIT 256u

/* A fixed split: its parts are the same pictures whatever else the line says of seeds. */
static const uint64_t holdout_seed = 0;

static xd_status fail_word(const spec *s, const char *word, const char *why) {
  return xdi_fail(s->context, XD_ERROR_INVALID_ARGUMENT, "dataset: '%s' %s", word, why);
}

/* ---- numbers ---- */

/* A decimal number of at most `limit`; NULL when there is none. */
static const char *read_number(const char *text, uint64_t limit, uint64_t *out) {
  uint64_t value = 0;
  const char *end = text;
  for (; *end >= '0' && *end <= '9'; end++) {
    uint64_t digit = (uint64_t)(*end - '0');
    if (value > (limit - digit) / 10)
      return NULL;
    value = value * 10 + digit;
  }
  *out = value;
  return end > text ? end : NULL;
}

static bool read_whole(const char *text, uint64_t limit, uint64_t *out) {
  const char *end = read_number(text, limit, out);
  return end && *end == '\0';
}

/* "7" or "5-7", ended by a comma or the text's end. */
static const char *read_range(const char *text, uint64_t *from, uint64_t *to) {
  const char *end = read_number(text, XD_CLASS_LIMIT - 1, from);
  *to = *from;
  if (end && *end == '-')
    end = read_number(end + 1, XD_CLASS_LIMIT - 1, to);
  return end && *from <= *to && (*end == ',' || *end == '\0') ? end : NULL;
}

/* ---- options ---- */

static bool set_classes(spec *s, const char *value) {
  for (;;) {
    uint64_t from = 0, to = 0;
    const char *end = read_range(value, &from, &to);
    if (!end)
      return false;
    for (uint64_t label = from; label <= to; label++) {
      if (!s->keeps[label])
        s->classes[s->class_count++] = (uint32_t)label;
      s->keeps[label] = true;
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

static bool set_size(spec *s, const char *value) {
  uint64_t width, height;
  const char *end = read_number(value, XDI_SIDE_LIMIT, &width);
  if (!end || *end != 'x' || !read_whole(end + 1, XDI_SIDE_LIMIT, &height) || width == 0 || height == 0)
    return false;
  s->options.width = (uint32_t)width;
  s->options.height = (uint32_t)height;
  return s->has_size = true;
}

static bool set_fit(spec *s, const char *value) {
  static const char *const words[] = {"exact", "stretch", "pad", "crop"}; /* as xd_fit numbers them */
  for (xd_fit fit = XD_FIT_EXACT; fit <= XD_FIT_CROP; fit++)
    if (strcmp(value, words[fit]) == 0) {
      s->options.fit = fit;
      return s->has_fit = true;
    }
  return false;
}

static bool set_bad(spec *s, const char *value) {
  s->options.skip_bad = strcmp(value, "skip") == 0;
  return s->has_bad = s->options.skip_bad || strcmp(value, "refuse") == 0;
}

static bool set_channels(spec *s, const char *value) {
  if (strcmp(value, "1") != 0 && strcmp(value, "3") != 0)
    return false;
  s->options.channels = (uint32_t)(*value - '0');
  return s->has_channels = true;
}

static bool set_seed(spec *s, const char *value) {
  return s->has_seed = read_whole(value, UINT64_MAX, &s->seed);
}

static bool set_holdout(spec *s, const char *value) {
  uint64_t percent;
  const char *end = read_number(value, 99, &percent);
  if (!end || strcmp(end, "%") != 0 || percent == 0)
    return false;
  s->holdout = (uint32_t)percent;
  return true;
}

static bool set_part(spec *s, const char *value) {
  s->part = strcmp(value, "train") == 0        ? TRAIN_PART
            : strcmp(value, "validation") == 0 ? VALIDATION_PART
                                               : WHOLE;
  return s->part != WHOLE;
}

/* Whether the option was given before. */
static bool is_set(const spec *s, const char *key) {
  return (strcmp(key, "classes") == 0 && s->class_count) || (strcmp(key, "first") == 0 && s->first) ||
         (strcmp(key, "subset") == 0 && s->subset) || (strcmp(key, "seed") == 0 && s->has_seed) ||
         (strcmp(key, "holdout") == 0 && s->holdout) || (strcmp(key, "part") == 0 && s->part != WHOLE) ||
         (strcmp(key, "size") == 0 && s->has_size) || (strcmp(key, "channels") == 0 && s->has_channels) ||
         (strcmp(key, "fit") == 0 && s->has_fit) || (strcmp(key, "bad") == 0 && s->has_bad);
}

static xd_status set_option(spec *s, char *option) {
  char *equals = strchr(option, '=');
  bool understood;
  if (!equals)
    return fail_word(s, option, "is no option of the form name=value");
  const char *value = equals + 1;
  *equals = '\0';
  bool twice = is_set(s, option);
  if (strcmp(option, "classes") == 0)
    understood = set_classes(s, value);
  else if (strcmp(option, "first") == 0)
    understood = set_count(&s->first, value);
  else if (strcmp(option, "subset") == 0)
    understood = set_count(&s->subset, value);
  else if (strcmp(option, "seed") == 0)
    understood = set_seed(s, value);
  else if (strcmp(option, "holdout") == 0)
    understood = set_holdout(s, value);
  else if (strcmp(option, "part") == 0)
    understood = set_part(s, value);
  else if (strcmp(option, "size") == 0)
    understood = set_size(s, value);
  else if (strcmp(option, "channels") == 0)
    understood = set_channels(s, value);
  else if (strcmp(option, "fit") == 0)
    understood = set_fit(s, value);
  else if (strcmp(option, "bad") == 0)
    understood = set_bad(s, value);
  else
    return fail_word(
        s, option,
        "is no option: classes, first, holdout, part, subset, seed, size, channels, fit and bad are");
  *equals = '=';
  if (twice)
    return fail_word(s, option, "repeats an option");
  return understood ? XD_OK : fail_word(s, option, "has a value that cannot be");
}

/* ---- the line ---- */

/* Ends the word at the first `mark` and returns what follows it; NULL when there is none. */
static char *cut(char *text, char mark) {
  char *at = strchr(text, mark);
  if (!at)
    return NULL;
  *at = '\0';
  return at + 1;
}

static xd_status check_kind(spec *s) {
  bool idx = strcmp(s->kind, "idx") == 0,
       known = idx || strcmp(s->kind, "dir") == 0 || strcmp(s->kind, "mat") == 0;
  if (!known || !s->path)
    return fail_word(s, s->kind, "does not begin a set: idx:IMAGES[,LABELS], dir:PATH and mat:FILE do");
  if (idx)
    s->labels = cut(s->path, ',');
  if (*s->path == '\0')
    return fail_word(s, s->kind, "is not followed by a path");
  if (s->labels && *s->labels == '\0')
    return fail_word(s, s->path, "is followed by a comma, but by no label file");
  return XD_OK;
}

static xd_status parse(spec *s, char *text) {
  char *options = cut(text, ';');
  s->kind = text;
  s->path = cut(text, ':');
  xd_status status = check_kind(s);
  while (status == XD_OK && options) {
    char *option = options;
    options = cut(option, ';');
    status = set_option(s, option);
  }
  if (status == XD_OK && s->has_seed && !s->subset)
    return fail_word(s, "seed", "is given, but no subset to draw");
  if (status == XD_OK && (s->holdout != 0) != (s->part != WHOLE))
    return fail_word(s, s->holdout ? "holdout" : "part", "is given, but holdout and part belong together");
  return status;
}

/* ---- loading ---- */

/* Replaces *set by what `next` was made of it. */
static void replace(xd_dataset **set, xd_dataset *next) {
  xd_dataset_release(*set);
  *set = next;
}

static xd_status load_kind(const spec *s, xd_dataset **set) {
  if (strcmp(s->kind, "dir") == 0)
    return xd_dataset_load_folder(set, s->context, s->path, &s->options);
  const xd_status status = strcmp(s->kind, "idx") == 0
                               ? xd_dataset_load_idx(set, s->context, s->path, s->labels)
                               : xd_dataset_load_mat(set, s->context, s->path);
  const uint32_t count = xd_dataset_count(*set);
  return status == XD_OK ? xdi_tell_step(s->context, s->options.callback, s->options.user, XD_STAGE_SET,
                                         count, count, NULL)
                         : status;
}

static xd_status keep_first(const spec *s, xd_dataset **set) {
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  xd_dataset *next;
  if (!s->class_count && !s->first)
    return XD_OK;
  selection.classes = s->class_count ? s->classes : NULL;
  selection.class_count = s->class_count;
  selection.count = s->first;
  xd_status status = xd_dataset_select(&next, s->context, *set, &selection);
  if (status == XD_OK)
    replace(set, next);
  return status;
}

static xd_status keep_part(const spec *s, xd_dataset **set) {
  xd_dataset *rest, *held_out;
  if (s->part == WHOLE)
    return XD_OK;
  xd_status status = xd_dataset_split(&rest, &held_out, s->context, *set, s->holdout / 100.0, holdout_seed);
  if (status != XD_OK)
    return status;
  replace(set, s->part == TRAIN_PART ? rest : held_out);
  xd_dataset_release(s->part == TRAIN_PART ? held_out : rest);
  return XD_OK;
}

static xd_status keep_subset(const spec *s, xd_dataset **set) {
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  xd_dataset *next;
  if (!s->subset)
    return XD_OK;
  selection.count = s->subset;
  selection.seed = s->seed;
  selection.shuffled = 1;
  xd_status status = xd_dataset_select(&next, s->context, *set, &selection);
  if (status == XD_OK)
    replace(set, next);
  return status;
}

static xd_status reshape(const spec *s, xd_dataset **set) {
  xd_dataset *next;
  const xd_dataset_options *to = &s->options;
  const bool fits =
      (!to->width || (to->width == xd_dataset_width(*set) && to->height == xd_dataset_height(*set))) &&
      (!to->channels || to->channels == xd_dataset_channels(*set));
  if (fits)
    return XD_OK;
  const xd_status status =
      xdi_dataset_convert(&next, s->context, *set, to->width, to->height, to->channels, to->fit);
  if (status == XD_OK)
    replace(set, next);
  return status;
}

static xd_status load(const spec *s, xd_dataset **set) {
  xd_status status = load_kind(s, set);
  if (status == XD_OK)
    status = keep_first(s, set);
  if (status == XD_OK)
    status = keep_part(s, set);
  if (status == XD_OK)
    status = keep_subset(s, set);
  if (status == XD_OK)
    status = reshape(s, set);
  if (status != XD_OK)
    replace(set, NULL);
  return status;
}

/* ---- parts ---- */

static uint32_t count_parts(const char *text) {
  uint32_t count = 1;
  for (; *text && count <= PART_LIMIT; text++)
    count += *text == '|';
  return count;
}

static xd_status parse_parts(spec *parts, xd_context *context, char *text,
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

static xd_status load_parts(xd_dataset **out, const spec *parts, uint32_t count) {
  xd_dataset *sets[PART_LIMIT] = {NULL};
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < count && status == XD_OK; i++)
    status = load(&parts[i], &sets[i]);
  if (status == XD_OK && count == 1) {
    *out = sets[0];
    return XD_OK;
  }
  if (status == XD_OK)
    status = xd_dataset_join(out, parts->context, (const xd_dataset *const *)sets, count);
  for (uint32_t i = 0; i < count; i++)
    xd_dataset_release(sets[i]);
  return status;
}

static xd_status load_line(xd_dataset **out, xd_context *context, char *text,
                           const xd_dataset_options *options) {
  uint32_t count = count_parts(text);
  if (count > PART_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "dataset: more than %u parts between bars",
                    PART_LIMIT);
  spec *parts = xdi_allocate_zeroed(&context->allocator, count, sizeof *parts);
  if (!parts)
    return xdi_fail_memory(context, "reading a dataset's description");
  xd_status status = parse_parts(parts, context, text, options);
  if (status == XD_OK)
    status = load_parts(out, parts, count);
  xdi_release(&context->allocator, parts);
  return status;
}

xd_status xd_dataset_load(xd_dataset **out, xd_context *context, const char *text,
                          const xd_dataset_options *options) {
  xd_dataset_options chosen;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !text)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_load: %s is NULL", out ? "spec" : "out");
  xd_status status = xdi_dataset_options_read(context, &chosen, options);
  if (status != XD_OK)
    return status;
  char *copy = xdi_duplicate_text(&context->allocator, text);
  if (!copy)
    return xdi_fail_memory(context, "reading a dataset's description");
  status = load_line(out, context, copy, &chosen);
  xdi_release(&context->allocator, copy);
  return status;
}
