/* A backend in a shared object, built once for each FAULT that it can have. Each must be refused before
 * anything in it is called but xd_backend_plugin. */
#include <stddef.h>
#include <stdlib.h>

#include <xdomain/sys/backend.h>

enum { NOTHING, NEWER_VERSION, OLDER_VERSION, WRONG_SIZE, NO_OPEN, NO_BUFFER_CREATE, NO_TABLE, NO_SYMBOL };

#define HAS(fault) (FAULT == (fault))

static xd_status open_it(xd_backend **out, const char **detail, const xd_backend_host *host) {
  const xd_backend_table *reference = xd_backend_builtin("reference");
  return reference ? reference->open(out, detail, host) : XD_ERROR_UNSUPPORTED;
}

static void close_it(xd_backend *backend) {
  xd_backend_builtin("reference")->close(backend);
}

static xd_status create_buffer(xd_backend *backend, xd_buffer **out, size_t count) {
  return xd_backend_builtin("reference")->buffer_create(backend, out, count);
}

static void destroy_buffer(xd_backend *backend, xd_buffer *buffer) {
  xd_backend_builtin("reference")->buffer_destroy(backend, buffer);
}

static xd_status write_buffer(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  return xd_backend_builtin("reference")->buffer_write(backend, to, from, count);
}

static xd_status read_buffer(xd_backend *backend, float *to, xd_slice from, size_t count) {
  return xd_backend_builtin("reference")->buffer_read(backend, to, from, count);
}

static const xd_backend_table table = {
    .struct_size = sizeof(xd_backend_table) - (HAS(WRONG_SIZE) ? sizeof(void *) : 0),
    .table_version = XD_BACKEND_TABLE_VERSION + HAS(NEWER_VERSION) - HAS(OLDER_VERSION),
    .name = "plugged",
    .open = HAS(NO_OPEN) ? NULL : open_it,
    .close = close_it,
    .buffer_create = HAS(NO_BUFFER_CREATE) ? NULL : create_buffer,
    .buffer_destroy = destroy_buffer,
    .buffer_write = write_buffer,
    .buffer_read = read_buffer,
};

#define EXPORTED __attribute__((visibility("default")))

/* Under another name where the symbol is to be missing. */
EXPORTED const xd_backend_table *xd_backend_plugin_of_another_kind(void);
EXPORTED const xd_backend_table *xd_backend_plugin_of_another_kind(void) {
  return HAS(NO_TABLE) ? NULL : &table;
}

#ifndef PLUGIN_WITHOUT_SYMBOL
EXPORTED const xd_backend_table *xd_backend_plugin(void);
EXPORTED const xd_backend_table *xd_backend_plugin(void) {
  return xd_backend_plugin_of_another_kind();
}
#endif
