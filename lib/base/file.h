/* Files: read whole or piece by piece, and written so that a crash leaves the old file or the new one. */
#ifndef XDI_BASE_FILE_H
#define XDI_BASE_FILE_H

#include <stddef.h>

#include "base/context.h"
#include "base/system.h"

/* Reads `path` into memory of the context's allocator (the caller releases it; an empty file gives a
 * pointer too). A file larger than `limit` is refused before anything is allocated; a folder, a pipe or
 * a device is XD_ERROR_IO. XD_ERROR_NOT_FOUND, XD_ERROR_IO, XD_ERROR_TOO_LARGE,
 * XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_file_read(xd_context *context, const char *path, size_t limit, unsigned char **out,
                        size_t *size);

/* A regular file open for reading; `path` is borrowed and names it in messages. */
typedef struct xdi_file {
  int descriptor;
  size_t size; /* as it was when the file was opened */
  const char *path;
} xdi_file;

/* Opens `path` under the same conditions. A file that was not opened need not be closed, but may be. */
xd_status xdi_file_open(xdi_file *out, xd_context *context, const char *path, size_t limit);

/* Reads `size` bytes at `offset`; XD_ERROR_IO if the file has become too short for them. */
xd_status xdi_file_fetch(const xdi_file *file, xd_context *context, void *to, size_t offset, size_t size);
void xdi_file_close(xdi_file *file);

/* The message is "cannot <what> '<path>': <the system's reason>", of an error number of <errno.h>. */
xd_status xdi_fail_system(xd_context *context, int error, const char *what, const char *path);

/* XD_ERROR_IO of a folder, a pipe or a device. */
xd_status xdi_check_regular(xd_context *context, const char *path, xdi_kind kind);

/* Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the folder. A new file has
 * mode 0666 less the umask; one that replaces another has that one's mode, owner and group, as far as the process
 * may give them. On any failure the temporary file is removed and `path` is as it was, save that a failure to sync
 * the folder comes after the rename, as its message says. A symbolic link is followed, to a file that is not there
 * yet, too; of a file with several hard links only this name gets the new content, with a warning; a folder, a pipe
 * or a device is never replaced. Temporary files of processes that are gone are removed. XD_ERROR_IO,
 * XD_ERROR_NOT_FOUND (no such folder), XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_file_write(xd_context *context, const char *path, const void *data, size_t size);

#endif
