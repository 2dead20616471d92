/* Memory, threads, processes and shared objects as POSIX has them. */
#define _DEFAULT_SOURCE /* madvise */

#include "base/system.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Memory ---- */

#define SMALL_PAGE ((size_t)1 << 12)
#define HUGE_PAGE ((size_t)1 << 21)
#define MIDDLING_SIZE ((size_t)1 << 18)
#define LARGE_SIZE ((size_t)3 << 19)

/* Touching weights for the first time, page by page, can take longer than computing with them. So a large
 * block asks for huge pages, whole ones where that wastes little, and a middling one for all its pages at
 * once. Both are advice: a kernel that knows neither gives pages as they are touched. */
static void *allocate_pages(size_t size) {
  const size_t page = size >= LARGE_SIZE ? HUGE_PAGE : SMALL_PAGE, rest = size % page;
  void *memory = NULL;
  if (rest && page - rest <= size / 3 && size <= SIZE_MAX - page)
    size += page - rest;
  if (posix_memalign(&memory, page, size) != 0)
    return NULL;
#ifdef MADV_HUGEPAGE
  if (page == HUGE_PAGE)
    (void)madvise(memory, size, MADV_HUGEPAGE);
#endif
#ifdef MADV_POPULATE_WRITE
  if (page == SMALL_PAGE)
    (void)madvise(memory, size, MADV_POPULATE_WRITE);
#endif
  return memory;
}

void *xdi_system_allocate(size_t size, size_t alignment) {
  void *memory = NULL;
  if (size >= MIDDLING_SIZE)
    return allocate_pages(size);
  return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

void xdi_system_release(void *memory) {
  free(memory);
}

/* ---- Threads and processes ---- */

/* Signals stay with the host's threads. */
uint32_t xdi_system_start_threads(pthread_t *threads, uint32_t count, void *(*function)(void *),
                                  void *argument) {
  uint32_t started = 0;
  sigset_t all, before;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
    return 0;
  while (started < count && pthread_create(&threads[started], NULL, function, argument) == 0)
    started++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

/* A page that the system empties in children: the process's number, and 0 in a child. Without one, the process is
 * asked for its number. */
static const void *make_mark(long process) {
#ifdef MADV_WIPEONFORK
  const size_t size = sizeof(_Atomic long);
  _Atomic long *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return NULL;
  if (madvise(page, size, MADV_WIPEONFORK) == 0) {
    atomic_init(page, process);
    return page;
  }
  munmap(page, size);
#else
  (void)process;
#endif
  return NULL;
}

xdi_birth xdi_birth_note(void) {
  const long process = (long)getpid();
  return (xdi_birth){.process = process, .mark = make_mark(process)};
}

bool xdi_birth_is_inherited(const xdi_birth *birth) {
  const _Atomic long *mark = birth->mark;
  return (mark ? atomic_load_explicit(mark, memory_order_relaxed) : (long)getpid()) != birth->process;
}

void xdi_birth_forget(const xdi_birth *birth) {
  if (birth->mark)
    munmap((void *)birth->mark, sizeof(_Atomic long));
}

/* ---- Shared objects ---- */

void *xdi_system_open_library(const char *path, char *why, size_t why_size) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const char *message = library ? NULL : dlerror();
  if (!library)
    snprintf(why, why_size, "%s", message ? message : "the loader gives no reason");
  return library;
}

void *xdi_system_find_symbol(void *library, const char *name) {
  return dlsym(library, name);
}

void xdi_system_close_library(void *library) {
  dlclose(library);
}
