/* The picture files below a folder, with sub-folders of any depth, in an order that is the same everywhere. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"

#define DEPTH_LIMIT 32 /* a link that leads back up ends here */

/* Whether a name ends in one of the endings between blanks. */
static bool has_ending(const char *name, const char *endings) {
  char ending[16];
  int length;
  for (; sscanf(endings, " %15s%n", ending, &length) == 1; endings += length)
    if (ends_with(name, ending))
      return true;
  return false;
}

bool is_picture_name(const char *name) {
  const xd_picture_decoder *reader = picture_decoder();
  return has_ending(name, ".png .jpg .jpeg .jpe .jfif .bmp .pgm .ppm .pnm") ||
         (reader && has_ending(name, reader->endings));
}

/* ---- Order: numbers within names by their value, so that 10 follows 9 ---- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Compares the numbers that begin at both and moves behind them. */
static int compare_numbers(const char **a, const char **b) {
  *a += strspn(*a, "0");
  *b += strspn(*b, "0");
  const size_t a_length = strspn(*a, "0123456789"), b_length = strspn(*b, "0123456789");
  const int order = a_length != b_length ? (a_length < b_length ? -1 : 1) : memcmp(*a, *b, a_length);
  *a += a_length;
  *b += b_length;
  return order;
}

static int compare_names(const char *a, const char *b) {
  const char *a_at = a, *b_at = b;
  while (*a_at && *b_at) {
    int order = 0;
    if (is_digit(*a_at) && is_digit(*b_at))
      order = compare_numbers(&a_at, &b_at);
    else
      order = (unsigned char)*a_at++ - (unsigned char)*b_at++;
    if (order)
      return order;
  }
  return *a_at || *b_at ? (*a_at ? 1 : -1) : strcmp(a, b);
}

static int compare_entries(const struct dirent **a, const struct dirent **b) {
  return compare_names((*a)->d_name, (*b)->d_name);
}

static int shown(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

/* ---- The list ---- */

static bool add_file(picture_files *files, char *path, size_t folder_length, uint32_t label) {
  if (files->count == files->room) {
    const size_t room = files->room ? 2 * files->room : 64;
    picture_file *items = realloc(files->items, room * sizeof *items);
    if (!items)
      return false;
    files->items = items;
    files->room = room;
  }
  files->items[files->count++] =
      (picture_file){.path = path, .name = path + folder_length + 1, .label = label};
  return true;
}

void free_picture_files(picture_files *files) {
  for (size_t i = 0; i < files->count; i++)
    free(files->items[i].path);
  free(files->items);
  free(files->passed_over);
  memset(files, 0, sizeof *files);
}

/* ---- The walk ---- */

typedef struct walk {
  picture_files *files;
  size_t folder_length;
  const struct stat *except; /* a folder to leave out */
  uint32_t labels;           /* the next sub-folder of the first level is class this */
} walk;

static int list(walk *w, const char *path, uint32_t depth, uint32_t label);

/* What `path` is, which it takes over; the sub-folders of the first level are the classes. */
static int take_entry(walk *w, char *path, uint32_t depth, uint32_t label) {
  struct stat info;
  int code = EXIT_DONE;
  const bool known = stat(path, &info) == 0, folder = known && S_ISDIR(info.st_mode);
  if (folder && w->except && info.st_dev == w->except->st_dev && info.st_ino == w->except->st_ino) {
    notice("passed over '%s', where the results go", path);
  } else if (folder) {
    code = list(w, path, depth + 1, depth ? label : w->labels++);
  } else if (is_picture_name(path)) {
    if (add_file(w->files, path, w->folder_length, label))
      return EXIT_DONE;
    code = failure("out of memory");
  } else if (!w->files->passed_over_count++) {
    w->files->passed_over = path;
    return EXIT_DONE;
  }
  free(path);
  return code;
}

static int list(walk *w, const char *path, uint32_t depth, uint32_t label) {
  struct dirent **entries = NULL;
  const bool quiet = w->files->quiet;
  if (depth > DEPTH_LIMIT)
    return quiet ? EXIT_FAILED : failure("'%s' lies more than %d folders deep", path, DEPTH_LIMIT);
  const int count = scandir(path, &entries, shown, compare_entries);
  if (count < 0)
    return quiet ? EXIT_FAILED : failure("cannot list the folder '%s': %s", path, strerror(errno));
  int code = EXIT_DONE;
  for (int i = 0; i < count; i++) {
    if (!code) {
      char *below = join_texts(path, "/", entries[i]->d_name);
      code = below ? take_entry(w, below, depth, label) : failure("out of memory");
    }
    free(entries[i]);
  }
  free(entries);
  return code;
}

int list_picture_files(picture_files *out, const char *folder, const char *except) {
  struct stat info;
  char *path = strdup(folder);
  if (!path)
    return failure("out of memory");
  for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
    path[length - 1] = '\0';
  walk w = {.files = out, .folder_length = strlen(path), .labels = 1};
  if (except && stat(except, &info) == 0)
    w.except = &info;
  const int code = list(&w, path, 0, 0);
  free(path);
  return code;
}

int find_picture_files(picture_files *out, const char *folder, const char *except) {
  const int code = list_picture_files(out, folder, except);
  if (!code && out->passed_over_count)
    notice("'%s': passed over %zu files that are no pictures by their names, '%s' the first", folder,
           out->passed_over_count, out->passed_over);
  return code || out->count ? code : failure("the folder '%s' has no picture", folder);
}
