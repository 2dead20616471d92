/* Where results go: proved before the first step, so that hours of work do not end at a folder that is missing,
 * and never over a file that is read. Proving leaves existing files alone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include <xdomain/unstable/spec.h>

#define MAX_LINKS 40 /* that lead to one another */

/* ---- Which file a path leads to ---- */

/* A file, or, where there is none yet, its folder and the name it would get there. */
typedef struct place {
  bool exists, regular;
  dev_t device;
  ino_t number;
  const char *name; /* where it does not exist */
} place;

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

char *folder_of(const char *path) {
  const size_t length = (size_t)(base_name(path) - path);
  if (length == 0)
    return strdup(".");
  char *folder = strdup(path);
  if (folder)
    folder[length > 1 ? length - 1 : 1] = '\0';
  return folder;
}

char *follow_links(const char *path) {
  char target[PATH_MAX], *at = strdup(path);
  for (int links = 0; at && links < MAX_LINKS; links++) {
    const ssize_t length = readlink(at, target, sizeof target - 1);
    if (length <= 0)
      break;
    target[length] = '\0';
    char *folder = folder_of(at);
    free(at);
    at = folder && *target != '/' ? join_texts(folder, "/", target) : strdup(target);
    free(folder);
  }
  return at;
}

/* The folder of what a link there leads to. */
static char *folder_behind(const char *path) {
  char *file = follow_links(path), *folder = file ? folder_of(file) : NULL;
  free(file);
  return folder;
}

/* False where the folder cannot be looked at: then nothing else leads to the same file. */
static bool find_place(const char *path, place *out) {
  struct stat info;
  *out = (place){.name = base_name(path)};
  if (stat(path, &info) == 0) {
    out->exists = true;
    out->regular = S_ISREG(info.st_mode);
  } else {
    char *folder = folder_of(path);
    const bool found = folder && stat(folder, &info) == 0;
    free(folder);
    if (!found)
      return false;
  }
  out->device = info.st_dev;
  out->number = info.st_ino;
  return true;
}

static bool same_place(const char *path, const char *other) {
  place a, b;
  if (!find_place(path, &a) || !find_place(other, &b))
    return strcmp(path, other) == 0;
  if (a.exists != b.exists || a.device != b.device || a.number != b.number)
    return false;
  return a.exists ? a.regular : strcmp(a.name, b.name) == 0;
}

bool same_file(const char *path, const char *other) {
  char *file = follow_links(path), *other_file = follow_links(other);
  const bool same = file && other_file && same_place(file, other_file);
  free(file);
  free(other_file);
  return same;
}

bool is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int make_folder(const char *path) {
  const int error = mkdir(path, 0777) == 0 ? 0 : errno;
  if (!error || is_folder(path))
    return EXIT_DONE;
  return failure("cannot make the folder '%s': %s", path, strerror(error));
}

/* ---- Whether it can be written ---- */

static int refuse_output(const output *o, const char *reason) {
  return failure("%s: cannot write '%s': %s", o->flag, o->path, reason);
}

/* Makes a file beside the output, or beside what a link there leads to, and takes it away again. */
static int try_folder(const output *o) {
  char *folder = folder_behind(o->path);
  char *trial = folder ? join_texts(folder, "/", ".xdomain-XXXXXX") : NULL;
  const int file = trial ? mkstemp(trial) : -1;
  const int error = file < 0 ? errno : 0;
  if (file >= 0) {
    close(file);
    unlink(trial);
  }
  free(trial);
  free(folder);
  return error ? refuse_output(o, strerror(error)) : EXIT_DONE;
}

/* Devices and pipes are only asked for permission: opening one could already say something to its reader. */
static int prove_output(const output *o) {
  struct stat info;
  if (!*o->path)
    return usage_error("%s needs the name of a file", o->flag);
  if (stat(o->path, &info) != 0)
    return errno == ENOENT || errno == ENOTDIR ? try_folder(o) : refuse_output(o, strerror(errno));
  if (S_ISDIR(info.st_mode))
    return refuse_output(o, "it is a folder");
  if (!S_ISREG(info.st_mode) && !o->streams)
    return refuse_output(o, "it is not a regular file");
  if (access(o->path, W_OK) != 0)
    return refuse_output(o, strerror(errno));
  return S_ISREG(info.st_mode) && !o->streams ? try_folder(o) : EXIT_DONE;
}

int prove_outputs(const output *outputs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (outputs[i].path && !strcmp(outputs[i].path, "-"))
      return usage_error("%s -: this does not go to standard output; a file of that name is ./-",
                         outputs[i].flag);
    const int code = outputs[i].path ? prove_output(&outputs[i]) : EXIT_DONE;
    if (code)
      return code;
    for (size_t k = 0; k < i && outputs[i].path; k++)
      if (outputs[k].path && same_file(outputs[i].path, outputs[k].path))
        return usage_error("%s and %s are both '%s'", outputs[k].flag, outputs[i].flag, outputs[i].path);
  }
  return EXIT_DONE;
}

/* ---- Whether it is read ---- */

static int refuse_input(const output *o, const char *input) {
  return usage_error("%s '%s' would replace '%s', which is read", o->flag, o->path, input);
}

int keep_input(const output *outputs, size_t count, const char *input) {
  for (size_t i = 0; i < count && input; i++)
    if (outputs[i].path && same_file(outputs[i].path, input))
      return refuse_input(&outputs[i], input);
  return EXIT_DONE;
}

/* Where a file is or would be: the folder, without links, to be freed; NULL where there is none. */
static char *real_folder(const char *path) {
  char *folder = folder_behind(path), *whole = folder ? realpath(folder, NULL) : NULL;
  free(folder);
  return whole;
}

/* Whether a file lies or would lie in a folder, at any depth. */
static bool lies_in(const char *path, const char *folder) {
  char *of_file = real_folder(path), *whole = realpath(folder, NULL);
  const size_t length = whole ? strlen(whole) : 0;
  const bool inside = of_file && whole && !strncmp(of_file, whole, length) &&
                      (of_file[length] == '/' || of_file[length] == '\0');
  free(of_file);
  free(whole);
  return inside;
}

static int keep_folder(const output *outputs, size_t count, const char *folder) {
  for (size_t i = 0; i < count; i++)
    if (outputs[i].path && is_picture_name(outputs[i].path) && lies_in(outputs[i].path, folder))
      return usage_error("%s '%s' would be one of the pictures of '%s', which is read", outputs[i].flag,
                         outputs[i].path, folder);
  return EXIT_DONE;
}

/* A plain folder or a SPEC, which is refused when it is loaded if it is wrong. */
int keep_set(const runtime *r, const output *outputs, size_t count, const char *spec) {
  if (spec && is_folder(spec))
    return keep_folder(outputs, count, spec);
  const size_t size = spec ? strlen(spec) + 1 : 0;
  char *path = malloc(size + 1);
  if (!path)
    return failure("out of memory");
  int code = EXIT_DONE;
  for (uint32_t i = 0; spec && !code && !xd_dataset_spec_path(r->context, path, size, spec, i) && *path; i++)
    code = is_folder(path) ? keep_folder(outputs, count, path) : keep_input(outputs, count, path);
  free(path);
  return code;
}

int keep_settings(const output *outputs, size_t count, const option_settings *settings) {
  int code = EXIT_DONE;
  for (size_t i = 0; i < settings->count && !code; i++)
    if (settings->items[i].kind == SETTING_FILE)
      code = keep_input(outputs, count, settings->items[i].value);
  return code;
}
