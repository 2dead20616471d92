/* Finds OpenBLAS by the names under which it is installed, and its functions by theirs. */
#include "backend/openblas/openblas_library.h"

#include <dlfcn.h>
#include <string.h>

#include "base/text.h"

/* As the run-time package has it, then as others do. */
static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"};

/* RTLD_NODELETE: OpenBLAS has threads of its own, which run until the process ends. */
static void *open_any(void) {
  void *handle = NULL;
  for (size_t i = 0; !handle && i < sizeof names / sizeof *names; i++)
    handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  return handle;
}

/* ISO C has no cast from an object to a function. */
static bool find(void *handle, const char *name, void *function, size_t size) {
  void *symbol = dlsym(handle, name);
  memcpy(function, &symbol, size);
  return symbol != NULL;
}

xd_status xdi_openblas_load(xdi_openblas *out, const char **why) {
  *out = (xdi_openblas){.handle = open_any()};
  if (!out->handle) {
    *why = "the loader finds no OpenBLAS";
    return XD_ERROR_NOT_FOUND;
  }
  void *handle = out->handle;
  if (find(handle, "cblas_sgemm", &out->sgemm, sizeof out->sgemm) &&
      find(handle, "cblas_sgemv", &out->sgemv, sizeof out->sgemv) &&
      find(handle, "openblas_get_config", &out->get_config, sizeof out->get_config) &&
      find(handle, "openblas_get_corename", &out->get_corename, sizeof out->get_corename) &&
      find(handle, "openblas_get_num_threads", &out->get_num_threads, sizeof out->get_num_threads))
    return XD_OK;
  *why = "the OpenBLAS found here lacks a function";
  xdi_openblas_unload(out);
  return XD_ERROR_UNSUPPORTED;
}

void xdi_openblas_unload(xdi_openblas *library) {
  if (library->handle)
    dlclose(library->handle);
  *library = (xdi_openblas){0};
}

const char *xdi_openblas_core(const xdi_openblas *library) {
  const char *name = library->get_corename();
  return name ? name : "an unknown processor";
}

bool xdi_openblas_is_poor(const xdi_openblas *library) {
  static const char *const poor[] = {"Unknown",    "generic", "Katmai", "Coppermine", "Northwood",
                                     "Prescott",   "Banias",  "Atom",   "Core2",      "Penryn",
                                     "Dunnington", "Nehalem", "Athlon", "Opteron",    "Opteron_SSE3",
                                     "Barcelona",  "Nano",    "Bobcat", "armv8"};
  for (size_t i = 0; i < sizeof poor / sizeof *poor; i++)
    if (xdi_text_alike(xdi_openblas_core(library), poor[i], strlen(poor[i]) + 1))
      return true;
  return false;
}
