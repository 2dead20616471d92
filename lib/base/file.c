/* Files: reading refuses what is not a regular file, whose size could not be known beforehand. How they are written,
 * and what the system does, stand in file_posix.c and file_windows.c. */
#include "base/file.h"

#include <errno.h>
#include <inttypes.h>

#include "base/memory.h"
#include "base/system.h"

#define PIECE ((size_t)1 << 24) /* of reading, between two looks at a cancellation */

static xd_status find_size(xdi_file *file, xd_context *context, size_t limit) {
  xdi_kind kind = XDI_KIND_OTHER;
  uint64_t size = 0;
  const int error = xdi_system_examine(file->descriptor, &kind, &size);
  if (error)
    return xdi_fail_system(context, error, "examine", file->path);
  const xd_status status = xdi_check_regular(context, file->path, kind);
  if (status != XD_OK)
    return status;
  if (size > limit || size > SIZE_MAX / 2)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "'%s' has %" PRIu64 " bytes, more than the limit of %zu",
                    file->path, size, limit);
  file->size = (size_t)size;
  return XD_OK;
}

xd_status xdi_file_open(xdi_file *out, xd_context *context, const char *path, size_t limit) {
  *out = (xdi_file){.descriptor = -1, .path = path};
  const int error = xdi_system_open(&out->descriptor, path);
  if (error)
    return xdi_fail_system(context, error, "open", path);
  xd_status status = find_size(out, context, limit);
  if (status != XD_OK)
    xdi_file_close(out);
  return status;
}

void xdi_file_close(xdi_file *file) {
  if (file->descriptor >= 0)
    xdi_system_close(file->descriptor);
  file->descriptor = -1;
}

static xd_status fail_changed(const xdi_file *file, xd_context *context) {
  return xdi_fail(context, XD_ERROR_IO, "'%s' changed its size of %zu bytes while it was read", file->path,
                  file->size);
}

xd_status xdi_file_fetch(const xdi_file *file, xd_context *context, void *to, size_t offset, size_t size) {
  xd_status status = xdi_check_cancelled(context);
  for (size_t done = 0; done < size && status == XD_OK;) {
    const size_t wanted = size - done < PIECE ? size - done : PIECE;
    const ptrdiff_t got =
        xdi_system_read(file->descriptor, (unsigned char *)to + done, offset + done, wanted);
    if (got < 0)
      return xdi_fail_system(context, errno, "read", file->path);
    if (got < (ptrdiff_t)wanted)
      return fail_changed(file, context);
    done += wanted;
    status = xdi_check_cancelled(context);
  }
  return status;
}

/* The whole content, which must end where it ended when the file was opened. */
static xd_status read_content(const xdi_file *file, xd_context *context, unsigned char *to) {
  unsigned char next;
  xd_status status = xdi_file_fetch(file, context, to, 0, file->size);
  if (status != XD_OK)
    return status;
  const ptrdiff_t more = xdi_system_read(file->descriptor, &next, file->size, 1);
  if (more < 0)
    return xdi_fail_system(context, errno, "read", file->path);
  return more == 0 ? XD_OK : fail_changed(file, context);
}

xd_status xdi_file_read(xd_context *context, const char *path, size_t limit, unsigned char **out,
                        size_t *size) {
  *out = NULL;
  *size = 0;
  xdi_file file;
  xd_status status = xdi_file_open(&file, context, path, limit);
  if (status != XD_OK)
    return status;
  unsigned char *content = xdi_allocate(&context->allocator, file.size ? file.size : 1, 1);
  if (content)
    status = read_content(&file, context, content);
  else
    status = xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while reading '%s' of %zu bytes", path,
                      file.size);
  xdi_file_close(&file);
  if (status != XD_OK) {
    xdi_release(&context->allocator, content);
    return status;
  }
  *out = content;
  *size = file.size;
  return XD_OK;
}
