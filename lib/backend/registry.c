/* The built-in backends by name, and the gate that every table passes before it is called. */
#include "backend/registry.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "backend/reference/reference.h"

#ifdef XDI_WITH_NATIVE
#include "backend/native/native.h"
#endif
#ifdef XDI_WITH_OPENBLAS
#include "backend/openblas/openblas.h"
#include "backend/openblas/openblas_library.h"
#endif

_Static_assert(sizeof(xd_slice) == sizeof(xd_buffer *) + sizeof(size_t),
               "a slice is two words without padding");

static const xd_backend_table *const built_in[] = {
#ifdef XDI_WITH_NATIVE
    &xdi_native_table,      &xdi_native_avx512_table,   &xdi_native_avx2_table,
    &xdi_native_neon_table, &xdi_native_portable_table,
#endif
#ifdef XDI_WITH_OPENBLAS
    &xdi_openblas_table,
#endif
    &xdi_reference_table,
};

__attribute__((format(printf, 3, 4))) static void say(char *why, size_t why_size, const char *format, ...) {
  va_list arguments;
  if (!why || why_size == 0)
    return;
  va_start(arguments, format);
  vsnprintf(why, why_size, format, arguments);
  va_end(arguments);
}

static bool can_run(const xd_backend_table *table) {
#ifdef XDI_WITH_NATIVE
  return xdi_native_can_run(table);
#else
  return table != NULL;
#endif
}

const xd_backend_table *xdi_backend_at(uint32_t index) {
  for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
    if (can_run(built_in[i]) && index-- == 0)
      return built_in[i];
  return NULL;
}

const xd_backend_table *xd_backend_builtin(const char *name) {
  for (size_t i = 0; name && i < sizeof built_in / sizeof *built_in; i++)
    if (strcmp(built_in[i]->name, name) == 0)
      return built_in[i];
  return NULL;
}

const xd_backend_table *xdi_backend_find(const xd_context_options *options, const char *name) {
  if (!name)
    return NULL;
  for (uint32_t i = 0; options && options->backends && i < options->backend_count; i++) {
    const xd_backend_table *table = options->backends[i];
    if (table && table->name && strcmp(table->name, name) == 0)
      return table;
  }
  return xd_backend_builtin(name);
}

void xdi_backend_complete(xd_backend_table *to, const xd_backend_table *from) {
  *to = *from;
#define FILL(name, parameters) \
  if (!to->name) \
    to->name = xdi_reference_table.name;
  XD_BACKEND_KERNELS(FILL)
#undef FILL
}

static const char *first_empty_slot(const xd_backend_table *table) {
#define EMPTY(name, parameters) \
  if (!table->name) \
    return #name;
  XD_BACKEND_KERNELS(EMPTY)
#undef EMPTY
  return NULL;
}

static const char *first_missing_requirement(const xd_backend_table *table) {
  if (!table->name || !*table->name)
    return "name";
  if (!table->open)
    return "open";
  if (!table->close)
    return "close";
  if (!table->buffer_create)
    return "buffer_create";
  if (!table->buffer_destroy)
    return "buffer_destroy";
  if (!table->buffer_write)
    return "buffer_write";
  if (!table->buffer_read)
    return "buffer_read";
  if ((table->dense_prepare || table->conv2d_prepare || table->conv_transpose2d_prepare ||
       table->upsample_conv2d_prepare) &&
      !table->prepared_destroy)
    return "prepared_destroy";
  return NULL;
}

xd_status xdi_backend_check(const xd_backend_table *table, char *why, size_t why_size) {
  say(why, why_size, "%s", "");
  if (!table) {
    say(why, why_size, "no backend table was given");
    return XD_ERROR_INVALID_ARGUMENT;
  }
  /* Size and version lead a table of every version; nothing else is read before they are known. */
  if (table->table_version != XD_BACKEND_TABLE_VERSION) {
    say(why, why_size, "the backend's table_version is %u; this library calls version %u",
        (unsigned)table->table_version, XD_BACKEND_TABLE_VERSION);
    return table->table_version > XD_BACKEND_TABLE_VERSION ? XD_ERROR_VERSION_TOO_NEW : XD_ERROR_UNSUPPORTED;
  }
  if (table->struct_size != sizeof *table) {
    say(why, why_size, "the backend's table has struct_size %u; version %u has %u",
        (unsigned)table->struct_size, XD_BACKEND_TABLE_VERSION, (unsigned)sizeof *table);
    return XD_ERROR_BAD_DATA;
  }
  const char *missing = first_missing_requirement(table);
  if (missing) {
    say(why, why_size, "the table of backend \"%s\" has no %s", table->name ? table->name : "", missing);
    return XD_ERROR_BAD_DATA;
  }
  return XD_OK;
}

xd_status xdi_backend_probe(const xd_backend_table *table, xd_backend *backend, char *why, size_t why_size) {
  const char *empty = first_empty_slot(table);
  xd_buffer *buffer = NULL;
  say(why, why_size, "%s", "");
  if (!empty)
    return XD_OK;
  const xd_status status = table->buffer_create(backend, &buffer, 1);
  if (status != XD_OK) {
    say(why, why_size, "backend \"%s\" gave no buffer: %s", table->name, xd_status_name(status));
    return status;
  }
  const bool visible = buffer && buffer->host;
  if (buffer)
    table->buffer_destroy(backend, buffer);
  if (visible)
    return XD_OK;
  say(why, why_size, "backend \"%s\" leaves slot %s empty, but its buffers cannot be seen by the host",
      table->name, empty);
  return XD_ERROR_BAD_DATA;
}

/* How good OpenBLAS's kernels are for this processor, and in `core` what it reports. */
enum { OPENBLAS_ABSENT, OPENBLAS_POOR, OPENBLAS_GOOD };

#ifdef XDI_WITH_OPENBLAS
static int ask_openblas(char *core, size_t core_size) {
  xdi_openblas library;
  const char *why = "";
  if (xdi_openblas_load(&library, &why) != XD_OK) {
    say(core, core_size, "%s", why);
    return OPENBLAS_ABSENT;
  }
  const bool poor = xdi_openblas_is_poor(&library);
  say(core, core_size, "OpenBLAS reports %s", xdi_openblas_core(&library));
  xdi_openblas_unload(&library);
  return poor ? OPENBLAS_POOR : OPENBLAS_GOOD;
}
#else
static int ask_openblas(char *core, size_t core_size) {
  say(core, core_size, "built without OpenBLAS");
  return OPENBLAS_ABSENT;
}
#endif

const char *xdi_backend_auto(char *why, size_t why_size) {
  char core[64];
#ifdef XDI_WITH_NATIVE
  const char *kernels = xdi_native_processor();
  if (strcmp(kernels, "portable") != 0) {
    say(why, why_size, "%s kernels, ahead of OpenBLAS's, which was not loaded", kernels);
    return "native";
  }
  const bool use_openblas = ask_openblas(core, sizeof core) == OPENBLAS_GOOD;
  say(why, why_size, "portable kernels; %s", core);
  return use_openblas ? "openblas" : "native";
#else
  const bool use_openblas = ask_openblas(core, sizeof core) != OPENBLAS_ABSENT;
  say(why, why_size, "built without the native backend; %s", core);
  return use_openblas ? "openblas" : "reference";
#endif
}
