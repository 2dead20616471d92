/* Memory, threads, processes, shared objects and texts as Windows has them; threads are those of winpthreads. There
 * is no fork, and there are no control groups. */
#include "base/system.h"

#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/plain.h"
#include "base/runner.h"
#include "base/windows.h"

/* ---- Memory ---- */

void *xdi_system_allocate(size_t size, size_t alignment) {
  return _aligned_malloc(size, alignment);
}

void xdi_system_release(void *memory) {
  _aligned_free(memory);
}

/* ---- Threads and processes ---- */

uint32_t xdi_system_start_threads(pthread_t *threads, uint32_t count, void *(*function)(void *),
                                  void *argument) {
  uint32_t started = 0;
  while (started < count && pthread_create(&threads[started], NULL, function, argument) == 0)
    started++;
  return started;
}

xdi_birth xdi_birth_note(void) {
  return (xdi_birth){0};
}

bool xdi_birth_is_inherited(const xdi_birth *birth) {
  (void)birth;
  return false;
}

void xdi_birth_forget(const xdi_birth *birth) {
  (void)birth;
}

/* The processors of the process's group that it may run on. */
uint32_t xd_usable_threads(void) {
  DWORD_PTR allowed = 0, all = 0;
  uint32_t threads = 0;
  if (GetProcessAffinityMask(GetCurrentProcess(), &allowed, &all))
    for (; allowed; allowed &= allowed - 1)
      threads++;
  return threads > 0 ? threads : 1;
}

/* ---- Shared objects ---- */

void *xdi_system_open_library(const char *path, char *why, size_t why_size) {
  wchar_t wide[XDI_WIDE_PATH];
  if (xdi_widen(wide, path) != 0) {
    snprintf(why, why_size, "the path is too long, or no UTF-8");
    return NULL;
  }
  HMODULE library = LoadLibraryW(wide);
  if (!library)
    snprintf(why, why_size, "the loader's error %lu", GetLastError());
  return (void *)library;
}

void *xdi_system_find_symbol(void *library, const char *name) {
  FARPROC function = GetProcAddress((HMODULE)library, name);
  void *symbol;
  memcpy(&symbol, &function, sizeof symbol); /* ISO C has no cast from a function to an object */
  return symbol;
}

void xdi_system_close_library(void *library) {
  FreeLibrary((HMODULE)library);
}

/* ---- Texts: the plain locale on one thread, as in plain.c ---- */

/* `plain` says whether the thread had a locale of its own before. */
xdi_plain xdi_plain_begin(void) {
  const int mode = _configthreadlocale(_ENABLE_PER_THREAD_LOCALE);
  const char *before = setlocale(LC_ALL, NULL);
  const xdi_plain plain = {.plain = mode == _ENABLE_PER_THREAD_LOCALE ? (void *)"own" : NULL,
                           .before = before ? _strdup(before) : NULL};
  setlocale(LC_ALL, "C");
  return plain;
}

void xdi_plain_end(xdi_plain plain) {
  if (plain.before)
    setlocale(LC_ALL, plain.before);
  free(plain.before);
  if (!plain.plain)
    _configthreadlocale(_DISABLE_PER_THREAD_LOCALE);
}

void xdi_describe_error(char to[XDI_REASON_SIZE], int error) {
  if (strerror_s(to, XDI_REASON_SIZE, error) != 0)
    snprintf(to, XDI_REASON_SIZE, "error %d", error);
}
