/* stb, and the short lead on which it is kept. Included by the sources that compile a part of stb in: all is
 * static there.
 *
 * stb calls its allocator without any argument of ours, does not look at every result, and ends the
 * process where an assertion fails. So each call runs in a session: it takes memory from the context's
 * allocator up to a budget, remembers every block, and when memory is refused or an assertion fails it
 * jumps out and releases them all. The session is the calling thread's alone, and there is none between
 * calls. Its memory is zeroed, so that a damaged file never shows what was in it before. */
#ifndef XDI_IMAGE_STB_SESSION_H
#define XDI_IMAGE_STB_SESSION_H

#include <limits.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"

typedef struct block {
  struct block *next, *previous;
  size_t size;
} block;

#define XDI_BLOCK_HEAD 64u /* room for a block's head that keeps the alignment */

typedef struct session {
  const xd_allocator *allocator;
  block *blocks;
  size_t budget;
  bool refused; /* the allocator returned NULL */
  jmp_buf escape;
} session;

static _Thread_local session *current;

static void *take(size_t size) {
  session *running = current;
  size_t total;
  if (!xdi_add(size, XDI_BLOCK_HEAD, &total) || total > running->budget)
    longjmp(running->escape, 1);
  block *taken = xdi_allocate_zeroed(running->allocator, total, 1);
  if (!taken) {
    running->refused = true;
    longjmp(running->escape, 1);
  }
  running->budget -= total;
  taken->size = total;
  taken->next = running->blocks;
  if (running->blocks)
    running->blocks->previous = taken;
  running->blocks = taken;
  return (unsigned char *)taken + XDI_BLOCK_HEAD;
}

static block *find_block(void *pointer) {
  return (block *)(void *)((unsigned char *)pointer - XDI_BLOCK_HEAD);
}

static void unlink_block(session *running, block *head) {
  if (head->next)
    head->next->previous = head->previous;
  if (head->previous)
    head->previous->next = head->next;
  else
    running->blocks = head->next;
}

static void give_back(void *pointer) {
  if (!pointer)
    return;
  block *head = find_block(pointer);
  unlink_block(current, head);
  current->budget += head->size;
  xdi_release(current->allocator, head);
}

static void *take_again(void *pointer, size_t size) {
  unsigned char *taken = take(size);
  if (pointer) {
    size_t old = find_block(pointer)->size - XDI_BLOCK_HEAD;
    memcpy(taken, pointer, old < size ? old : size);
    give_back(pointer);
  }
  return taken;
}

static void check(int holds) {
  if (!holds)
    longjmp(current->escape, 1);
}

static void end_session(session *running) {
  while (running->blocks) {
    block *head = running->blocks;
    running->blocks = head->next;
    xdi_release(running->allocator, head);
  }
}

/* A jump leaves the variables of the function that called setjmp in doubt: so `call` is never inlined
 * (XDI_KEPT_APART), and gets all it works with by pointer. */
static void run_session(session *running, void *request, void (*call)(void *request)) {
  session *const outer = current; /* the host's allocator may call us again */
  current = running;
  if (setjmp(running->escape) == 0)
    call(request);
  current = outer;
}

#if defined(__GNUC__)
#define XDI_KEPT_APART __attribute__((noinline))
/* Not popped behind stb: what it declares and we leave out is reported at the very end of a file. */
#pragma GCC diagnostic ignored "-Wunused-function"
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
#define XDI_KEPT_APART
#endif

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_FAILURE_STRINGS
#define STBI_NO_THREAD_LOCALS
#define STBI_MAX_DIMENSIONS 65535
#define STBI_ASSERT(x) check(!!(x))
#define STBI_MALLOC(size) take(size)
#define STBI_REALLOC(pointer, size) take_again(pointer, size)
#define STBI_FREE(pointer) give_back(pointer)
#include <stb/stb_image.h>

#ifdef XDI_WITH_ZLIB
#define ZLIB_CONST
#include <zlib.h>

#define LEAST_WINDOW 9

static void *take_for_zlib(void *user, uInt count, uInt size) {
  (void)user;
  return take((size_t)count * size);
}

static void give_back_for_zlib(void *user, void *pointer) {
  (void)user;
  give_back(pointer);
}

/* Packs a PNG's filtered rows in a fourth of the time that stb's own packer takes. Rows of a small picture hardly repeat
 * but in runs; and zlib clears its window, which is no larger than they are. */
static unsigned char *pack_by_zlib(unsigned char *data, int size, int *packed_size, int quality) {
  const bool small = size <= 1 << MAX_WBITS;
  int window = LEAST_WINDOW;
  z_stream stream = {.zalloc = take_for_zlib, .zfree = give_back_for_zlib};
  (void)quality;
  while (window < MAX_WBITS && 1 << window < size)
    window++;
  if (deflateInit2(&stream, small ? 1 : 4, Z_DEFLATED, window, window - 7, small ? Z_RLE : Z_FILTERED) !=
      Z_OK)
    return NULL;
  const uLong room = deflateBound(&stream, (uLong)size);
  unsigned char *packed = room <= INT_MAX ? take(room) : NULL;
  stream.next_in = data;
  stream.avail_in = (uInt)size;
  stream.next_out = packed;
  stream.avail_out = (uInt)room;
  const bool done = packed && deflate(&stream, Z_FINISH) == Z_STREAM_END;
  *packed_size = (int)stream.total_out;
  deflateEnd(&stream);
  return done ? packed : NULL;
}

#define STBIW_ZLIB_COMPRESS pack_by_zlib
#endif

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_ASSERT(x) check(!!(x))
#define STBIW_MALLOC(size) take(size)
#define STBIW_REALLOC(pointer, size) take_again(pointer, size)
#define STBIW_FREE(pointer) give_back(pointer)
#include <stb/stb_image_write.h>

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#endif
