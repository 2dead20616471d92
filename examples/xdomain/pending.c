/* Files that are written under temporary names, synced and renamed, so that a crash leaves whole ones. Syncing each
 * small file by itself takes many times as long as writing it: the pictures of a chunk are all written first, then
 * reach the disk by one sync of their file system where the system has that (Linux), and are renamed, while the next
 * chunk is worked on. */
#ifdef __linux__
#define _GNU_SOURCE /* syncfs */
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pending.h"

static int fail_file(const char *path) {
  return failure("cannot write '%s': %s", path, strerror(errno));
}

static int write_bytes(void *user, const void *data, size_t size) {
  errno = 0;
  if (fwrite(data, 1, size, user) == size)
    return 0;
  return errno ? errno : EIO;
}

static xd_status encode(xd_context *context, const xd_image *view, FILE *to, const char *path) {
  xd_sink sink = XD_SINK_INIT;
  sink.name = path;
  sink.write = write_bytes;
  sink.user = to;
  return xd_image_save_png_sink(context, &sink, view);
}

int encode_png(const runtime *run, const xd_image *view, FILE *to, const char *path) {
  const xd_status status = encode(run->context, view, to, path);
  if (status == XD_ERROR_IO)
    return fail_file(path);
  return status ? report_failure(run, status) : EXIT_DONE;
}

/* ---- One file ---- */

static mode_t new_file_rights;

/* The mask is the process's: it is asked for once, since for a moment it is another one. */
static void find_rights(void) {
  const mode_t mask = umask(0);
  umask(mask);
  new_file_rights = 0666 & ~mask;
}

/* Makes the file of a path that ends in XXXXXX, with the rights of a new file; NULL with errno. */
static FILE *open_temporary(char *path) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_rights);
  const int file = mkstemp(path);
  FILE *stream = file >= 0 && fchmod(file, new_file_rights) == 0 ? fdopen(file, "wb") : NULL;
  if (file >= 0 && !stream) {
    const int error = errno;
    close(file);
    unlink(path);
    errno = error;
  }
  return stream;
}

FILE *open_pending(pending_file *file, const char *path) {
  *file = (pending_file){join_texts(path, "", ""), join_texts(path, ".XXXXXX", "")};
  FILE *to = file->path && file->temporary ? open_temporary(file->temporary) : NULL;
  if (to)
    return to;
  const int error = errno;
  free(file->temporary);
  file->temporary = NULL; /* there is none to take away */
  drop_pending(file);
  errno = error;
  return NULL;
}

/* Starts to write to the disk without waiting for it. */
static bool close_pending(FILE *to) {
  const bool flushed = fflush(to) == 0;
  const int error = errno;
  (void)posix_fadvise(fileno(to), 0, 0, POSIX_FADV_DONTNEED);
  const bool closed = fclose(to) == 0;
  if (!flushed)
    errno = error;
  return flushed && closed;
}

/* Some file systems cannot sync, and say so; that is no failure to write. */
static bool sync_path(const char *path, int flags) {
  const int file = open(path, flags | O_CLOEXEC);
  if (file < 0)
    return false;
  const bool good = fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP || errno == ENOSYS;
  const int error = errno;
  close(file);
  errno = error;
  return good;
}

static bool sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : join_texts(".", "", "");
  const bool good = folder && (sync_path(folder, O_RDONLY | O_DIRECTORY) || errno == EACCES);
  const int error = errno;
  free(folder);
  errno = error;
  return good;
}

static bool rename_pending(pending_file *file) {
  if (rename(file->temporary, file->path) != 0)
    return false;
  free(file->temporary);
  file->temporary = NULL;
  return true;
}

bool keep_pending(pending_file *file, FILE *to, bool whole) {
  const int error = errno;
  const bool closed = close_pending(to);
  if (!whole)
    errno = error;
  return whole && closed && sync_path(file->temporary, O_WRONLY) && rename_pending(file) &&
         sync_folder(file->path);
}

void drop_pending(pending_file *file) {
  const int error = errno;
  if (file->temporary)
    unlink(file->temporary);
  free(file->temporary);
  free(file->path);
  *file = (pending_file){NULL, NULL};
  errno = error;
}

/* ---- Many pictures ---- */

pending_file *add_pending(pending_files *files) {
  if (files->count == files->room) {
    const size_t room = files->room ? 2 * files->room : 64;
    pending_file *items = realloc(files->items, room * sizeof *items);
    if (!items)
      return NULL;
    files->items = items;
    files->room = room;
  }
  files->items[files->count] = (pending_file){NULL, NULL};
  return &files->items[files->count++];
}

int write_pending(pending_file *file, const runtime *run, const xd_image *view, const char *path) {
  FILE *to = open_pending(file, path);
  if (!to)
    return fail_file(path);
  const int code = encode_png(run, view, to, path);
  return close_pending(to) || code ? code : fail_file(path);
}

bool try_pending(pending_file *file, xd_context *context, const xd_image *view, const char *path) {
  FILE *to = open_pending(file, path);
  const bool written = to && encode(context, view, to, path) == XD_OK, closed = to && close_pending(to);
  if (!written || !closed)
    drop_pending(file);
  return written && closed;
}

/* ---- Giving them their names ---- */

/* Syncs the file system of the first file. Whether it could; *device is that file system. */
static bool sync_together(const pending_files *files, dev_t *device) {
#ifdef __linux__
  struct stat info;
  const int file = files->count > 1 ? open(files->items[0].temporary, O_RDONLY | O_CLOEXEC) : -1;
  const bool synced = file >= 0 && fstat(file, &info) == 0 && syncfs(file) == 0;
  *device = synced ? info.st_dev : 0;
  if (file >= 0)
    close(file);
  return synced;
#else
  (void)files, (void)device;
  return false;
#endif
}

/* Those that lie on another file system than the first, or all where they cannot be synced together, one by one. */
static const pending_file *sync_files(const pending_files *files) {
  struct stat info;
  dev_t device = 0;
  const bool together = sync_together(files, &device);
  for (size_t i = 0; i < files->count; i++) {
    const char *path = files->items[i].temporary;
    const bool synced = together && stat(path, &info) == 0 && info.st_dev == device;
    if (!synced && !sync_path(path, O_WRONLY))
      return &files->items[i];
  }
  return NULL;
}

static bool same_folder(const char *a, const char *b) {
  const char *a_slash = strrchr(a, '/'), *b_slash = strrchr(b, '/');
  const size_t a_length = a_slash ? (size_t)(a_slash - a) : 0, b_length = b_slash ? (size_t)(b_slash - b) : 0;
  return a_length == b_length && !memcmp(a, b, a_length);
}

/* A folder is synced once, after the last of its files. */
static const pending_file *name_files(pending_files *files) {
  for (size_t i = 0; i < files->count; i++) {
    pending_file *file = &files->items[i];
    const bool last = i + 1 == files->count || !same_folder(file->path, files->items[i + 1].path);
    if (!rename_pending(file) || (last && !sync_folder(file->path)))
      return file;
  }
  return NULL;
}

static void drop_files(pending_files *files) {
  for (size_t i = 0; i < files->count; i++)
    drop_pending(&files->items[i]);
  free(files->items);
  *files = (pending_files){.items = NULL};
}

static void *keep_files(void *argument) {
  pending_keeper *keeper = argument;
  keeper->failed = sync_files(&keeper->files);
  if (!keeper->failed)
    keeper->failed = name_files(&keeper->files);
  keeper->error = errno;
  return NULL;
}

int finish_pending(pending_keeper *keeper) {
  if (keeper->runs)
    pthread_join(keeper->thread, NULL);
  keeper->runs = false;
  errno = keeper->error;
  const int code = keeper->failed ? fail_file(keeper->failed->path) : EXIT_DONE;
  keeper->failed = NULL;
  drop_files(&keeper->files);
  return code;
}

int keep_all_pending(pending_keeper *keeper, pending_files *files, int code) {
  const int former = finish_pending(keeper);
  code = code ? code : former;
  if (code) {
    drop_files(files);
    return code;
  }
  keeper->files = *files;
  *files = (pending_files){.items = NULL};
  keeper->runs = start_thread(&keeper->thread, keep_files, keeper);
  if (!keeper->runs)
    keep_files(keeper);
  return EXIT_DONE;
}
