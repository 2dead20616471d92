/* How failures of the system are told. */
#include <errno.h>

#include "base/file.h"
#include "base/plain.h"

xd_status xdi_fail_system(xd_context *context, int error, const char *what, const char *path) {
  char reason[XDI_REASON_SIZE];
  xdi_describe_error(reason, error);
  xd_status status = error == ENOENT || error == ENOTDIR ? XD_ERROR_NOT_FOUND : XD_ERROR_IO;
  if (error == ENOMEM)
    status = XD_ERROR_OUT_OF_MEMORY;
  return xdi_fail(context, status, "cannot %s '%s': %s", what, path, reason);
}

xd_status xdi_check_regular(xd_context *context, const char *path, xdi_kind kind) {
  if (kind == XDI_KIND_FILE)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_IO, "'%s' is %s", path,
                  kind == XDI_KIND_FOLDER ? "a folder, not a file" : "not a regular file");
}
