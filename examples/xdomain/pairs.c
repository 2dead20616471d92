/* The pairs of a training for which none were given: classes that both sets call by one name, or, of folders
 * without sub-folders, pictures whose files have one name. */
#include <stdlib.h>
#include <string.h>

#include "sets.h"
#include "xdomain/unstable/classes.h"

#define NONE UINT32_MAX
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
    if (same != NONE && !(of_model && !strcmp(name, XD_UNPAIRED_CLASS)))
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

/* Replaces the sets by those in which such pictures are classes. */
static xd_status take_files(const runtime *r, xd_dataset *sets[2]) {
  xd_dataset *named[2];
  const xd_status status = xd_dataset_pair_files(&named[0], &named[1], r->context, sets[0], sets[1]);
  for (int d = 0; d < 2 && !status; d++) {
    xd_dataset_release(sets[d]);
    sets[d] = named[d];
  }
  return status;
}

static int pair_pictures(const runtime *r, pair_text *pairs, xd_dataset *sets[2]) {
  const xd_status status = take_files(r, sets);
  if (status == XD_ERROR_NOT_FOUND || status == XD_ERROR_TOO_LARGE)
    return refuse(xd_context_message(r->context));
  if (status)
    return report_failure(r, status);
  pair_names(pairs, sets, true);
  notice("pairs: %u %s that both folders have by file name, each a class of its own", pairs->count,
         pairs->count == 1 ? "picture" : "pictures");
  return EXIT_DONE;
}

/* ---- Both ---- */

xd_status classify_by_file(const runtime *r, xd_dataset **set, const class_names *names) {
  xd_dataset *classified;
  const xd_status status = xd_dataset_classify_files(&classified, r->context, *set, names->at, names->count);
  if (status)
    return status;
  if (xd_dataset_has_labels(classified) && !xd_dataset_has_labels(*set))
    notice(
        "a folder has no sub-folders that are classes: its pictures are of the classes that files as '%s' are "
        "called by",
        xd_dataset_picture_name(*set, 0));
  xd_dataset_release(*set);
  *set = classified;
  return XD_OK;
}

int find_pairs(const runtime *r, xd_pairing **out, xd_dataset *sets[2], bool of_model) {
  pair_text pairs;
  if (!open_text(&pairs))
    return failure("out of memory");
  const bool flat = xd_dataset_is_flat(sets[0]) && xd_dataset_is_flat(sets[1]);
  int code = flat ? pair_pictures(r, &pairs, sets) : pair_classes(&pairs, sets, of_model);
  if (!code) {
    const xd_status status = xd_pairing_create(out, r->context, pairs.text);
    code = status ? report_failure(r, status) : EXIT_DONE;
  }
  free(pairs.text);
  return code;
}
