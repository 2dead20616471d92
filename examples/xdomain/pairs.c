/* The pairs of a training for which none were given: classes that both sets call by one name, or, of folders
 * without sub-folders, pictures whose files have one name. */
#include <stdlib.h>
#include <string.h>

#include "sets.h"

#define NONE UINT32_MAX
#define UNPAIRED "unpaired" /* the class of files that the other folder has none of the name of */
#define PAIR_SIZE sizeof ",255:255"

/* Numbers of classes, as xd_pairing_create reads them. */
typedef struct pair_text {
  char *text;
  size_t length;
  uint32_t count;
} pair_text;

static bool open_text(pair_text *pairs) {
  *pairs = (pair_text){.text = calloc(XD_CLASS_LIMIT, PAIR_SIZE)};
  return pairs->text != NULL;
}

static void add_pair(pair_text *pairs, uint32_t first, uint32_t second) {
  char *at = pairs->text + pairs->length;
  pairs->length += (size_t)snprintf(at, PAIR_SIZE, "%s%u:%u", pairs->count ? "," : "", first, second);
  pairs->count++;
}

static int refuse(const char *why) {
  return usage_error("%s; say which belong together: --pairs CLASS1:CLASS2,... or --pairs '*:*' for all of "
                     "domain 1 with all of domain 2",
                     why);
}

/* ---- Classes of one name ---- */

static uint32_t find_class(const xd_dataset *set, const char *name) {
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(set, label) && !strcmp(xd_dataset_class_name(set, label), name))
      return label;
  return NONE;
}

/* Of a model's classes, that of files in no pair stays in none. */
static void pair_names(pair_text *pairs, xd_dataset *const sets[2], bool of_model) {
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    const char *name = xd_dataset_class_name(sets[0], label);
    const uint32_t same = xd_dataset_class_size(sets[0], label) ? find_class(sets[1], name) : NONE;
    if (same != NONE && !(of_model && !strcmp(name, UNPAIRED)))
      add_pair(pairs, label, same);
  }
}

/* Classes of a domain that are in no pair train its VAE alone. */
static void say_alone(const xd_dataset *set, const xd_dataset *other, uint32_t domain) {
  uint32_t count = 0;
  const char *first = NULL;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    const char *name = xd_dataset_class_name(set, label);
    if (!xd_dataset_class_size(set, label) || find_class(other, name) != NONE)
      continue;
    first = count++ ? first : name;
  }
  if (count)
    notice("%u %s of domain %u, '%s'%s, %s no namesake: the VAE alone learns from %s", count,
           count == 1 ? "class" : "classes", domain, first, count == 1 ? "" : " the first",
           count == 1 ? "has" : "have", count == 1 ? "it" : "them");
}

static int pair_classes(pair_text *pairs, xd_dataset *const sets[2], bool of_model) {
  pair_names(pairs, sets, of_model);
  if (!pairs->count)
    return refuse("no class of domain 1 is called as one of domain 2");
  notice("pairs: %u %s that both domains have by name", pairs->count,
         pairs->count == 1 ? "class" : "classes");
  for (int d = 0; d < 2; d++)
    say_alone(sets[d], sets[1 - d], (uint32_t)d + 1);
  return EXIT_DONE;
}

/* ---- Pictures of one name ---- */

/* Whether all pictures are files of one folder. */
static bool is_flat(const xd_dataset *set) {
  for (uint32_t i = 0; i < xd_dataset_count(set); i++) {
    const char *name = xd_dataset_picture_name(set, i);
    if (!*name || strchr(name, '/'))
      return false;
  }
  return true;
}

static size_t stem_length(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && dot > name ? (size_t)(dot - name) : strlen(name);
}

typedef struct named_picture {
  const char *name;
  size_t length; /* without the ending */
  uint32_t index, label;
} named_picture;

static int compare_stems(const void *a, const void *b) {
  const named_picture *first = a, *second = b;
  const size_t shorter = first->length < second->length ? first->length : second->length;
  const int order = memcmp(first->name, second->name, shorter);
  return order ? order : first->length < second->length ? -1 : first->length > second->length;
}

/* Sorted by name, none with a label yet; the caller frees it. */
static named_picture *list_pictures(const xd_dataset *set) {
  const uint32_t count = xd_dataset_count(set);
  named_picture *list = calloc(count, sizeof *list);
  for (uint32_t i = 0; list && i < count; i++) {
    const char *name = xd_dataset_picture_name(set, i);
    list[i] = (named_picture){.name = name, .length = stem_length(name), .index = i, .label = NONE};
  }
  if (list)
    qsort(list, count, sizeof *list, compare_stems);
  return list;
}

/* Numbers the names that both have from 0; how many there are. */
static uint32_t match_pictures(named_picture *lists[2], xd_dataset *const sets[2]) {
  const uint32_t counts[2] = {xd_dataset_count(sets[0]), xd_dataset_count(sets[1])};
  uint32_t matched = 0, k = 0;
  for (uint32_t i = 0; i < counts[0]; i++) {
    while (k < counts[1] && compare_stems(&lists[1][k], &lists[0][i]) < 0)
      k++;
    if (k < counts[1] && compare_stems(&lists[1][k], &lists[0][i]) == 0)
      lists[0][i].label = lists[1][k++].label = matched++;
  }
  return matched;
}

typedef struct relabelling {
  xd_image *images;
  uint32_t *labels;
  char *names[XD_CLASS_LIMIT];
  uint32_t name_count;
} relabelling;

static bool take_picture(relabelling *to, const xd_dataset *set, const named_picture *picture, uint32_t rest,
                         const char *rest_name) {
  const bool paired = picture->label != NONE;
  const uint32_t label = paired ? picture->label : rest;
  xd_image_init(&to->images[picture->index], sizeof *to->images,
                (void *)xd_dataset_pixels(set, picture->index), xd_dataset_width(set), xd_dataset_height(set),
                XD_SAMPLE_U8, xd_dataset_channels(set) == 1 ? XD_LAYOUT_GREY : XD_LAYOUT_RGB);
  to->labels[picture->index] = label;
  if (label >= to->name_count)
    to->name_count = label + 1;
  if (!to->names[label])
    to->names[label] = paired ? strndup(picture->name, picture->length) : join_texts(rest_name, "", "");
  return to->names[label] != NULL;
}

/* The same pictures in the classes of the list, which are called by their files; those without are the class `rest`. */
static xd_status relabel(const runtime *r, xd_dataset **set, const named_picture *list, uint32_t rest,
                         const char *rest_name) {
  const uint32_t count = xd_dataset_count(*set);
  relabelling to = {.images = calloc(count, sizeof *to.images), .labels = calloc(count, sizeof *to.labels)};
  xd_dataset *labelled = NULL;
  bool good = to.images && to.labels;
  for (uint32_t i = 0; i < count && good; i++)
    good = take_picture(&to, *set, &list[i], rest, rest_name);
  const xd_status status = good ? xd_dataset_create_views(&labelled, r->context, to.images, to.labels, count,
                                                          (const char *const *)to.names, to.name_count, NULL)
                                : XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    free(to.names[label]);
  free(to.images);
  free(to.labels);
  if (status)
    return status;
  xd_dataset_release(*set);
  *set = labelled;
  return XD_OK;
}

static int take_matches(const runtime *r, pair_text *pairs, xd_dataset *sets[2], named_picture *lists[2]) {
  const uint32_t matched = match_pictures(lists, sets);
  if (!matched)
    return refuse("the folders have no sub-folders that are classes, and no file names in common");
  if (matched >= XD_CLASS_LIMIT)
    return refuse("the folders have no sub-folders that are classes, and more than 255 file names in common, "
                  "each of which would be a class");
  xd_status status = XD_OK;
  for (int d = 0; d < 2 && !status; d++)
    status = relabel(r, &sets[d], lists[d], matched, UNPAIRED);
  if (status)
    return report_failure(r, status);
  for (uint32_t label = 0; label < matched; label++)
    add_pair(pairs, label, label);
  notice("pairs: %u %s that both folders have by file name, each a class of its own", matched,
         matched == 1 ? "picture" : "pictures");
  return EXIT_DONE;
}

static int pair_pictures(const runtime *r, pair_text *pairs, xd_dataset *sets[2]) {
  named_picture *lists[2] = {list_pictures(sets[0]), list_pictures(sets[1])};
  const int code = lists[0] && lists[1] ? take_matches(r, pairs, sets, lists) : failure("out of memory");
  free(lists[0]);
  free(lists[1]);
  return code;
}

/* ---- Pictures of given classes ---- */

static uint32_t find_name(const class_names *names, const char *name, size_t length) {
  for (uint32_t label = 0; label < names->count; label++)
    if (!strncmp(names->at[label], name, length) && !names->at[label][length])
      return label;
  return NONE;
}

/* As where nobody has given any. */
static bool are_numbers(const class_names *names) {
  for (uint32_t label = 0; label < names->count; label++)
    if (*names->at[label] && !is_number_of(names->at[label], label))
      return false;
  return true;
}

xd_status classify_by_file(const runtime *r, xd_dataset **set, const class_names *names) {
  const uint32_t unpaired = find_name(names, UNPAIRED, strlen(UNPAIRED)),
                 rest = unpaired == NONE ? names->count : unpaired;
  if (names->count < 2 || are_numbers(names) || rest == XD_CLASS_LIMIT || !is_flat(*set))
    return XD_OK;
  named_picture *list = list_pictures(*set);
  if (!list)
    return XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t i = 0; i < xd_dataset_count(*set); i++)
    list[i].label = find_name(names, list[i].name, list[i].length);
  notice(
      "a folder has no sub-folders that are classes: its pictures are of the classes that files as '%s' are "
      "called by",
      list[0].name);
  const xd_status status = relabel(r, set, list, rest, unpaired == NONE ? "other files" : UNPAIRED);
  free(list);
  return status;
}

/* ---- Both ---- */

int find_pairs(const runtime *r, xd_pairing **out, xd_dataset *sets[2], bool of_model) {
  pair_text pairs;
  if (!open_text(&pairs))
    return failure("out of memory");
  int code = is_flat(sets[0]) && is_flat(sets[1]) ? pair_pictures(r, &pairs, sets)
                                                  : pair_classes(&pairs, sets, of_model);
  if (!code) {
    const xd_status status = xd_pairing_create(out, r->context, pairs.text);
    code = status ? report_failure(r, status) : EXIT_DONE;
  }
  free(pairs.text);
  return code;
}
