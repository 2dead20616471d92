/* Where the translated pictures of xdomain translate go. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sets.h"
#include "translation.h"

#define PENDING_MOST 256 /* files that wait for their names */

/* ---- What --out means ---- */

static bool is_standard_output(const char *path) {
  return !strcmp(path, "-") || !strcmp(path, "/dev/stdout") || !strcmp(path, "/dev/fd/1");
}

bool is_other_file_name(const char *path) {
  static const char *const endings[] = {".jpg",  ".jpeg", ".jpe",  ".jfif", ".bmp", ".gif", ".webp", ".tif",
                                        ".tiff", ".avif", ".heic", ".heif", ".jxl", ".jp2", ".pbm",  ".pgm",
                                        ".ppm",  ".pnm",  ".pam",  ".tga",  ".exr", ".ico", ".svg",  ".pdf",
                                        ".idx",  ".gz",   ".mat",  ".npy",  ".npz", ".zip", ".tar",  ".tgz",
                                        ".bz2",  ".xz",   ".zst",  ".7z",   ".xdm", ".xdc"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (ends_with(path, endings[i]))
      return true;
  return false;
}

/* A folder may be called as a file only where its name ends in a slash: "result.jpg" is a mistake. */
static bool means_folder(const char *path) {
  return ends_with(path, "/") || (is_folder(path) && !ends_with(path, ".png") && !is_other_file_name(path));
}

int choose_results(translation *t) {
  struct stat info;
  const bool there = stat(t->out, &info) == 0, folder = means_folder(t->out);
  t->to_stream = is_standard_output(t->out) || (there && !S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode));
  const bool png = t->to_stream || (!folder && ends_with(t->out, ".png"));
  if (t->wants_sheet && !png)
    return usage_error("--sheet writes one picture: --out ends in .png, or is - for standard output");
  t->kind = t->wants_sheet                         ? RESULT_SHEET
            : png                                  ? RESULT_PNG
            : !folder && ends_with(t->out, ".idx") ? RESULT_IDX
                                                   : RESULT_FOLDER;
  if (t->kind != RESULT_FOLDER || folder)
    return EXIT_DONE;
  if (is_other_file_name(t->out))
    return usage_error(
        "--out '%s': pictures are written as PNG or .idx only; a folder's name may end so before a '/'",
        t->out);
  return there ? usage_error("--out '%s' is a file, but neither .png nor .idx", t->out) : EXIT_DONE;
}

/* ---- Names ---- */

static char *result_path(const translation *t, uint32_t number) {
  char *folder = join_texts(t->out, ends_with(t->out, "/") ? "" : "/", t->sources[number].name);
  char *path = folder ? join_texts(folder, ".png", "") : NULL;
  free(folder);
  return path;
}

static const char *source_name(const translation *t, uint32_t number) {
  return t->sources[number].path ? t->sources[number].path : t->sources[number].name;
}

static int compare_named(const void *a, const void *b) {
  const source *const *first = a, *const *second = b;
  const int order = strcmp((*first)->name, (*second)->name);
  return order ? order : *first < *second ? -1 : 1;
}

/* Two sources of one name would be one result. */
static int check_names(const translation *t) {
  int code = EXIT_DONE;
  const source **sorted = malloc(t->count * sizeof *sorted);
  if (!sorted)
    return failure("out of memory");
  for (uint32_t i = 0; i < t->count; i++)
    sorted[i] = &t->sources[i];
  qsort(sorted, t->count, sizeof *sorted, compare_named);
  for (uint32_t i = 1; i < t->count && !code; i++)
    if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
      code = usage_error("'%s' and '%s' would both become '%s/%s.png'", sorted[i - 1]->path, sorted[i]->path,
                         t->out, sorted[i]->name);
  free(sorted);
  return code;
}

/* ---- Sources that a result would replace ---- */

typedef struct identity {
  dev_t device;
  ino_t number;
  uint32_t source;
} identity;

static int compare_identities(const void *a, const void *b) {
  const identity *first = a, *second = b;
  if (first->device != second->device)
    return first->device < second->device ? -1 : 1;
  return first->number < second->number ? -1 : first->number > second->number;
}

/* The source files, sorted; the caller frees it. NULL without memory. */
static identity *identify_sources(const translation *t, uint32_t *count) {
  struct stat info;
  identity *found = malloc(t->count * sizeof *found);
  *count = 0;
  for (uint32_t i = 0; found && i < t->count; i++)
    if (t->sources[i].path && stat(t->sources[i].path, &info) == 0)
      found[(*count)++] = (identity){info.st_dev, info.st_ino, i};
  if (found)
    qsort(found, *count, sizeof *found, compare_identities);
  return found;
}

static int keep_sources(const translation *t) {
  uint32_t count;
  int code = EXIT_DONE;
  identity *sources = identify_sources(t, &count);
  for (uint32_t i = 0; sources && i < t->count && !code; i++) {
    struct stat info;
    char *path = result_path(t, i);
    if (path && stat(path, &info) == 0) {
      const identity key = {info.st_dev, info.st_ino, 0};
      const identity *hit = bsearch(&key, sources, count, sizeof *sources, compare_identities);
      if (hit)
        code = usage_error("the result '%s' would replace '%s', which is read", path,
                           source_name(t, hit->source));
      else if (t->set)
        code = keep_set(&t->run, &(output){.flag = "--out", .path = path}, 1, t->words[0]);
    }
    free(path);
  }
  free(sources);
  return sources ? code : failure("out of memory");
}

/* ---- Proof before the first picture ---- */

/* Makes the folders of a path below t->out[0..base). */
static int make_folders(char *path, size_t base) {
  for (char *slash = strchr(path + base, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    const int code = make_folder(path);
    *slash = '/';
    if (code)
      return code;
  }
  return EXIT_DONE;
}

static int prepare_folder(const translation *t) {
  int code = check_names(t);
  if (!code)
    code = keep_sources(t);
  const size_t length = strlen(t->out), base = length > 1 && ends_with(t->out, "/") ? length - 1 : length;
  for (uint32_t i = t->begin; i < t->end && !code; i++) {
    if (i > t->begin && same_folder(t->sources[i - 1].name, t->sources[i].name))
      continue;
    char *path = result_path(t, i);
    code = path ? make_folders(path, base) : failure("out of memory");
    if (!code && i == t->begin)
      code = prove_outputs(&(output){.flag = "--out", .path = path}, 1);
    free(path);
  }
  return code;
}

int plan_results(translation *t) {
  const output out = {.flag = "--out", .path = t->out, .streams = t->to_stream};
  if (t->kind == RESULT_PNG && t->count != 1)
    return usage_error("%u pictures do not fit into one PNG: use --sheet, .idx or a folder", t->count);
  if (t->kind == RESULT_FOLDER)
    return prepare_folder(t);
  int code = t->to_stream ? EXIT_DONE : prove_outputs(&out, 1);
  if (!code && !t->to_stream)
    code = keep_input(&out, 1, t->model_path);
  for (uint32_t i = 0; i < t->count && !code && !t->to_stream; i++)
    code = keep_input(&out, 1, t->sources[i].path);
  if (!code && t->set)
    code = keep_set(&t->run, &out, 1, t->words[0]);
  if (!code && t->kind == RESULT_SHEET)
    code = open_sheet(t);
  return code;
}

/* ---- Writing ---- */

/* To standard output, a pipe or a device. */
static int stream_png(translation *t, const xd_image *view) {
  const bool standard = is_standard_output(t->out);
  FILE *to = standard ? stdout : fopen(t->out, "wb");
  if (!to)
    return failure("cannot write '%s': %s", t->out, strerror(errno));
  const int code = encode_png(&t->run, view, to, standard ? "standard output" : t->out);
  if (standard)
    return code; /* main sees whether it arrived */
  return fclose(to) == 0 || code ? code : failure("cannot write '%s': %s", t->out, strerror(errno));
}

static int save_png(translation *t, const xd_image *view) {
  if (t->to_stream)
    return stream_png(t, view);
  const xd_status status = xd_image_save_png(t->run.context, t->out, view);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

/* A view on the chunk's result `i`, and its path, which the caller frees; NULL without memory. */
static char *view_result(xd_image *view, const translation *t, uint32_t i) {
  view_floats(view, t->outputs + i * t->to_size, t->to);
  return result_path(t, t->numbers[i]);
}

/* The chunk's files are the last. */
static pending_file *chunk_file(const translation *t, uint32_t i) {
  return &t->pending.items[t->pending.count - t->chunk_count + i];
}

static void try_result(void *user, xd_context *context, uint32_t i) {
  translation *t = user;
  xd_image view;
  char *path = view_result(&view, t, i);
  t->done[i] = path && try_pending(chunk_file(t, i), context, &view, path);
  free(path);
}

static int save_result(const translation *t, uint32_t i) {
  xd_image view;
  char *path = view_result(&view, t, i);
  const int code = path ? write_pending(chunk_file(t, i), &t->run, &view, path) : failure("out of memory");
  free(path);
  return code;
}

/* Files of several small chunks get their names together, so that the disk is not asked to sync for each. */
static int save_folder(translation *t) {
  int code = EXIT_DONE;
  for (uint32_t i = 0; i < t->chunk_count && !code; i++) {
    t->done[i] = false;
    code = add_pending(&t->pending) ? EXIT_DONE : failure("out of memory");
  }
  if (!code)
    run_lanes(&t->lanes, try_result, t, t->chunk_count);
  for (uint32_t i = 0; i < t->chunk_count && !code; i++)
    code = t->done[i] ? EXIT_DONE : save_result(t, i);
  return code || t->pending.count < PENDING_MOST ? code : keep_all_pending(&t->keeper, &t->pending);
}

static int finish_folder(translation *t) {
  const int former = t->pending.count ? keep_all_pending(&t->keeper, &t->pending) : EXIT_DONE,
            last = finish_pending(&t->keeper);
  return former ? former : last;
}

static void put_big_endian(unsigned char *at, uint32_t value) {
  for (int i = 0; i < 4; i++)
    at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static bool write_idx_header(const translation *t) {
  unsigned char header[20];
  const size_t size = t->to.channels == 1 ? 16 : 20;
  put_big_endian(header, t->to.channels == 1 ? 0x803 : 0x804);
  put_big_endian(header + 4, t->idx_count);
  put_big_endian(header + 8, t->to.height);
  put_big_endian(header + 12, t->to.width);
  put_big_endian(header + 16, t->to.channels);
  return fwrite(header, 1, size, t->idx) == size;
}

static int fail_idx(const translation *t) {
  return failure("cannot write '%s': %s", t->out, strerror(errno));
}

static int open_idx(translation *t) {
  t->idx = open_pending(&t->idx_file, t->out);
  return t->idx && write_idx_header(t) ? EXIT_DONE : fail_idx(t);
}

static int append_idx(translation *t) {
  const int code = t->idx ? EXIT_DONE : open_idx(t);
  if (code)
    return code;
  const size_t values = t->chunk_count * t->to_size;
  for (size_t i = 0; i < values; i++) {
    const float value = t->outputs[i] * 255.0f + 0.5f;
    if (fputc(value <= 0.0f ? 0 : value >= 255.0f ? 255 : (int)value, t->idx) == EOF)
      return fail_idx(t);
  }
  t->idx_count += t->chunk_count;
  return EXIT_DONE;
}

static int finish_idx(translation *t) {
  if (!t->idx)
    return failure("nothing was translated");
  const bool whole = fseek(t->idx, 0, SEEK_SET) == 0 && write_idx_header(t);
  const bool kept = keep_pending(&t->idx_file, t->idx, whole);
  t->idx = NULL;
  return kept ? EXIT_DONE : fail_idx(t);
}

int take_results(translation *t) {
  xd_image view;
  int code = EXIT_DONE;
  switch (t->kind) {
  case RESULT_PNG:
    view_floats(&view, t->outputs, t->to);
    return save_png(t, &view);
  case RESULT_IDX:
    return append_idx(t);
  case RESULT_FOLDER:
    return save_folder(t);
  case RESULT_SHEET:
    for (uint32_t i = 0; i < t->chunk_count && !code; i++)
      code = put_on_sheet(t, t->sources[t->numbers[i]].label, t->inputs + i * t->from_size,
                          t->outputs + i * t->to_size);
    return code;
  }
  return EXIT_FAILED;
}

static int finish_sheet(translation *t) {
  xd_picture *picture = NULL;
  xd_image view = XD_IMAGE_INIT;
  int code = draw_sheet(t, &picture);
  if (!code && xd_picture_view(picture, &view) == XD_OK)
    code = save_png(t, &view);
  xd_picture_destroy(picture);
  return code;
}

int finish_results(translation *t, int code) {
  const int kept = finish_folder(t);
  if (code || kept)
    return code ? code : kept;
  return t->kind == RESULT_SHEET ? finish_sheet(t) : t->kind == RESULT_IDX ? finish_idx(t) : EXIT_DONE;
}

void free_results(translation *t) {
  finish_pending(&t->keeper);
  drop_all_pending(&t->pending);
  if (t->idx)
    fclose(t->idx);
  drop_pending(&t->idx_file);
  free_sheet(t);
}
