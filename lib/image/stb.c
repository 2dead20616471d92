/* stb_image (PNG and JPEG) and stb_image_write (PNG), compiled in privately and kept on a short lead.
 *
 * stb calls its allocator without any argument of ours, does not look at every result, and ends the
 * process where an assertion fails. So each call runs in a session: it takes memory from the context's
 * allocator up to a budget, remembers every block, and when memory is refused or an assertion fails it
 * jumps out and releases them all. The session is the calling thread's alone, and there is none between
 * calls. Its memory is zeroed, so that a damaged file never shows what was in it before. */
#include "image/stb.h"

#include <limits.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "image/picture.h"
#include "image/view.h"

typedef struct block {
  struct block *next, *previous;
  size_t size;
} block;

#define PREFIX 64u /* room for a block's head that keeps the alignment */
#define PALETTE_BYTES 768u
#define ENCODE_LIMIT ((uint64_t)1 << 29) /* stb counts the packed bytes in an int and doubles it */

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

static void *take_again(void *pointer, size_t size) {
  unsigned char *taken = take(size);
  if (pointer) {
    size_t old = find_block(pointer)->size - PREFIX;
    memcpy(taken, pointer, old < size ? old : size);
    give_back(pointer);
  }
  return taken;
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

#if defined(__GNUC__)
#define KEPT_APART __attribute__((noinline))
/* Not popped below: what stb declares and we leave out is reported at the very end of a file. */
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
#define KEPT_APART
#endif

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
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

/* What stb was asked and what it answered; outlives a jump because it lives in the caller. */
typedef struct request {
  const unsigned char *data;
  int size;
  int width, height, channels;
  xd_sample sample;
  void *result;
} request;

/* Never inlined: a jump leaves the variables of the function that called setjmp in doubt. */
static KEPT_APART void call_decoder(request *r) {
  if (r->sample == XD_SAMPLE_U16)
    r->result = stbi_load_16_from_memory(r->data, r->size, &r->width, &r->height, &r->channels, 0);
  else
    r->result = stbi_load_from_memory(r->data, r->size, &r->width, &r->height, &r->channels, 0);
}

static KEPT_APART void call_encoder(request *r) {
  r->result =
      stbi_write_png_to_mem(r->data, r->width * r->channels, r->width, r->height, r->channels, &r->size);
}

static void run(session *s, request *r, void (*call)(request *)) {
  session *const outer = current; /* the host's allocator may call us again */
  current = s;
  if (setjmp(s->escape) == 0)
    call(r);
  current = outer;
}

/* The result leaves the session; the rest is released. */
static void *keep_result(session *s, request *r) {
  block *kept = find_block(r->result);
  unlink_block(s, kept);
  end_session(s);
  return kept;
}

/* ---- decoding ---- */

/* More than any sane file of this size and kind needs: planes padded to 32 pixels, 16 bits a channel,
 * and both copies of a buffer that grows. */
static size_t find_budget(const xdi_encoded *file) {
  size_t pixels = ((size_t)file->width + 32) * ((size_t)file->height + 32);
  return pixels * 48 + file->size * 8 + ((size_t)1 << 20);
}

/* stb looks up colours beyond a PNG's palette in memory that it never wrote: a copy of the file with a
 * full palette makes them black. Its checksum is wrong, which stb does not check, and we did. */
static xd_status fill_palette(xd_context *context, const xdi_encoded *file, unsigned char **out,
                              size_t *size) {
  size_t end = file->palette_at + file->palette_bytes, missing = PALETTE_BYTES - file->palette_bytes;
  unsigned char *copy = xdi_allocate(&context->allocator, file->size + missing, 1);
  if (!copy)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while decoding '%s'", file->name);
  memcpy(copy, file->data, end);
  copy[file->palette_at - 6] = PALETTE_BYTES >> 8; /* the chunk's big-endian length */
  copy[file->palette_at - 5] = PALETTE_BYTES & 0xFF;
  memset(copy + end, 0, missing);
  memcpy(copy + end + missing, file->data + end, file->size - end);
  *out = copy;
  *size = file->size + missing;
  return XD_OK;
}

static xd_status take_result(xd_picture **out, xd_context *context, const xdi_encoded *file, session *s,
                             request *r) {
  if (!r->result && s->refused)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while decoding '%s'", file->name);
  if (!r->result || (uint32_t)r->width != file->width || (uint32_t)r->height != file->height)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': damaged %s data", file->name,
                    file->encoding == XDI_ENCODING_PNG ? "PNG" : "JPEG");
  const xd_status status =
      xdi_picture_adopt(out, context, find_block(r->result), r->result, (uint32_t)r->width,
                        (uint32_t)r->height, r->sample, xdi_layout_of((uint32_t)r->channels));
  if (status == XD_OK)
    unlink_block(s, find_block(r->result));
  return status;
}

static xd_status decode(xd_picture **out, xd_context *context, const xdi_encoded *file,
                        const unsigned char *data, size_t size) {
  session s;
  request r;
  memset(&s, 0, sizeof s);
  memset(&r, 0, sizeof r);
  s.allocator = &context->allocator;
  s.budget = find_budget(file);
  r.data = data;
  r.size = (int)size;
  r.sample = file->deep ? XD_SAMPLE_U16 : XD_SAMPLE_U8;
  run(&s, &r, call_decoder);
  xd_status status = take_result(out, context, file, &s, &r);
  end_session(&s);
  return status;
}

xd_status xdi_stb_decode(xd_picture **out, xd_context *context, const xdi_encoded *file) {
  unsigned char *copy = NULL;
  size_t size = file->size;
  if (size > INT_MAX - PALETTE_BYTES)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "'%s' has %zu bytes", file->name, size);
  if (file->palette_at && file->palette_bytes < PALETTE_BYTES && file->palette_bytes % 3 == 0) {
    xd_status status = fill_palette(context, file, &copy, &size);
    if (status != XD_OK)
      return status;
  }
  xd_status status = decode(out, context, file, copy ? copy : file->data, size);
  xdi_release(&context->allocator, copy);
  return status;
}

/* ---- encoding ---- */

xd_status xdi_stb_encode_png(xd_context *context, const unsigned char *pixels, uint32_t width,
                             uint32_t height, uint32_t channels, void **memory, const unsigned char **png,
                             size_t *size) {
  session s;
  request r;
  if (((uint64_t)width * channels + 1) * height > ENCODE_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "%ux%u pixels are too many for a PNG", width, height);
  memset(&s, 0, sizeof s);
  memset(&r, 0, sizeof r);
  s.allocator = &context->allocator;
  s.budget = SIZE_MAX;
  r.data = pixels;
  r.width = (int)width;
  r.height = (int)height;
  r.channels = (int)channels;
  run(&s, &r, call_encoder);
  if (!r.result) {
    end_session(&s);
    return xdi_fail_memory(context, "encoding a PNG");
  }
  *memory = keep_result(&s, &r);
  *png = r.result;
  *size = (size_t)r.size;
  return XD_OK;
}
