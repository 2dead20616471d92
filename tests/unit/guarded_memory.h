/* An allocator whose blocks end at a page that may not be touched, but for what alignment leaves between: that is
 * filled with NaN, as the block is, and looked at when it is released. So whoever reads or writes past a block's end
 * breaks off, computes NaN, or is told. Include it after support.h, and define _DEFAULT_SOURCE before. */
#ifndef XD_TESTS_GUARDED_MEMORY_H
#define XD_TESTS_GUARDED_MEMORY_H

#include "support.h"

#include <sys/mman.h>

#define GUARD_BYTE 0xff

static size_t guarded_blocks; /* that are not released */

/* The bytes of its pages, without the last one. */
static inline size_t guarded_pages(size_t size, size_t alignment) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (size + alignment + page - 1) / page * page;
}

static inline void *guarded_allocate(void *user, size_t size, size_t alignment) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = guarded_pages(size, alignment);
  unsigned char *pages = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  (void)user;
  if (pages == MAP_FAILED || mprotect(pages + whole, page, PROT_NONE) != 0)
    return NULL;
  memset(pages, GUARD_BYTE, whole);
  guarded_blocks++;
  return pages + (whole - size) / alignment * alignment;
}

static inline void guarded_release(void *user, void *pointer, size_t size, size_t alignment) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = guarded_pages(size, alignment);
  const size_t place = (whole - size) / alignment * alignment;
  unsigned char *pages = (unsigned char *)pointer - place;
  (void)user;
  for (size_t i = place + size; i < whole; i++)
    if (pages[i] != GUARD_BYTE)
      ck_abort_msg("byte %zu behind a block of %zu was written", i - place - size, size);
  ck_assert_int_eq(munmap(pages, whole + page), 0);
  guarded_blocks--;
}

static inline xd_allocator guarded_allocator_hooks(void) {
  return (xd_allocator){
      .struct_size = sizeof(xd_allocator), .allocate = guarded_allocate, .release = guarded_release};
}

#endif
