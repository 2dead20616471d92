/* Reading a file's bytes in order, through zlib's inflate where they are packed (RFC 1950 and 1952).
 * Output goes in pieces, between which cancellation is looked at. */
#include "data/source.h"

#include <limits.h>
#include <string.h>

#include "base/memory.h"

#ifdef XDI_WITH_ZLIB
#define ZLIB_CONST
#include <zlib.h>
#endif

#define PIECE ((size_t)1 << 20)
#define DEFLATE_LIMIT 1032u

bool xdi_source_can_give(const xdi_source *source, size_t size) {
  return source->packing == XDI_PACKING_NONE ? size <= source->left : size / DEFLATE_LIMIT <= source->left;
}

static xd_status fail_short(const xdi_source *source) {
  return xdi_fail(source->context, XD_ERROR_TRUNCATED, "'%s' ends before the data that its header promises",
                  source->name);
}

static xd_status fail_long(const xdi_source *source) {
  return xdi_fail(source->context, XD_ERROR_BAD_DATA, "'%s' goes on after the data that its header promises",
                  source->name);
}

#ifdef XDI_WITH_ZLIB

static void *allocate_for_zlib(void *user, uInt count, uInt size) {
  return xdi_allocate(user, count, size);
}

static void release_for_zlib(void *user, void *pointer) {
  xdi_release(user, pointer);
}

static xd_status start_inflating(xdi_source *source) {
  xd_allocator *allocator = &source->context->allocator;
  z_stream *stream = xdi_allocate_zeroed(allocator, 1, sizeof *stream);
  if (!stream)
    return xdi_fail_memory(source->context, "starting to inflate");
  stream->zalloc = allocate_for_zlib;
  stream->zfree = release_for_zlib;
  stream->opaque = allocator;
  if (inflateInit2(stream, source->packing == XDI_PACKING_GZIP ? 16 + MAX_WBITS : MAX_WBITS) != Z_OK) {
    xdi_release(allocator, stream);
    return xdi_fail_memory(source->context, "starting to inflate");
  }
  source->stream = stream;
  return XD_OK;
}

static void stop_inflating(xdi_source *source) {
  if (!source->stream)
    return;
  inflateEnd(source->stream);
  xdi_release(&source->context->allocator, source->stream);
  source->stream = NULL;
}

/* Another gzip member may follow the one that ended. */
static bool begin_next_member(xdi_source *source) {
  if (source->packing != XDI_PACKING_GZIP || source->left < 2 || source->at[0] != 0x1F ||
      source->at[1] != 0x8B)
    return false;
  return inflateReset(source->stream) == Z_OK;
}

/* Up to `size` bytes; *got is less only where the packed data ends. */
static xd_status inflate_some(xdi_source *source, unsigned char *to, size_t size, size_t *got) {
  z_stream *stream = source->stream;
  size_t filled = 0;
  while (filled < size && !source->ended) {
    stream->next_in = source->at;
    stream->avail_in = source->left < UINT_MAX ? (uInt)source->left : UINT_MAX;
    stream->next_out = to + filled;
    stream->avail_out = (uInt)(size - filled);
    uInt offered = stream->avail_in;
    int result = inflate(stream, Z_NO_FLUSH);
    source->at += offered - stream->avail_in;
    source->left -= offered - stream->avail_in;
    filled = size - stream->avail_out;
    if (result == Z_STREAM_END)
      source->ended = !begin_next_member(source);
    else if (result == Z_MEM_ERROR)
      return xdi_fail_memory(source->context, "inflating");
    else if (result == Z_BUF_ERROR || (result == Z_OK && source->left == 0 && filled < size))
      return fail_short(source);
    else if (result != Z_OK)
      return xdi_fail(source->context, XD_ERROR_BAD_DATA, "'%s': damaged packed data: %s", source->name,
                      stream->msg ? stream->msg : "not deflated");
  }
  *got = filled;
  return XD_OK;
}

static xd_status read_packed(xdi_source *source, unsigned char *to, size_t size) {
  unsigned char passed[4096];
  while (size > 0) {
    size_t room = to ? PIECE : sizeof passed, got;
    size_t wanted = size < room ? size : room;
    xd_status status = xdi_check_cancelled(source->context);
    if (status == XD_OK)
      status = inflate_some(source, to ? to : passed, wanted, &got);
    if (status != XD_OK)
      return status;
    if (got < wanted)
      return fail_short(source);
    if (to)
      to += got;
    size -= got;
  }
  return XD_OK;
}

/* Asking for one byte more makes the inflater read up to its checksum. */
static xd_status finish_packed(xdi_source *source) {
  unsigned char more;
  size_t got = 0;
  xd_status status = inflate_some(source, &more, 1, &got);
  if (status != XD_OK)
    return status;
  return got || source->left ? fail_long(source) : XD_OK;
}

#else

static xd_status start_inflating(xdi_source *source) {
  return xdi_fail(source->context, XD_ERROR_UNSUPPORTED, "'%s' is packed, and this build has no zlib",
                  source->name);
}

static void stop_inflating(xdi_source *source) {
  (void)source;
}

static xd_status read_packed(xdi_source *source, unsigned char *to, size_t size) {
  (void)to, (void)size;
  return start_inflating(source);
}

static xd_status finish_packed(xdi_source *source) {
  return start_inflating(source);
}

#endif

xd_status xdi_source_open(xdi_source *source, xd_context *context, const char *name,
                          const unsigned char *data, size_t size, xdi_packing packing) {
  source->context = context;
  source->name = name;
  source->at = data;
  source->left = size;
  source->packing = packing;
  source->stream = NULL;
  source->ended = false;
  return packing == XDI_PACKING_NONE ? XD_OK : start_inflating(source);
}

void xdi_source_close(xdi_source *source) {
  stop_inflating(source);
}

xd_status xdi_source_read(xdi_source *source, void *to, size_t size) {
  if (source->packing != XDI_PACKING_NONE)
    return read_packed(source, to, size);
  if (size > source->left)
    return fail_short(source);
  if (to && size)
    memcpy(to, source->at, size);
  source->at += size;
  source->left -= size;
  return XD_OK;
}

xd_status xdi_source_finish(xdi_source *source) {
  if (source->packing != XDI_PACKING_NONE)
    return finish_packed(source);
  return source->left ? fail_long(source) : XD_OK;
}
