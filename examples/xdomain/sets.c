/* What the sets of a command hold, said before hours are spent on them. */
#include "sets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Names ---- */

class_names names_of_set(const xd_dataset *set) {
  class_names names = {.count = 0};
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    names.at[label] = xd_dataset_class_name(set, label);
    if (xd_dataset_class_size(set, label))
      names.count = label + 1;
  }
  return names;
}

class_names names_of_model(const xd_model *model, uint32_t domain) {
  class_names names = {.count = xd_model_class_count(model, domain)};
  for (uint32_t label = 0; label < names.count; label++)
    names.at[label] = xd_model_class_name(model, domain, label);
  return names;
}

bool is_number_of(const char *name, uint32_t label) {
  char number[16];
  snprintf(number, sizeof number, "%u", label);
  return !strcmp(name, number);
}

/* ---- Unlabelled pictures ---- */

#define UNLABELLED "unlabelled"

static xd_status select_classes(const runtime *r, xd_dataset **out, const xd_dataset *set,
                                const uint32_t *classes, uint32_t count) {
  xd_dataset_selection wanted = XD_DATASET_SELECTION_INIT;
  wanted.classes = classes;
  wanted.class_count = count;
  return xd_dataset_select(out, r->context, set, &wanted);
}

xd_status take_out_unlabelled(const runtime *r, xd_dataset **set, xd_dataset **unlabelled) {
  uint32_t classes[XD_CLASS_LIMIT], count = 0, found = XD_CLASS_LIMIT;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (!strcmp(xd_dataset_class_name(*set, label), UNLABELLED))
      found = label;
    else if (xd_dataset_class_size(*set, label))
      classes[count++] = label;
  if (found == XD_CLASS_LIMIT || !count)
    return XD_OK;
  xd_dataset *rest = NULL;
  xd_status status = select_classes(r, unlabelled, *set, &found, 1);
  if (!status)
    status = select_classes(r, &rest, *set, classes, count);
  if (status)
    return status;
  xd_dataset_release(*set);
  *set = rest;
  return XD_OK;
}

static xd_status leave_out_unlabelled(const runtime *r, xd_dataset **set) {
  xd_dataset *unlabelled = NULL;
  const xd_status status = take_out_unlabelled(r, set, &unlabelled);
  if (unlabelled)
    notice("left out %u pictures of '%s', which is no class", xd_dataset_count(unlabelled), UNLABELLED);
  xd_dataset_release(unlabelled);
  return status;
}

/* ---- Loading ---- */

/* As "cats;size=64x64" or "cats|dogs", unless something is called so. */
static bool begins_with_folder(const char *word) {
  const char *end = word;
  while (*end && !strchr(";|", *end))
    end += *end == '\\' && end[1] ? 2 : 1;
  char *folder = *end && access(word, F_OK) != 0 ? strndup(word, (size_t)(end - word)) : NULL;
  const bool begins = folder && is_folder(folder);
  free(folder);
  return begins;
}

bool is_spec(const char *word) {
  return !strncmp(word, "idx:", 4) || !strncmp(word, "dir:", 4) || !strncmp(word, "mat:", 4) ||
         begins_with_folder(word);
}

xd_shape shape_of_set(const xd_dataset *set) {
  return (xd_shape){xd_dataset_width(set), xd_dataset_height(set), xd_dataset_channels(set)};
}

bool same_shape(xd_shape one, xd_shape other) {
  return one.width == other.width && one.height == other.height && one.channels == other.channels;
}

xd_status check_shape(runtime *r, const char *name, xd_shape is, xd_shape wanted) {
  if (same_shape(is, wanted))
    return XD_OK;
  return refuse_with(r, XD_ERROR_SHAPE_MISMATCH, "'%s': pictures of %ux%ux%u, where %ux%ux%u are wanted",
                     name, is.width, is.height, is.channels, wanted.width, wanted.height, wanted.channels);
}

xd_status load_judge(runtime *r, xd_judge **out, const char *path, const xd_shape *shape) {
  xd_shape is;
  const xd_status status = xd_judge_load(out, r->context, path);
  if (status || !shape)
    return status;
  xd_judge_picture_shape(*out, &is);
  return check_shape(r, path, is, *shape);
}

size_t floats_of(xd_shape shape) {
  return (size_t)shape.width * shape.height * shape.channels;
}

xd_shape larger_shape(xd_shape one, xd_shape other) {
  return (xd_shape){.width = larger(one.width, other.width),
                    .height = larger(one.height, other.height),
                    .channels = larger(one.channels, other.channels)};
}

void view_floats(xd_image *view, float *floats, xd_shape shape) {
  xd_image_init(view, sizeof *view, floats, shape.width, shape.height, XD_SAMPLE_F32,
                shape.channels == 1 ? XD_LAYOUT_GREY : XD_LAYOUT_RGB);
}

xd_status load_set(runtime *r, xd_dataset **out, const char *spec, const class_names *names,
                   const xd_shape *shape) {
  xd_status status = load_fitting(r, out, spec, shape);
  if (!status)
    status = names ? match_set(r, out, names) : leave_out_unlabelled(r, out);
  if (status) {
    xd_dataset_release(*out);
    *out = NULL;
  }
  return status;
}

xd_status match_set(const runtime *r, xd_dataset **set, const class_names *names) {
  xd_dataset *matched = NULL;
  xd_status status = classify_by_file(r, set, names);
  if (!status)
    status = xd_dataset_match_classes(&matched, r->context, *set, names->at, names->count);
  if (status)
    return status;
  xd_dataset_release(*set);
  *set = matched;
  return XD_OK;
}

xd_status make_pairing(const runtime *r, xd_pairing **out, const char *text, const class_names of_domain[2]) {
  return xd_pairing_create_named(out, r->context, text, of_domain[0].at, of_domain[0].count, of_domain[1].at,
                                 of_domain[1].count);
}

/* ---- What a set holds ---- */

/* The number alone, where the class has no other name. */
static void print_class(const xd_dataset *set, uint32_t label) {
  const char *name = xd_dataset_class_name(set, label);
  fprintf(stderr, "%u", label);
  if (!is_number_of(name, label)) {
    fputs(" '", stderr);
    print_text(stderr, name);
    fputc('\'', stderr);
  }
  fprintf(stderr, " (%u)", xd_dataset_class_size(set, label));
}

uint32_t count_classes(const xd_dataset *set) {
  uint32_t classes = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    classes += xd_dataset_class_size(set, label) > 0;
  return classes;
}

enum { CLASSES_SHOWN = 32 };

void describe_set(const char *title, const xd_dataset *set) {
  const uint32_t count = xd_dataset_count(set), classes = count_classes(set);
  fprintf(stderr, "%s: %u %s of %ux%ux%u, %u %s: ", title, count, count == 1 ? "picture" : "pictures",
          xd_dataset_width(set), xd_dataset_height(set), xd_dataset_channels(set), classes,
          classes == 1 ? "class" : "classes");
  uint32_t shown = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT && shown < CLASSES_SHOWN; label++) {
    if (!xd_dataset_class_size(set, label))
      continue;
    fputs(shown++ ? ", " : "", stderr);
    print_class(set, label);
  }
  if (classes > shown)
    fprintf(stderr, " and %u more", classes - shown);
  fputc('\n', stderr);
}

/* ---- Validation sets ---- */

/* Two are measured, and one at least is trained on. */
static const char *choose_advice(uint32_t size, uint32_t trained, bool given) {
  return given                ? "add some"
         : size + trained > 2 ? "hold out more"
                              : "add some, since there are no more to hold out";
}

static int refuse_small(const xd_dataset *set, const xd_dataset *trained, bool given, uint32_t domain,
                        uint32_t label) {
  const uint32_t size = xd_dataset_class_size(set, label);
  return usage_error(
      "the validation set of domain %u has %u %s of class %u '%s': with fewer than two, variety cannot be "
      "measured; %s, or leave the class out of the pairs",
      domain, size, size == 1 ? "picture" : "pictures", label, xd_dataset_class_name(trained, label),
      choose_advice(size, xd_dataset_class_size(trained, label), given));
}

int check_validation(const xd_dataset *const sets[2], const xd_dataset *const trained[2], bool given,
                     const xd_pairing *pairing) {
  for (uint32_t d = 0; d < 2; d++)
    for (uint32_t i = 0; i < xd_pairing_count(pairing); i++) {
      const uint32_t label = xd_pairing_class(pairing, d + 1, i);
      const bool any = label == XD_ANY_CLASS;
      if (any ? xd_dataset_count(sets[d]) < 2 : xd_dataset_class_size(sets[d], label) < 2)
        return refuse_small(sets[d], trained[d], given, d + 1, any ? 0 : label);
    }
  return EXIT_DONE;
}
