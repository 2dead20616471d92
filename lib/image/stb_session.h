/* The short lead on which stb is kept. Included once by each source that compiles a part of stb in, in front of
 * it: all is static there.
 *
 * stb calls its allocator without any argument of ours, does not look at every result, and ends the
 * process where an assertion fails. So each call runs in a session: it takes memory from the context's
 * allocator up to a budget, remembers every block, and when memory is refused or an assertion fails it
 * jumps out and releases them all. The session is the calling thread's alone, and there is none between
 * calls. Its memory is zeroed, so that a damaged file never shows what was in it before. */
#ifndef XDI_IMAGE_STB_SESSION_H
#define XDI_IMAGE_STB_SESSION_H

#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"

typedef struct block {
  struct block *next, *previous;
  size_t size;
} block;

#define PREFIX 64u /* room for a block's head that keeps the alignment */

typedef struct session {
  const xd_allocator *allocator;
  block *blocks;
  size_t budget;
  bool refused; /* the allocator returned NULL */
  jmp_buf escape;
} session;

static _Thread_local session *current;

static void *take(size_t size) {
  session *s = current;
  size_t total;
  if (!xdi_add(size, PREFIX, &total) || total > s->budget)
    longjmp(s->escape, 1);
  block *taken = xdi_allocate_zeroed(s->allocator, total, 1);
  if (!taken) {
    s->refused = true;
    longjmp(s->escape, 1);
  }
  s->budget -= total;
  taken->size = total;
  taken->next = s->blocks;
  if (s->blocks)
    s->blocks->previous = taken;
  s->blocks = taken;
  return (unsigned char *)taken + PREFIX;
}

static block *find_block(void *pointer) {
  return (block *)(void *)((unsigned char *)pointer - PREFIX);
}

static void unlink_block(session *s, block *b) {
  if (b->next)
    b->next->previous = b->previous;
  if (b->previous)
    b->previous->next = b->next;
  else
    s->blocks = b->next;
}

static void give_back(void *pointer) {
  if (!pointer)
    return;
  block *b = find_block(pointer);
  unlink_block(current, b);
  current->budget += b->size;
  xdi_release(current->allocator, b);
}

static void check(int holds) {
  if (!holds)
    longjmp(current->escape, 1);
}

static void end_session(session *s) {
  while (s->blocks) {
    block *b = s->blocks;
    s->blocks = b->next;
    xdi_release(s->allocator, b);
  }
}

/* A jump leaves the variables of the function that called setjmp in doubt: so `call` is never inlined
 * (KEPT_APART), and gets all it works with by pointer. */
static void run_session(session *s, void *request, void (*call)(void *request)) {
  session *const outer = current; /* the host's allocator may call us again */
  current = s;
  if (setjmp(s->escape) == 0)
    call(request);
  current = outer;
}

#if defined(__GNUC__)
#define KEPT_APART __attribute__((noinline))
/* Not popped behind stb: what it declares and we leave out is reported at the very end of a file. */
#pragma GCC diagnostic ignored "-Wunused-function"
/* To be popped behind stb. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wcast-align"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wtype-limits"
#else
#define KEPT_APART
#endif

#endif
