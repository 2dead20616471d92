/* Files as Windows has them. Paths are UTF-8, and become UTF-16 here. There are no owners and modes: a file that
 * replaces another has its folder's rights. A link is replaced by the file, not followed, and a folder cannot be
 * synced: the system writes the rename through. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <windows.h>

#include "base/memory.h"
#include "base/system.h"
#include "base/windows.h"

#define MAX_TRANSFER ((size_t)1 << 30)
#define MAX_ATTEMPTS 1000
#define TEMPORARY_SIZE 64 /* room for a temporary file's name */
#define TEMPORARY_FORMAT ".xdomain-%ld-%u.tmp"
#define NAME_SIZE (4 * MAX_PATH)

/* ---- Names and errors ---- */

int xdi_widen(wchar_t wide[XDI_WIDE_PATH], const char *path) {
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, XDI_WIDE_PATH) > 0)
    return 0;
  return GetLastError() == ERROR_INSUFFICIENT_BUFFER ? ENAMETOOLONG : EILSEQ;
}

static int error_of(DWORD error) {
  switch (error) {
  case ERROR_FILE_NOT_FOUND:
  case ERROR_PATH_NOT_FOUND:
  case ERROR_INVALID_NAME:
    return ENOENT;
  case ERROR_ACCESS_DENIED:
  case ERROR_SHARING_VIOLATION:
  case ERROR_LOCK_VIOLATION:
    return EACCES;
  case ERROR_NOT_ENOUGH_MEMORY:
    return ENOMEM;
  case ERROR_DISK_FULL:
    return ENOSPC;
  default:
    return EIO;
  }
}

/* ---- Reading ---- */

static xdi_kind kind_of(DWORD attributes) {
  return attributes & FILE_ATTRIBUTE_DIRECTORY ? XDI_KIND_FOLDER : XDI_KIND_FILE;
}

int xdi_system_kind(const char *path, xdi_kind *kind) {
  wchar_t wide[XDI_WIDE_PATH];
  const int error = xdi_widen(wide, path);
  const DWORD attributes = error ? 0 : GetFileAttributesW(wide);
  if (!error && attributes == INVALID_FILE_ATTRIBUTES)
    return error_of(GetLastError());
  *kind = kind_of(attributes);
  return error;
}

bool xdi_system_is_free(const char *path) {
  xdi_kind kind;
  return xdi_system_kind(path, &kind) == ENOENT;
}

/* A folder cannot be opened by _wopen, and is told by its kind. */
int xdi_system_open(int *file, const char *path) {
  wchar_t wide[XDI_WIDE_PATH];
  xdi_kind kind = XDI_KIND_OTHER;
  int error = xdi_widen(wide, path);
  *file = -1;
  if (!error)
    error = xdi_system_kind(path, &kind);
  if (!error && kind == XDI_KIND_FOLDER)
    error = EISDIR;
  if (error)
    return error;
  *file = _wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT);
  return *file < 0 ? errno : 0;
}

int xdi_system_examine(int file, xdi_kind *kind, uint64_t *size) {
  struct _stat64 info;
  if (_fstat64(file, &info) != 0)
    return errno;
  *kind = (info.st_mode & _S_IFMT) == _S_IFREG ? XDI_KIND_FILE : XDI_KIND_OTHER;
  *size = info.st_size > 0 ? (uint64_t)info.st_size : 0;
  return 0;
}

ptrdiff_t xdi_system_read(int file, unsigned char *to, size_t offset, size_t size) {
  size_t filled = 0;
  if (_lseeki64(file, (__int64)offset, SEEK_SET) < 0)
    return -1;
  while (filled < size) {
    const size_t wanted = size - filled < MAX_TRANSFER ? size - filled : MAX_TRANSFER;
    const int got = _read(file, to + filled, (unsigned)wanted);
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    filled += (size_t)got;
  }
  return (ptrdiff_t)filled;
}

void xdi_system_close(int file) {
  _close(file);
}

/* ---- Writing ---- */

/* The folder of `path` with its closing separator ("" for the current one), with room for a file name. */
static char *make_folder_path(const xd_allocator *allocator, const char *path, size_t *length) {
  *length = strlen(path);
  while (*length > 0 && !strchr("/\\:", path[*length - 1]))
    --*length;
  char *folder = xdi_allocate(allocator, *length + TEMPORARY_SIZE, 1);
  if (!folder)
    return NULL;
  memcpy(folder, path, *length);
  folder[*length] = '\0';
  return folder;
}

/* Creates a file of a name that nobody has; its path replaces the folder's. -1 with errno on failure. */
static int create_temporary(char *folder, size_t length, wchar_t wide[XDI_WIDE_PATH]) {
  for (unsigned attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    snprintf(folder + length, TEMPORARY_SIZE, TEMPORARY_FORMAT, (long)_getpid(), attempt);
    const int error = xdi_widen(wide, folder);
    const int file =
        error ? -1
              : _wopen(wide, _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
    if (error)
      errno = error;
    if (file >= 0 || errno != EEXIST)
      return file;
  }
  return -1;
}

static bool is_gone(long process) {
  HANDLE handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)process);
  if (!handle)
    return GetLastError() == ERROR_INVALID_PARAMETER;
  DWORD code = STILL_ACTIVE;
  const bool ended = GetExitCodeProcess(handle, &code) && code != STILL_ACTIVE;
  CloseHandle(handle);
  return ended;
}

/* Removes a file of such a name if its process is gone. */
static void remove_if_left(char *folder, size_t length, const char *name) {
  long process;
  unsigned attempt;
  wchar_t wide[XDI_WIDE_PATH];
  if (sscanf(name, TEMPORARY_FORMAT, &process, &attempt) != 2 || process <= 0 || !is_gone(process))
    return;
  snprintf(folder + length, TEMPORARY_SIZE, TEMPORARY_FORMAT, process, attempt);
  if (strcmp(folder + length, name) == 0 && xdi_widen(wide, folder) == 0)
    _wunlink(wide);
}

/* Removes what processes left that were killed while they saved; a context looks once at the folder that it writes
 * to, which it knows by a hash of its name. */
static void sweep_folder(xd_context *context, char *folder, size_t length) {
  uint64_t hash = UINT64_C(14695981039346656037);
  xdi_folder *entries;
  int error = 0;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)folder[i]) * UINT64_C(1099511628211);
  if (context->swept_inode == hash)
    return;
  context->swept_inode = hash;
  if (xdi_folder_open(&entries, length ? folder : ".") != 0)
    return;
  for (const char *name; (name = xdi_folder_next(entries, &error)) != NULL;)
    remove_if_left(folder, length, name);
  xdi_folder_close(entries);
  folder[length] = '\0';
}

static bool write_fully(int file, const unsigned char *from, size_t size) {
  while (size > 0) {
    const int put = _write(file, from, (unsigned)(size < MAX_TRANSFER ? size : MAX_TRANSFER));
    if (put == 0)
      errno = EIO;
    if (put <= 0)
      return false;
    from += put;
    size -= (size_t)put;
  }
  return true;
}

static int fill_and_close(int file, const void *data, size_t size) {
  int error = write_fully(file, data, size) && _commit(file) == 0 ? 0 : errno;
  if (_close(file) != 0 && error == 0)
    error = errno;
  return error;
}

static xd_status write_beside(xd_context *context, const char *path, char *folder, size_t length,
                              const void *data, size_t size) {
  wchar_t temporary[XDI_WIDE_PATH], wide[XDI_WIDE_PATH];
  sweep_folder(context, folder, length);
  const int file = create_temporary(folder, length, temporary);
  if (file < 0)
    return xdi_fail_system(context, errno, "create a temporary file to write", path);
  int error = fill_and_close(file, data, size);
  if (!error)
    error = xdi_widen(wide, path);
  if (!error && !MoveFileExW(temporary, wide, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
    error = error_of(GetLastError());
  if (!error)
    return XD_OK;
  _wunlink(temporary);
  return xdi_fail_system(context, error, "write", path);
}

xd_status xdi_file_write(xd_context *context, const char *path, const void *data, size_t size) {
  xdi_kind kind = XDI_KIND_FILE;
  size_t length;
  const int error = xdi_system_kind(path, &kind);
  if (error && error != ENOENT)
    return xdi_fail_system(context, error, "write", path);
  if (kind == XDI_KIND_FOLDER)
    return xdi_fail(context, XD_ERROR_IO, "'%s' is a folder, not a file", path);
  char *folder = make_folder_path(&context->allocator, path, &length);
  if (!folder)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while writing '%s'", path);
  const xd_status status = write_beside(context, path, folder, length, data, size);
  xdi_release(&context->allocator, folder);
  return status;
}

/* ---- Folders ---- */

struct xdi_folder {
  HANDLE search;
  WIN32_FIND_DATAW entry;
  bool first; /* `entry` is one that was not given yet */
  char name[NAME_SIZE];
};

int xdi_folder_open(xdi_folder **out, const char *path) {
  wchar_t wide[XDI_WIDE_PATH];
  xdi_kind kind = XDI_KIND_OTHER;
  int error = xdi_system_kind(path, &kind);
  if (!error && kind != XDI_KIND_FOLDER)
    error = ENOTDIR;
  if (!error)
    error = xdi_widen(wide, path);
  if (!error && wcslen(wide) + 3 > XDI_WIDE_PATH)
    error = ENAMETOOLONG;
  if (error)
    return error;
  xdi_folder *folder = malloc(sizeof *folder);
  if (!folder)
    return ENOMEM;
  wcscat(wide, L"/*");
  folder->search = FindFirstFileW(wide, &folder->entry);
  if (folder->search == INVALID_HANDLE_VALUE) {
    error = error_of(GetLastError());
    free(folder);
    return error;
  }
  folder->first = true;
  *out = folder;
  return 0;
}

/* A name that is no UTF-16 has no UTF-8. */
const char *xdi_folder_next(xdi_folder *folder, int *error) {
  *error = 0;
  if (!folder->first && !FindNextFileW(folder->search, &folder->entry)) {
    *error = GetLastError() == ERROR_NO_MORE_FILES ? 0 : error_of(GetLastError());
    return NULL;
  }
  folder->first = false;
  if (WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, folder->entry.cFileName, -1, folder->name, NAME_SIZE,
                          NULL, NULL) > 0)
    return folder->name;
  *error = EILSEQ;
  return NULL;
}

void xdi_folder_close(xdi_folder *folder) {
  FindClose(folder->search);
  free(folder);
}
