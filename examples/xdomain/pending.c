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
#include <time.h>
#include <unistd.h>

#include "pending.h"

static int fail_file(const char *path) {
  return failure("cannot write '%s': %s", path, strerror(errno));
}

static int write_to_stream(void *user, const void *data, size_t size) {
  errno = 0;
  if (fwrite(data, 1, size, user) == size)
    return 0;
  return errno ? errno : EIO;
}

static int write_to_file(void *user, const void *data, size_t size) {
  const int file = *(const int *)user;
  for (const char *at = data; size > 0;) {
    const ssize_t written = write(file, at, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written < 0 ? errno : EIO;
    at += written;
    size -= (size_t)written;
  }
  return 0;
}

int encode_png(const runtime *run, const xd_image *view, FILE *to, const char *path) {
  xd_sink sink = XD_SINK_INIT;
  sink.name = path;
  sink.write = write_to_stream;
  sink.user = to;
  const xd_status status = xd_image_save_png_sink(run->context, &sink, view);
  if (status == XD_ERROR_IO)
    return fail_file(path);
  return status ? report_failure(run, status) : EXIT_DONE;
}

/* ---- One file ---- */

#define LETTERS 6 /* of a temporary name, after its dot */
#define TRIES 100 /* names that are there already */

/* Other letters for each try, thread and process; whoever has the same finds the file there and tries again. */
static void choose_letters(char *letters, const void *by, unsigned tries) {
  struct timespec now = {0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t state =
      (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 44 ^ (uintptr_t)by;
  for (int i = 0; i < LETTERS; i++) {
    state = (state + tries + 1) * 0x9E3779B97F4A7C15u;
    letters[i] = "abcdefghijklmnopqrstuvwxyz012345"[state >> 59];
  }
}

/* Makes a file beside `path`, or beside what a link there leads to, with the rights of a new file; -1 with errno. */
static int make_pending(pending_file *file, const char *path) {
  int made = -1;
  *file = (pending_file){.path = follow_links(path)};
  file->temporary = file->path ? join_texts(file->path, ".XXXXXX", "") : NULL;
  const bool named = file->temporary;
  errno = ENOMEM;
  for (unsigned tries = 0; named && tries < TRIES && made < 0 && (tries == 0 || errno == EEXIST); tries++) {
    choose_letters(strrchr(file->temporary, '.') + 1, file, tries);
    made = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  if (made >= 0)
    return made;
  const int error = errno;
  free(file->temporary);
  file->temporary = NULL; /* there is none to take away */
  drop_pending(file);
  errno = error;
  return -1;
}

FILE *open_pending(pending_file *file, const char *path) {
  const int made = make_pending(file, path);
  FILE *to = made >= 0 ? fdopen(made, "wb") : NULL;
  if (made >= 0 && !to) {
    const int error = errno;
    close(made);
    drop_pending(file);
    errno = error;
  }
  return to;
}

static bool close_stream(FILE *to) {
  const bool flushed = fflush(to) == 0;
  const int error = errno;
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
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
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
  const bool good = whole && !ferror(to), closed = close_stream(to);
  if (!good)
    errno = error ? error : EIO;
  return good && closed && sync_path(file->temporary, O_WRONLY) && rename_pending(file) &&
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

/* XD_ERROR_IO with errno where the file is not whole; there is none after a failure. */
static xd_status write_picture(pending_file *file, xd_context *context, const xd_image *view,
                               const char *path) {
  int to = make_pending(file, path);
  if (to < 0)
    return XD_ERROR_IO;
  xd_sink sink = XD_SINK_INIT;
  sink.name = path;
  sink.write = write_to_file;
  sink.user = &to;
  const xd_status status = xd_image_save_png_sink(context, &sink, view);
  const int error = errno;
  const bool closed = close(to) == 0;
  if (status)
    errno = error;
  if (!status && closed)
    return XD_OK;
  drop_pending(file);
  return status ? status : XD_ERROR_IO;
}

int write_pending(pending_file *file, const runtime *run, const xd_image *view, const char *path) {
  const xd_status status = write_picture(file, run->context, view, path);
  if (status == XD_ERROR_IO)
    return fail_file(path);
  return status ? report_failure(run, status) : EXIT_DONE;
}

bool try_pending(pending_file *file, xd_context *context, const xd_image *view, const char *path) {
  return write_picture(file, context, view, path) == XD_OK;
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

bool same_folder(const char *a, const char *b) {
  const char *a_slash = strrchr(a, '/'), *b_slash = strrchr(b, '/');
  const size_t a_length = a_slash ? (size_t)(a_slash - a) : 0, b_length = b_slash ? (size_t)(b_slash - b) : 0;
  return a_length == b_length && !memcmp(a, b, a_length);
}

static void note_failure(pending_keeper *keeper, const pending_file *file) {
  if (keeper->failed)
    return;
  keeper->failed = file;
  keeper->error = errno;
}

/* Those that lie on another file system than the first, or all where they cannot be synced together, one by one. How
 * many, from the first on, are on the disk. */
static size_t sync_files(pending_keeper *keeper) {
  const pending_files *files = &keeper->files;
  struct stat info;
  dev_t device = 0;
  bool synced = false;
  const bool together = sync_together(files, &device);
  for (size_t i = 0; i < files->count; i++) {
    const char *path = files->items[i].temporary;
    if (i == 0 || !same_folder(path, files->items[i - 1].temporary))
      synced = together && stat(path, &info) == 0 && info.st_dev == device;
    if (!synced && !sync_path(path, O_WRONLY)) {
      note_failure(keeper, &files->items[i]);
      return i;
    }
  }
  return files->count;
}

/* One that cannot have its name is no reason to lose the others. A folder is synced once, after the last of its
 * files. */
static void name_files(pending_keeper *keeper, size_t count) {
  pending_file *items = keeper->files.items;
  for (size_t i = 0; i < count; i++) {
    const bool last = i + 1 == count || !same_folder(items[i].path, items[i + 1].path);
    if (!rename_pending(&items[i]))
      note_failure(keeper, &items[i]);
    if (last && !sync_folder(items[i].path))
      note_failure(keeper, &items[i]);
  }
}

void drop_all_pending(pending_files *files) {
  for (size_t i = 0; i < files->count; i++)
    drop_pending(&files->items[i]);
  free(files->items);
  *files = (pending_files){.items = NULL};
}

static void *keep_files(void *argument) {
  pending_keeper *keeper = argument;
  name_files(keeper, sync_files(keeper));
  return NULL;
}

int finish_pending(pending_keeper *keeper) {
  if (keeper->runs)
    pthread_join(keeper->thread, NULL);
  keeper->runs = false;
  errno = keeper->error;
  const int code = keeper->failed ? fail_file(keeper->failed->path) : EXIT_DONE;
  keeper->failed = NULL;
  drop_all_pending(&keeper->files);
  return code;
}

static void leave_out_unwritten(pending_files *files) {
  size_t count = 0;
  for (size_t i = 0; i < files->count; i++)
    if (files->items[i].temporary)
      files->items[count++] = files->items[i];
  files->count = count;
}

int keep_all_pending(pending_keeper *keeper, pending_files *files) {
  const int former = finish_pending(keeper);
  leave_out_unwritten(files);
  keeper->files = *files;
  *files = (pending_files){.items = NULL};
  keeper->runs = start_thread(&keeper->thread, keep_files, keeper);
  if (!keeper->runs)
    keep_files(keeper);
  return former;
}
