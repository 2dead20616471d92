/* What the fuzz targets share: a context whose memory is bounded and whose messages are checked, bytes
 * taken from the fuzzer's data, and files that exist in memory alone.
 *
 * Each target defines LLVMFuzzerTestOneInput. A finding is a crash, a sanitizer's report, a broken promise
 * (`demand`), memory that is still held when the input has been dealt with, or more than a few seconds. */
#ifndef XD_TESTS_FUZZ_H
#define XD_TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h> /* memfd_create: the targets are built with _GNU_SOURCE */
#include <unistd.h>

#include "xdomain/xdomain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the library; the fuzzer reports the input that breaks it. */
#define demand(promise) \
  do { \
    if (!(promise)) { \
      fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise); \
      abort(); \
    } \
  } while (0)

/* ---- memory: bounded, so that absurd sizes end in XD_ERROR_OUT_OF_MEMORY ---- */

#define FUZZ_MEMORY_LIMIT ((size_t)192 << 20)
#define FUZZ_PREFIX 64

typedef struct fuzz_memory {
  size_t live;
  uint32_t fail_in; /* the allocation from now on, counted from 1, that fails; 0: none */
} fuzz_memory;

static inline void *fuzz_allocate(void *user, size_t size, size_t alignment) {
  fuzz_memory *memory = user;
  void *block = NULL;
  demand(size > 0 && alignment > 0 && alignment <= 64);
  if (memory->fail_in > 0 && --memory->fail_in == 0)
    return NULL;
  if (size > FUZZ_MEMORY_LIMIT - memory->live || posix_memalign(&block, FUZZ_PREFIX, FUZZ_PREFIX + size) != 0)
    return NULL;
  memcpy(block, &size, sizeof size);
  memory->live += size;
  return (char *)block + FUZZ_PREFIX;
}

static inline void fuzz_release(void *user, void *pointer, size_t size, size_t alignment) {
  fuzz_memory *memory = user;
  void *block = (char *)pointer - FUZZ_PREFIX;
  size_t taken;
  memcpy(&taken, block, sizeof taken);
  demand(taken == size && alignment > 0);
  memory->live -= size;
  free(block);
}

/* ---- contexts ---- */

/* Whether a text is printable, bytes beyond ASCII aside: messages name what files hold. */
static inline bool is_clean(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < 0x20 || *text == 0x7f)
      return false;
  return true;
}

static inline void fuzz_log(void *user, xd_log_level level, const char *message) {
  (void)user;
  demand(level <= XD_LOG_DEBUG && is_clean(message));
}

typedef struct fuzz_surroundings {
  fuzz_memory memory;
  xd_context *context;
} fuzz_surroundings;

static inline void fuzz_begin(fuzz_surroundings *with) {
  *with = (fuzz_surroundings){{0, 0}, NULL};
  const xd_allocator allocator = {.struct_size = sizeof allocator,
                                  .user = &with->memory,
                                  .allocate = fuzz_allocate,
                                  .release = fuzz_release};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.allocator = &allocator;
  options.log = fuzz_log;
  options.network_work = (uint64_t)1 << 22; /* what loads can be run */
  options.network_memory = (uint64_t)1 << 24;
  options.picture_pixels = (uint64_t)1 << 20; /* a file of 100 bytes can promise millions */
  options.log_level = XD_LOG_DEBUG;
  demand(xd_context_create(&with->context, &options) == XD_OK);
}

/* Ends the context and demands that nothing is left of what the input made. */
static inline void fuzz_end(fuzz_surroundings *with) {
  demand(is_clean(xd_context_message(with->context)));
  xd_context_destroy(with->context);
  demand(with->memory.live == 0);
}

/* A failure has a known name and says why; internal errors are bugs by definition. What a call made, whose
 * handle stands at `at`, is there if it succeeded. */
static inline void check_status(const fuzz_surroundings *with, xd_status status, const void *at) {
  const void *made;
  memcpy(&made, at, sizeof made);
  demand(status != XD_ERROR_INTERNAL && strcmp(xd_status_name(status), "XD_ERROR_UNKNOWN") != 0);
  demand((status == XD_OK) == (made != NULL));
  demand(status == XD_OK || xd_context_message(with->context)[0] != '\0');
}

/* ---- the fuzzer's bytes ---- */

typedef struct fuzz_bytes {
  const uint8_t *data;
  size_t size;
} fuzz_bytes;

/* The next byte; 0 when there is none. */
static inline uint32_t take_byte(fuzz_bytes *from) {
  if (from->size == 0)
    return 0;
  from->size--;
  return *from->data++;
}

static inline uint32_t take_u16(fuzz_bytes *from) {
  uint32_t low = take_byte(from);
  return low | take_byte(from) << 8;
}

static inline uint32_t take_below(fuzz_bytes *from, uint32_t bound) {
  return take_byte(from) % bound;
}

/* The rest as a text of its own, which ends where a zero stands; the caller frees it. */
static inline char *take_text(fuzz_bytes *from) {
  char *text = malloc(from->size + 1);
  demand(text != NULL);
  if (from->size)
    memcpy(text, from->data, from->size);
  text[from->size] = '\0';
  *from = (fuzz_bytes){NULL, 0};
  return text;
}

/* ---- sources ---- */

static inline xd_source memory_source(const void *data, size_t size) {
  xd_source source = XD_SOURCE_INIT;
  source.data = data;
  source.size = size;
  return source;
}

/* Pieces of odd sizes. */
static inline int read_piece(void *user, void *to, size_t size, size_t *got) {
  fuzz_bytes *from = user;
  const size_t piece = from->size % 97 + 1, most = size < from->size ? size : from->size;
  *got = piece < most ? piece : most;
  if (*got)
    memcpy(to, from->data, *got);
  *from = (fuzz_bytes){from->data + *got, from->size - *got};
  return 0;
}

static inline xd_source stream_source(fuzz_bytes *from) {
  xd_source source = XD_SOURCE_INIT;
  source.read = read_piece;
  source.user = from;
  return source;
}

/* ---- files in memory ---- */

typedef struct fuzz_file {
  int descriptor;
  char path[32];
} fuzz_file;

static inline void fuzz_file_create(fuzz_file *out, const void *data, size_t size) {
  out->descriptor = memfd_create("fuzz", MFD_CLOEXEC);
  demand(out->descriptor >= 0 && (size == 0 || write(out->descriptor, data, size) == (ssize_t)size));
  snprintf(out->path, sizeof out->path, "/proc/self/fd/%d", out->descriptor);
}

static inline void fuzz_file_destroy(fuzz_file *file) {
  close(file->descriptor);
}

#endif
