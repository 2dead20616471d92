/* Classes that pictures of one folder are called by: the names of their files without the endings. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "xdomain/unstable/classes.h"

int xd_dataset_is_flat(const xd_dataset *set) {
  for (uint32_t i = 0; i < xd_dataset_count(set); i++) {
    const char *name = xd_dataset_picture_name(set, i);
    if (name[0] == '\0' || strchr(name, '/'))
      return 0;
  }
  return set && !xd_dataset_has_labels(set);
}

static size_t stem_length(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && dot > name ? (size_t)(dot - name) : strlen(name);
}

static bool is_called(const char *name, size_t length, const char *class) {
  return strlen(class) == length && memcmp(class, name, length) == 0;
}

/* ---- Names that both have ---- */

typedef struct named_file {
  const char *name;
  size_t length; /* without the ending */
  uint32_t index;
} named_file;

/* The files of both sets in the order of their names, and what becomes of them. */
typedef struct matching {
  const xd_dataset *set[2];
  named_file *files[2];
  uint32_t *labels[2];
  char *text; /* the names of the classes */
  const char *names[XD_CLASS_LIMIT];
  uint32_t matched;
} matching;

static int compare_stems(const void *a, const void *b) {
  const named_file *first = a, *second = b;
  const size_t shorter = first->length < second->length ? first->length : second->length;
  const int order = memcmp(first->name, second->name, shorter);
  return order ? order : (first->length > second->length) - (first->length < second->length);
}

/* Room for the names of both; those of set 1 are longer than what they share with set 2. */
static bool open_matching(matching *of, const xd_allocator *allocator) {
  size_t bytes = 0;
  for (int d = 0; d < 2; d++) {
    const uint32_t count = xd_dataset_count(of->set[d]);
    of->files[d] = xdi_allocate(allocator, count, sizeof *of->files[d]);
    of->labels[d] = xdi_allocate(allocator, count, sizeof *of->labels[d]);
    if (!of->files[d] || !of->labels[d])
      return false;
    for (uint32_t i = 0; i < count; i++) {
      const char *name = xd_dataset_picture_name(of->set[d], i);
      of->files[d][i] = (named_file){name, stem_length(name), i};
      of->labels[d][i] = XDI_NO_CLASS;
      bytes += d == 0 ? strlen(name) + 1 : 0;
    }
    qsort(of->files[d], count, sizeof *of->files[d], compare_stems);
  }
  of->text = xdi_allocate_zeroed(allocator, bytes, 1);
  return of->text != NULL;
}

static void close_matching(matching *of, const xd_allocator *allocator) {
  xdi_release(allocator, of->text);
  for (int d = 0; d < 2; d++) {
    xdi_release(allocator, of->files[d]);
    xdi_release(allocator, of->labels[d]);
  }
}

static bool can_be_class(const named_file *file) {
  return xdi_utf8_valid(file->name, file->length) && !is_called(file->name, file->length, XD_UNPAIRED_CLASS);
}

/* Labels the files from *at on that have this name, and leaves *at behind them. */
static void label_files(matching *of, int domain, uint32_t *at, named_file name) {
  while (*at < xd_dataset_count(of->set[domain]) && compare_stems(&of->files[domain][*at], &name) == 0)
    of->labels[domain][of->files[domain][(*at)++].index] = of->matched;
}

static void match_files(matching *of) {
  char *text = of->text;
  uint32_t i = 0, k = 0;
  while (i < xd_dataset_count(of->set[0]) && k < xd_dataset_count(of->set[1])) {
    const named_file file = of->files[0][i];
    const int order = compare_stems(&file, &of->files[1][k]);
    if (order != 0 || !can_be_class(&file)) {
      i += order <= 0;
      k += order >= 0;
      continue;
    }
    if (of->matched < XD_CLASS_LIMIT)
      of->names[of->matched] = memcpy(text, file.name, file.length);
    text += file.length + 1;
    label_files(of, 0, &i, file);
    label_files(of, 1, &k, file);
    of->matched++;
  }
}

static xd_status check_matches(xd_context *context, const matching *of) {
  if (of->matched == 0)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "the folders have no file names in common");
  if (of->matched < XD_CLASS_LIMIT)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_TOO_LARGE,
                  "the folders have %u file names in common, each of which would be a class; %d are the most",
                  of->matched, XD_CLASS_LIMIT - 1);
}

static xd_status take_matches(xd_dataset *out[2], xd_context *context, matching *of) {
  match_files(of);
  xd_status status = check_matches(context, of);
  if (status != XD_OK)
    return status;
  of->names[of->matched] = XD_UNPAIRED_CLASS;
  for (int d = 0; d < 2 && status == XD_OK; d++) {
    for (uint32_t i = 0; i < xd_dataset_count(of->set[d]); i++)
      if (of->labels[d][i] == XDI_NO_CLASS)
        of->labels[d][i] = of->matched;
    status = xdi_dataset_label(&out[d], context, of->set[d], of->labels[d], of->names);
  }
  return status;
}

xd_status xd_dataset_pair_files(xd_dataset **out1, xd_dataset **out2, xd_context *context,
                                const xd_dataset *set1, const xd_dataset *set2) {
  xd_dataset *out[2] = {NULL, NULL};
  matching of = {.set = {set1, set2}};
  if (out1)
    *out1 = NULL;
  if (out2)
    *out2 = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out1 || !out2 || !set1 || !set2)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_pair_files: %s is NULL",
                    out1 && out2 ? "a set" : "out");
  if (!xd_dataset_is_flat(set1) || !xd_dataset_is_flat(set2))
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "a set has classes, or is not of the files of one folder");
  xd_status status = open_matching(&of, &context->allocator) ? take_matches(out, context, &of)
                                                             : xdi_fail_memory(context, "pairing files");
  close_matching(&of, &context->allocator);
  if (status != XD_OK) {
    xd_dataset_release(out[0]);
    return status;
  }
  *out1 = out[0];
  *out2 = out[1];
  return XD_OK;
}

/* ---- Names that are given ---- */

static bool are_classes(const char *const *names, uint32_t count) {
  for (uint32_t label = 0; label < count; label++)
    if (names[label] && names[label][0] && !xdi_is_class_number(names[label], label))
      return count > 1;
  return false;
}

/* The class of that name, or `count`. */
static uint32_t find_name(const char *const *names, uint32_t count, const char *name, size_t length) {
  for (uint32_t label = 0; label < count; label++)
    if (names[label] && is_called(name, length, names[label]))
      return label;
  return count;
}

/* `rest` is the class of all other files. */
static xd_status classify(xd_dataset **out, xd_context *context, const xd_dataset *set,
                          const char *const *names, uint32_t count, uint32_t rest) {
  const char *all[XD_CLASS_LIMIT];
  xdi_place_class_names(all, names, count);
  all[rest] = XD_UNPAIRED_CLASS;
  uint32_t *labels = xdi_allocate(&context->allocator, set->count, sizeof *labels);
  if (!labels)
    return xdi_fail_memory(context, "finding the classes of files");
  for (uint32_t i = 0; i < set->count; i++) {
    const char *name = xd_dataset_picture_name(set, i);
    const uint32_t label = find_name(names, count, name, stem_length(name));
    labels[i] = label < count ? label : rest;
  }
  const xd_status status = xdi_dataset_label(out, context, set, labels, all);
  xdi_release(&context->allocator, labels);
  return status;
}

xd_status xd_dataset_classify_files(xd_dataset **out, xd_context *context, const xd_dataset *set,
                                    const char *const *names, uint32_t count) {
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_classify_files: %s is NULL",
                    out ? "set" : "out");
  const xd_status status = xdi_check_class_names(context, names, count, "xd_dataset_classify_files");
  if (status != XD_OK)
    return status;
  const uint32_t rest = find_name(names, count, XD_UNPAIRED_CLASS, strlen(XD_UNPAIRED_CLASS));
  if (xd_dataset_is_flat(set) && are_classes(names, count) && rest < XD_CLASS_LIMIT)
    return classify(out, context, set, names, count, rest);
  *out = xd_dataset_retain(set);
  return XD_OK;
}
