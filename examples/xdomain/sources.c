/* What xdomain translate reads: picture files, a folder of them, standard input, or a set. All go through one
 * decoder, with alpha laid over black, as the sets of training are read. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sets.h"
#include "translation.h"
#include <xdomain/unstable/spec.h>

static bool is_standard_input(const char *word) {
  return !strcmp(word, "-") || !strcmp(word, "/dev/stdin") || !strcmp(word, "/dev/fd/0");
}

/* A folder, plain or as a SPEC of nothing but its path; NULL for anything else. */
static const char *find_folder(const char *word) {
  if (!is_spec(word))
    return is_folder(word) ? word : NULL;
  return strncmp(word, "dir:", 4) || strpbrk(word, ";|\\") ? NULL : word + 4;
}

/* ---- Gathering ---- */

/* A name without its picture ending; the caller frees it. */
static char *strip_ending(const char *name) {
  const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name, *dot = strrchr(base, '.');
  char *copy = strdup(name);
  if (copy && dot && dot > base)
    copy[dot - name] = '\0';
  return copy;
}

static char *name_file(const char *path) {
  const char *slash = strrchr(path, '/');
  return is_standard_input(path) ? strdup("stdin") : strip_ending(slash ? slash + 1 : path);
}

static bool make_sources(translation *t, size_t count) {
  t->count = (uint32_t)count;
  t->sources = count <= UINT32_MAX ? calloc(count, sizeof *t->sources) : NULL;
  return t->sources != NULL;
}

static int gather_files(translation *t) {
  uint32_t streams = 0;
  if (!make_sources(t, (size_t)t->word_count))
    return failure("out of memory");
  for (uint32_t i = 0; i < t->count; i++) {
    const bool stream = is_standard_input(t->words[i]);
    t->sources[i] = (source){.path = stream ? "-" : t->words[i], .name = name_file(t->words[i])};
    if (!t->sources[i].name)
      return failure("out of memory");
    streams += stream;
  }
  return streams > 1 ? usage_error("standard input can be read once") : EXIT_DONE;
}

static int gather_folder(translation *t, const char *folder) {
  const int code = find_picture_files(&t->files, folder, t->kind == RESULT_FOLDER ? t->out : NULL);
  if (code)
    return code;
  if (!make_sources(t, t->files.count))
    return failure("out of memory");
  for (uint32_t i = 0; i < t->count; i++) {
    const picture_file *file = &t->files.items[i];
    t->sources[i] = (source){.path = file->path, .name = strip_ending(file->name), .label = file->label};
    if (!t->sources[i].name)
      return failure("out of memory");
  }
  return EXIT_DONE;
}

/* Pictures of a set have no names of their own: their results are numbered. */
static int gather_set(translation *t, const char *spec) {
  char name[16];
  const xd_status status = name_way_on(&t->run, read_set(&t->run, &t->set, spec, NULL), spec);
  if (status)
    return report_failure(&t->run, status);
  if (!make_sources(t, xd_dataset_count(t->set)))
    return failure("out of memory");
  for (uint32_t i = 0; i < t->count; i++) {
    snprintf(name, sizeof name, "%06u", i);
    t->sources[i] = (source){.name = strdup(name), .label = xd_dataset_label(t->set, i)};
    if (!t->sources[i].name)
      return failure("out of memory");
  }
  return EXIT_DONE;
}

int gather_sources(translation *t) {
  const char *folder = NULL;
  bool set = false;
  for (int i = 0; i < t->word_count; i++) {
    set = set || is_spec(t->words[i]);
    folder = folder ? folder : find_folder(t->words[i]);
  }
  if ((folder || set) && t->word_count > 1)
    return usage_error("a folder or SPEC stands alone");
  if (folder)
    return gather_folder(t, folder);
  return set ? gather_set(t, t->words[0]) : gather_files(t);
}

void free_sources(translation *t) {
  for (uint32_t i = 0; t->sources && i < t->count; i++)
    free(t->sources[i].name);
  free(t->sources);
  free_picture_files(&t->files);
  xd_dataset_release(t->set);
}

/* ---- Reading ---- */

static int read_bytes(void *user, void *to, size_t size, size_t *got) {
  FILE *from = user;
  errno = 0;
  *got = fread(to, 1, size, from);
  return *got == 0 && ferror(from) ? (errno ? errno : EIO) : 0;
}

/* From standard input, a pipe or a device, which have no size. */
static int load_stream(translation *t, xd_picture **out, xd_status *status, const char *path) {
  const bool standard = !strcmp(path, "-");
  FILE *from = standard ? stdin : fopen(path, "rb");
  xd_source bytes = XD_SOURCE_INIT;
  if (!from)
    return failure("cannot open '%s': %s", path, strerror(errno));
  bytes.name = standard ? "standard input" : path;
  bytes.read = read_bytes;
  bytes.user = from;
  *status = xd_picture_load_source(out, t->run.context, &bytes);
  if (!standard)
    fclose(from);
  return EXIT_DONE;
}

static bool is_stream(const char *path) {
  struct stat info;
  return !strcmp(path, "-") || (!stat(path, &info) && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode));
}

static bool fits(const translation *t, const xd_image *view) {
  return t->fit != XD_FIT_EXACT || (view->width == t->from.width && view->height == t->from.height);
}

static xd_status fit_view(const translation *t, xd_context *context, const xd_image *view, float *to) {
  xd_image cell;
  view_floats(&cell, to, t->from);
  return xd_image_fit(context, &cell, view, t->fit);
}

static int take_view(translation *t, const char *name, const xd_image *view, float *to) {
  if (!fits(t, view))
    return failure("'%s' is %u x %u, the model's pictures are %u x %u (--fit changes it)", name, view->width,
                   view->height, t->from.width, t->from.height);
  const xd_status status = fit_view(t, t->run.context, view, to);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

static xd_status view_picture(xd_image *view, const xd_picture *picture) {
  *view = (xd_image)XD_IMAGE_INIT;
  const xd_status status = xd_picture_view(picture, view);
  view->policy = XD_ALPHA_COMPOSITE; /* over black */
  return status;
}

static int take_picture(translation *t, const char *path, const xd_picture *picture, float *to) {
  xd_image view;
  const xd_status status = view_picture(&view, picture);
  return status ? report_failure(&t->run, status) : take_view(t, path, &view, to);
}

/* Whether the folder of a file can be opened, where the file cannot. */
static bool opens_folder(const char *path) {
  char *folder = folder_of(path);
  DIR *entries = folder ? opendir(folder) : NULL;
  if (entries)
    closedir(entries);
  free(folder);
  return entries;
}

/* Whether the fault lies in the picture and not in its surroundings. */
static bool is_bad(xd_status status, const char *path) {
  if (status == XD_ERROR_NOT_FOUND || status == XD_ERROR_IO)
    return opens_folder(path);
  return status == XD_ERROR_BAD_DATA || status == XD_ERROR_TRUNCATED || status == XD_ERROR_UNSUPPORTED ||
         status == XD_ERROR_TOO_LARGE;
}

static int read_file(translation *t, const char *path, float *to, bool *skipped) {
  xd_picture *picture = NULL;
  xd_status status = XD_OK;
  int code = EXIT_DONE;
  if (is_stream(path))
    code = load_stream(t, &picture, &status, path);
  else
    status = xd_picture_load(&picture, t->run.context, path);
  const bool bad = is_bad(status, path);
  *skipped = t->skip_bad && bad;
  if (*skipped)
    notice("skipped: %s", xd_context_message(t->run.context));
  else if (bad && t->count > 1)
    code = report_failure(&t->run, refuse_with(&t->run, status, "%s; --skip-bad passes over such pictures",
                                               xd_context_message(t->run.context)));
  else if (!code)
    code = status ? report_failure(&t->run, status) : take_picture(t, path, picture, to);
  xd_picture_destroy(picture);
  return code;
}

static void view_of_set(xd_image *view, const translation *t, uint32_t number) {
  xd_image_init(view, sizeof *view, (void *)xd_dataset_pixels(t->set, number), xd_dataset_width(t->set),
                xd_dataset_height(t->set), XD_SAMPLE_U8,
                xd_dataset_channels(t->set) == 1 ? XD_LAYOUT_GREY : XD_LAYOUT_RGB);
}

int read_source(translation *t, uint32_t number, float *to, bool *skipped) {
  xd_image view;
  *skipped = false;
  if (!t->set)
    return read_file(t, t->sources[number].path, to, skipped);
  view_of_set(&view, t, number);
  return take_view(t, t->words[0], &view, to);
}

/* Streams can be read once, and kinds of files that libvips reads by one thread. */
bool try_source(const translation *t, xd_context *context, uint32_t number, float *to) {
  const char *path = t->sources[number].path;
  xd_picture *picture = NULL;
  xd_image view;
  if (t->set)
    view_of_set(&view, t, number);
  else if (is_stream(path) || xd_picture_load(&picture, context, path))
    return false;
  const bool taken = (t->set || view_picture(&view, picture) == XD_OK) && fits(t, &view) &&
                     fit_view(t, context, &view, to) == XD_OK;
  xd_picture_destroy(picture);
  return taken;
}
