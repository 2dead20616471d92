/* Files that are written under temporary names, synced and renamed, so that a crash leaves whole ones. Syncing each
 * small file by itself takes many times as long as writing it: the pictures of a chunk are all written first, then
 * synced one after the other, of which only the first waits for the disk's journal, and renamed. */
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

int encode_png(const runtime *run, const xd_image *view, FILE *to, const char *path) {
  xd_sink sink = XD_SINK_INIT;
  sink.name = path;
  sink.write = write_bytes;
  sink.user = to;
  const xd_status status = xd_image_save_png_sink(run->context, &sink, view);
  if (status == XD_ERROR_IO)
    return fail_file(path);
  return status ? report_failure(run, status) : EXIT_DONE;
}

/* ---- One file ---- */

/* Makes the file of a path that ends in XXXXXX, with the rights of a new file; NULL with errno. */
static FILE *open_temporary(char *path) {
  const int file = mkstemp(path);
  const mode_t mask = umask(0);
  umask(mask);
  FILE *stream = file >= 0 && fchmod(file, 0666 & ~mask) == 0 ? fdopen(file, "wb") : NULL;
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

static bool add_file(pending_files *files, pending_file file) {
  if (files->count == files->room) {
    const size_t room = files->room ? 2 * files->room : 64;
    pending_file *items = realloc(files->items, room * sizeof *items);
    if (!items)
      return false;
    files->items = items;
    files->room = room;
  }
  files->items[files->count++] = file;
  return true;
}

int write_pending(pending_files *files, const runtime *run, const xd_image *view, const char *path) {
  pending_file file;
  FILE *to = open_pending(&file, path);
  if (!to)
    return fail_file(path);
  int code = add_file(files, file) ? EXIT_DONE : fail_file(path);
  if (code)
    drop_pending(&file);
  else
    code = encode_png(run, view, to, path);
  return close_pending(to) || code ? code : fail_file(path);
}

static bool same_folder(const char *a, const char *b) {
  const char *a_slash = strrchr(a, '/'), *b_slash = strrchr(b, '/');
  const size_t a_length = a_slash ? (size_t)(a_slash - a) : 0, b_length = b_slash ? (size_t)(b_slash - b) : 0;
  return a_length == b_length && !memcmp(a, b, a_length);
}

/* A folder is synced once, after the last of its files. */
static bool name_file(pending_files *files, size_t i) {
  pending_file *file = &files->items[i];
  const bool last = i + 1 == files->count || !same_folder(file->path, files->items[i + 1].path);
  return rename_pending(file) && (!last || sync_folder(file->path));
}

int finish_pending(pending_files *files, int code) {
  for (size_t i = 0; i < files->count && !code; i++)
    if (!sync_path(files->items[i].temporary, O_WRONLY))
      code = fail_file(files->items[i].path);
  for (size_t i = 0; i < files->count && !code; i++)
    if (!name_file(files, i))
      code = fail_file(files->items[i].path);
  for (size_t i = 0; i < files->count; i++)
    drop_pending(&files->items[i]);
  free(files->items);
  return code;
}
