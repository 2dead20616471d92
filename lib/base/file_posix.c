/* Files as POSIX has them. Writing goes through a temporary file in the same folder (rename is atomic only within a
 * file system) and two syncs: the file's before the rename, the folder's after it. */
#define _FILE_OFFSET_BITS 64

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/plain.h"
#include "base/system.h"

/* Some systems refuse larger single transfers. */
#define MAX_TRANSFER ((size_t)1 << 30)
#define MAX_ATTEMPTS 1000
#define MAX_LINKS 40      /* that lead to one another */
#define TEMPORARY_SIZE 64 /* room for a temporary file's name */
#define TEMPORARY_FORMAT ".xdomain-%ld-%u.tmp"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

static int open_retrying(const char *path, int flags, mode_t mode) {
  int file;
  do
    file = open(path, flags | O_CLOEXEC, mode);
  while (file < 0 && errno == EINTR);
  return file;
}

/* ---- reading ---- */

static xdi_kind kind_of(const struct stat *info) {
  if (S_ISREG(info->st_mode))
    return XDI_KIND_FILE;
  return S_ISDIR(info->st_mode) ? XDI_KIND_FOLDER : XDI_KIND_OTHER;
}

/* Without O_NONBLOCK, opening a pipe would wait for its writer. */
int xdi_system_open(int *file, const char *path) {
  *file = open_retrying(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  return *file < 0 ? errno : 0;
}

int xdi_system_examine(int file, xdi_kind *kind, uint64_t *size) {
  struct stat info;
  if (fstat(file, &info) != 0)
    return errno;
  *kind = kind_of(&info);
  *size = info.st_size > 0 ? (uint64_t)info.st_size : 0;
  return 0;
}

ptrdiff_t xdi_system_read(int file, unsigned char *to, size_t offset, size_t size) {
  size_t filled = 0;
  while (filled < size) {
    size_t wanted = size - filled < MAX_TRANSFER ? size - filled : MAX_TRANSFER;
    ssize_t got = pread(file, to + filled, wanted, (off_t)(offset + filled));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    filled += (size_t)got;
  }
  return (ptrdiff_t)filled;
}

void xdi_system_close(int file) {
  close(file);
}

int xdi_system_kind(const char *path, xdi_kind *kind) {
  struct stat info;
  if (stat(path, &info) != 0)
    return errno;
  *kind = kind_of(&info);
  return 0;
}

bool xdi_system_is_free(const char *path) {
  struct stat found;
  return lstat(path, &found) != 0 && errno == ENOENT;
}

/* ---- folders ---- */

/* It is the system's own. */
static DIR *directory_of(xdi_folder *folder) {
  return (DIR *)folder;
}

int xdi_folder_open(xdi_folder **out, const char *path) {
  *out = (xdi_folder *)opendir(path);
  return *out ? 0 : errno;
}

const char *xdi_folder_next(xdi_folder *folder, int *error) {
  errno = 0;
  const struct dirent *entry = readdir(directory_of(folder));
  *error = entry ? 0 : errno;
  return entry ? entry->d_name : NULL;
}

void xdi_folder_close(xdi_folder *folder) {
  closedir(directory_of(folder));
}

/* ---- writing ---- */

static bool write_fully(int file, const unsigned char *from, size_t size) {
  while (size > 0) {
    ssize_t put = write(file, from, size < MAX_TRANSFER ? size : MAX_TRANSFER);
    if (put < 0 && errno == EINTR)
      continue;
    if (put == 0) /* nothing is written and nothing is wrong: it would go on for ever */
      errno = EIO;
    if (put <= 0)
      return false;
    from += put;
    size -= (size_t)put;
  }
  return true;
}

/* Some file systems cannot sync, and say so; that is no failure to write. */
static bool sync_fully(int file) {
  int result;
  do
    result = fsync(file);
  while (result != 0 && errno == EINTR);
  return result == 0 || errno == EINVAL || errno == ENOTSUP || errno == ENOSYS;
}

/* Writes where the link at `path` leads to `resolved`, in which `path` may lie. */
static xd_status follow(xd_context *context, const char *path, char resolved[PATH_MAX]) {
  char target[PATH_MAX];
  const ssize_t length = readlink(path, target, sizeof target);
  if (length < 0)
    return xdi_fail_system(context, errno, "follow the link", path);
  const char *slash = strrchr(path, '/');
  const size_t folder = slash && length > 0 && target[0] != '/' ? (size_t)(slash - path) + 1 : 0;
  if (folder + (size_t)length >= PATH_MAX)
    return xdi_fail_system(context, ENAMETOOLONG, "follow the link", path);
  memmove(resolved, path, folder);
  memcpy(resolved + folder, target, (size_t)length);
  resolved[folder + (size_t)length] = '\0';
  return XD_OK;
}

/* A symbolic link stays one: the file it leads to is replaced, or made. What is there and is no regular file (a
 * folder, a device, a pipe) must not be renamed over. *old is what is there; its st_nlink is 0 if nothing is. */
static xd_status resolve(xd_context *context, const char **path, char resolved[PATH_MAX], struct stat *old) {
  for (int links = 0;; links++) {
    *old = (struct stat){0};
    if (lstat(*path, old) != 0) {
      old->st_nlink = 0;
      return errno == ENOENT ? XD_OK : xdi_fail_system(context, errno, "write", *path);
    }
    if (!S_ISLNK(old->st_mode))
      break;
    const xd_status status = links < MAX_LINKS ? follow(context, *path, resolved)
                                               : xdi_fail_system(context, ELOOP, "follow the link", *path);
    if (status != XD_OK)
      return status;
    *path = resolved;
  }
  if (old->st_nlink > 1)
    xdi_log(context, XD_LOG_WARNING, "'%s' has other names (hard links), which keep the old content", *path);
  return xdi_check_regular(context, *path, kind_of(old));
}

/* The folder of `path` with a closing slash ("" for the current one), with room for a file name. */
static char *make_folder_path(const xd_allocator *allocator, const char *path, size_t *length) {
  const char *slash = strrchr(path, '/');
  *length = slash ? (size_t)(slash - path) + 1 : 0;
  char *folder = xdi_allocate(allocator, *length + TEMPORARY_SIZE, 1);
  if (!folder)
    return NULL;
  memcpy(folder, path, *length);
  folder[*length] = '\0';
  return folder;
}

/* Creates a file of a name that nobody has, which it keeps locked; its path replaces the folder's. -1 with
 * errno on failure. */
static int create_temporary(char *folder, size_t length, mode_t mode) {
  for (unsigned attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    snprintf(folder + length, TEMPORARY_SIZE, TEMPORARY_FORMAT, (long)getpid(), attempt);
    int file = open_retrying(folder, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY, mode);
    if (file >= 0)
      flock(file, LOCK_EX | LOCK_NB);
    if (file >= 0 || errno != EEXIST)
      return file;
  }
  return -1;
}

/* Removes a file of such a name if its process is gone: neither does the number live here, nor does anyone hold
 * the lock, as a process of another container would. */
static void remove_if_left(int folder, const char *name) {
  long process;
  unsigned attempt;
  char same[TEMPORARY_SIZE];
  if (sscanf(name, TEMPORARY_FORMAT, &process, &attempt) != 2 || process <= 0)
    return;
  snprintf(same, sizeof same, TEMPORARY_FORMAT, process, attempt);
  if (strcmp(name, same) != 0 || kill((pid_t)process, 0) == 0 || errno != ESRCH)
    return;
  int file = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0)
    return;
  if (flock(file, LOCK_EX | LOCK_NB) == 0)
    unlinkat(folder, name, 0);
  close(file);
}

/* Removes what processes left that were killed while they saved; a context looks once, not at each of the
 * thousand files that it may write to a folder. */
static void sweep_folder(xd_context *context, char *folder, size_t length) {
  struct stat info;
  folder[length] = '\0';
  if (stat(length ? folder : ".", &info) != 0 ||
      (context->swept_device == (uint64_t)info.st_dev && context->swept_inode == (uint64_t)info.st_ino))
    return;
  context->swept_device = (uint64_t)info.st_dev;
  context->swept_inode = (uint64_t)info.st_ino;
  DIR *entries = opendir(length ? folder : ".");
  for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;)
    remove_if_left(dirfd(entries), entry->d_name);
  if (entries)
    closedir(entries);
}

/* The new file has the mode of the old one, and its owner and group where the process may give files away. */
static bool take_over(int file, const struct stat *old) {
  if (old->st_nlink == 0)
    return true;
  if (fchown(file, old->st_uid, old->st_gid) != 0 && fchown(file, (uid_t)-1, old->st_gid) != 0)
    errno = 0; /* it belongs to who wrote it, then */
  return fchmod(file, old->st_mode & 0777) == 0;
}

static int fill_and_close(int file, const struct stat *old, const void *data, size_t size) {
  int error = write_fully(file, data, size) && take_over(file, old) && sync_fully(file) ? 0 : errno;
  if (close(file) != 0 && errno != EINTR && error == 0)
    error = errno;
  return error;
}

/* It comes after the rename, and so is told apart. */
static xd_status fail_sync(xd_context *context, int error, const char *path) {
  char reason[XDI_REASON_SIZE];
  xdi_describe_error(reason, error);
  return xdi_fail(
      context, XD_ERROR_IO,
      "'%s' is written, but its folder cannot be synced, so that it may be lost if the system goes down: %s",
      path, reason);
}

/* A folder that may be written but not read cannot be synced, which is no failure. */
static xd_status sync_folder(xd_context *context, char *folder, size_t length, const char *path) {
  folder[length] = '\0';
  int file = open_retrying(length ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
  if (file < 0)
    return errno == EACCES ? XD_OK : fail_sync(context, errno, path);
  int error = sync_fully(file) ? 0 : errno;
  close(file);
  return error ? fail_sync(context, error, path) : XD_OK;
}

static xd_status write_beside(xd_context *context, const char *path, const struct stat *old, char *folder,
                              size_t length, const void *data, size_t size) {
  sweep_folder(context, folder, length);
  int file = create_temporary(folder, length, old->st_nlink > 0 ? old->st_mode & 0777 : 0666);
  if (file < 0)
    return xdi_fail_system(context, errno, "create a temporary file to write", path);
  int error = fill_and_close(file, old, data, size);
  if (error == 0 && rename(folder, path) != 0)
    error = errno;
  if (error != 0) {
    unlink(folder);
    return xdi_fail_system(context, error, "write", path);
  }
  return sync_folder(context, folder, length, path);
}

xd_status xdi_file_write(xd_context *context, const char *path, const void *data, size_t size) {
  char resolved[PATH_MAX];
  struct stat old;
  size_t length;
  xd_status status = resolve(context, &path, resolved, &old);
  if (status != XD_OK)
    return status;
  char *folder = make_folder_path(&context->allocator, path, &length);
  if (!folder)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while writing '%s'", path);
  status = write_beside(context, path, &old, folder, length, data, size);
  xdi_release(&context->allocator, folder);
  return status;
}
