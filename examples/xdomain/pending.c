/* Syncing each small file by itself takes many times as long as writing it: here all of a chunk are written
 * under temporary names, then synced one after the other, of which only the first waits for the disk's
 * journal, and renamed. A crash leaves whole files. */
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

/* Starts to write to the disk without waiting for it. */
static int fill(FILE *to, const runtime *run, const xd_image *view, const char *path) {
  const int code = encode_png(run, view, to, path);
  const bool flushed = fflush(to) == 0;
  const int error = errno;
  (void)posix_fadvise(fileno(to), 0, 0, POSIX_FADV_DONTNEED);
  const bool closed = fclose(to) == 0;
  if (code || (flushed && closed))
    return code;
  errno = flushed ? errno : error;
  return fail_file(path);
}

int write_pending(pending_files *files, const runtime *run, const xd_image *view, char *path) {
  char *temporary = join_texts(path, ".XXXXXX", "");
  FILE *to = temporary ? open_temporary(temporary) : NULL;
  if (to && add_file(files, (pending_file){path, temporary}))
    return fill(to, run, view, path);
  const int code = fail_file(path);
  if (to) {
    fclose(to);
    unlink(temporary);
  }
  free(temporary);
  free(path);
  return code;
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

static int sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : join_texts(".", "", "");
  const bool good = folder && (sync_path(folder, O_RDONLY | O_DIRECTORY) || errno == EACCES);
  const int code = good ? EXIT_DONE : fail_file(path);
  free(folder);
  return code;
}

static bool same_folder(const char *a, const char *b) {
  const char *a_slash = strrchr(a, '/'), *b_slash = strrchr(b, '/');
  const size_t a_length = a_slash ? (size_t)(a_slash - a) : 0, b_length = b_slash ? (size_t)(b_slash - b) : 0;
  return a_length == b_length && !memcmp(a, b, a_length);
}

static int rename_all(pending_files *files) {
  int code = EXIT_DONE;
  for (size_t i = 0; i < files->count && !code; i++) {
    pending_file *f = &files->items[i];
    if (rename(f->temporary, f->path) != 0)
      return fail_file(f->path);
    free(f->temporary);
    f->temporary = NULL;
    if (i + 1 == files->count || !same_folder(f->path, files->items[i + 1].path))
      code = sync_folder(f->path);
  }
  return code;
}

int finish_pending(pending_files *files, int code) {
  for (size_t i = 0; i < files->count && !code; i++)
    if (!sync_path(files->items[i].temporary, O_WRONLY))
      code = fail_file(files->items[i].path);
  if (!code)
    code = rename_all(files);
  for (size_t i = 0; i < files->count; i++) {
    if (files->items[i].temporary)
      unlink(files->items[i].temporary);
    free(files->items[i].temporary);
    free(files->items[i].path);
  }
  free(files->items);
  return code;
}
