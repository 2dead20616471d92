/* Shards of xdomain translate: processes that know nothing of each other share a list of sources. Each lists all of
 * them, so that a picture keeps its number, which is its noise's, and translates one stretch of the list. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "translation.h"
#include <xdomain/unstable/spec.h>

/* A number of at most nine digits; false for anything else. */
static bool read_number(const char **at, uint32_t *out) {
  const size_t digits = strspn(*at, "0123456789");
  *out = (uint32_t)strtoul(*at, NULL, 10);
  *at += digits;
  return digits > 0 && digits < 10;
}

int choose_shard(translation *t) {
  const char *at = t->shard_text ? t->shard_text : "1/1";
  const bool read = read_number(&at, &t->shard) && *at++ == '/' && read_number(&at, &t->shard_count) && !*at;
  if (!read || t->shard < 1 || t->shard > t->shard_count)
    return usage_error("--shard is I/N: part I, from 1 to N, of N parts, and not '%s'", t->shard_text);
  return t->shard_text && t->kind != RESULT_FOLDER
             ? usage_error("--shard writes into a folder, which all shards share; join them there")
             : EXIT_DONE;
}

/* ---- Results that the other shards would take for sources ---- */

/* Whether a path, as realpath gives it, is a folder's or lies in it. */
static bool holds(const char *folder, const char *path) {
  char *whole = realpath(folder, NULL);
  const size_t length = whole ? strlen(whole) : 0;
  const bool inside =
      whole && !strncmp(path, whole, length) && (!path[length] || path[length] == '/' || length == 1);
  free(whole);
  return inside;
}

/* The folder of results or, before one of the shards has made it, the folder that it gets into; the caller frees it. */
static char *place_of_results(const translation *t) {
  char *whole = realpath(t->out, NULL), *copy = whole ? NULL : strdup(t->out);
  if (copy)
    whole = realpath(dirname(copy), NULL);
  free(copy);
  return whole;
}

static int keep_apart(const translation *t, const char *place, const char *folder) {
  char *whole = is_folder(folder) ? realpath(folder, NULL) : NULL;
  const bool nested = whole && (holds(folder, place) || (is_folder(t->out) && holds(t->out, whole)));
  free(whole);
  return nested ? usage_error("--shard: results in '%s' would be sources of other shards, which read '%s'",
                              t->out, folder)
                : EXIT_DONE;
}

static int keep_all_apart(const translation *t, const char *place) {
  const size_t size = strlen(t->words[0]) + 1;
  if (is_folder(t->words[0]))
    return keep_apart(t, place, t->words[0]);
  char *path = malloc(size);
  int code = path ? EXIT_DONE : failure("out of memory");
  for (uint32_t i = 0; !code && !xd_dataset_spec_path(t->run.context, path, size, t->words[0], i) && *path;
       i++)
    code = keep_apart(t, place, path);
  free(path);
  return code;
}

/* ---- The stretch ---- */

int take_shard(translation *t) {
  if (t->shard_count > t->count)
    return usage_error("--shard: %u pictures do not make %u parts", t->count, t->shard_count);
  t->begin = (uint32_t)((uint64_t)t->count * (t->shard - 1) / t->shard_count);
  t->end = (uint32_t)((uint64_t)t->count * t->shard / t->shard_count);
  if (t->shard_count == 1 || (!t->set && !t->files.count))
    return EXIT_DONE;
  char *place = place_of_results(t);
  const int code = place ? keep_all_apart(t, place) : EXIT_DONE; /* where there is none, making it fails */
  free(place);
  return code;
}
