/* Backends in shared objects: opened by the system's loader and let in through the same gate as
 * every other table. A library is its own small allocation from the C library's heap, for it
 * belongs to no context. */
#include <stdio.h>
#include <string.h>

#include "backend/registry.h"
#include "base/memory.h"
#include "base/plain.h"
#include "base/system.h"
#include "base/text.h"

#define REASON_SIZE 1024 /* of a loader, which names paths */

struct xd_backend_library {
  void *handle;
  const xd_backend_table *table;
};

typedef const xd_backend_table *(*plugin_function)(void);

static void say(char *why, size_t why_size, const char *what, const char *detail) {
  char line[4096 + 512];
  if (!why)
    return;
  snprintf(line, sizeof line, "%s%s%s", what, *detail ? ": " : "", detail);
  xdi_text_show(why, why_size, line, strlen(line));
}

/* A path with a folder in it that names a file which is there, but which the loader refused. */
static bool refused_file(const char *path) {
  xdi_kind kind;
  return strchr(path, '/') && xdi_system_kind(path, &kind) == 0;
}

static xd_status find_table(xd_backend_library *library, const char *path, char *why, size_t why_size) {
  plugin_function plugin = NULL;
  const xdi_plain plain = xdi_plain_begin();
  char reason[REASON_SIZE];
  library->handle = xdi_system_open_library(path, reason, sizeof reason);
  if (!library->handle)
    say(why, why_size, path, reason);
  xdi_plain_end(plain);
  if (!library->handle)
    return refused_file(path) ? XD_ERROR_UNSUPPORTED : XD_ERROR_NOT_FOUND;
  void *symbol = xdi_system_find_symbol(library->handle, "xd_backend_plugin");
  if (!symbol) {
    say(why, why_size, path, "it exports no xd_backend_plugin");
    return XD_ERROR_NOT_FOUND;
  }
  memcpy(&plugin, &symbol, sizeof plugin); /* ISO C has no cast from an object to a function */
  library->table = plugin();
  if (!library->table) {
    say(why, why_size, path, "its xd_backend_plugin offers no table on this machine");
    return XD_ERROR_UNSUPPORTED;
  }
  char problem[160];
  const xd_status status = xdi_backend_check(library->table, problem, sizeof problem);
  if (status != XD_OK)
    say(why, why_size, path, problem);
  return status;
}

xd_status xd_backend_library_open(xd_backend_library **out, char *why, size_t why_size, const char *path) {
  say(why, why_size, "", "");
  if (!out)
    return XD_ERROR_INVALID_ARGUMENT;
  *out = NULL;
  if (!path || !*path) {
    say(why, why_size, "no path to a backend library was given", "");
    return XD_ERROR_INVALID_ARGUMENT;
  }
  xd_backend_library *library = xdi_allocate_zeroed(&xdi_heap, 1, sizeof *library);
  if (!library) {
    say(why, why_size, path, "out of memory");
    return XD_ERROR_OUT_OF_MEMORY;
  }
  const xd_status status = find_table(library, path, why, why_size);
  if (status == XD_OK)
    *out = library;
  else
    xd_backend_library_close(library);
  return status;
}

void xd_backend_library_close(xd_backend_library *library) {
  if (!library)
    return;
  if (library->handle)
    xdi_system_close_library(library->handle);
  xdi_release(&xdi_heap, library);
}

const xd_backend_table *xd_backend_library_table(const xd_backend_library *library) {
  return library ? library->table : NULL;
}
