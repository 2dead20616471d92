/* Header, chunk table and chunks: composing, writing and checking. The layout is canonical: chunks stand
 * in table order, each at the next multiple of 64, zeros between, nothing behind the last; so a model has
 * one form only. Grammar: docs/model-format.md. */
#include "format/container.h"

#include <string.h>

#include "base/memory.h"

#define HEADER_SIZE 64u
#define ENTRY_SIZE 40u
#define CHUNK_VERSION 1u
#define FLAG_REQUIRED 1u
#define HEAD_LIMIT (HEADER_SIZE + XDI_CHUNK_LIMIT * ENTRY_SIZE)

static const unsigned char magic[8] = {0x89, 'X', 'D', 'M', '\r', '\n', 0x1a, '\n'};

typedef struct tag_text {
  char text[5];
} tag_text;

static tag_text name_of(uint32_t tag) {
  tag_text name = {{0}};
  for (int i = 0; i < 4; i++) {
    unsigned char letter = (unsigned char)(tag >> (8 * i));
    name.text[i] = letter >= 0x20 && letter < 0x7f ? (char)letter : '?';
  }
  return name;
}

static uint64_t align_up(uint64_t offset) {
  return (offset + XDI_CHUNK_ALIGNMENT - 1) / XDI_CHUNK_ALIGNMENT * XDI_CHUNK_ALIGNMENT;
}

/* Over the header up to the checksum's own field, then the table. */
static uint64_t header_checksum(const unsigned char *data, uint32_t count) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, data, HEADER_SIZE - 8);
  XXH3_64bits_update(&state, data + HEADER_SIZE, (size_t)count * ENTRY_SIZE);
  return XXH3_64bits_digest(&state);
}

static xd_status fetch(const xdi_container *from, xd_context *context, void *to, uint64_t offset,
                       size_t size) {
  if (!from->data)
    return xdi_file_fetch(&from->file, context, to, (size_t)offset, size);
  if (size)
    memcpy(to, from->data + offset, size);
  return xdi_check_cancelled(context);
}

/* `data` is the file's start, as much as a header and table can have. */
static xd_status read_header(xdi_container *out, xd_context *context, const unsigned char *data) {
  if (out->size < sizeof magic || memcmp(data, magic, sizeof magic) != 0)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: not a libxdomain file (wrong magic)", out->name);
  if (out->size < HEADER_SIZE)
    return xdi_fail(context, XD_ERROR_TRUNCATED, "%s: the file ends within its header (%zu bytes)", out->name,
                    out->size);
  out->major = xdi_at_u32(data + 8);
  out->minor = xdi_at_u32(data + 12);
  out->kind = xdi_at_u32(data + 16);
  out->count = xdi_at_u32(data + 20);
  uint64_t promised = xdi_at_u64(data + 24);
  if (out->major > XDI_FORMAT_MAJOR)
    return xdi_fail(context, XD_ERROR_VERSION_TOO_NEW,
                    "%s: format version %u.%u is newer than this library's %u.%u", out->name, out->major,
                    out->minor, XDI_FORMAT_MAJOR, XDI_FORMAT_MINOR);
  if (out->major == 0)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: format version 0 does not exist", out->name);
  if (promised > out->size)
    return xdi_fail(context, XD_ERROR_TRUNCATED, "%s: %zu bytes long, its header promises %llu", out->name,
                    out->size, (unsigned long long)promised);
  if (promised < out->size)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: %zu bytes long, its header promises only %llu",
                    out->name, out->size, (unsigned long long)promised);
  if (out->count == 0 || out->count > XDI_CHUNK_LIMIT)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: chunk count %u is not in 1..%u", out->name, out->count,
                    XDI_CHUNK_LIMIT);
  if (out->size < HEADER_SIZE + (size_t)out->count * ENTRY_SIZE)
    return xdi_fail(context, XD_ERROR_TRUNCATED, "%s: the file ends within its chunk table", out->name);
  if (xdi_at_u64(data + HEADER_SIZE - 8) != header_checksum(data, out->count))
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: the header's checksum is wrong", out->name);
  return XD_OK;
}

/* That the bytes between two chunks, fewer than XDI_CHUNK_ALIGNMENT, are zero. */
static xd_status check_zeros(const xdi_container *container, xd_context *context, uint64_t from, uint64_t to,
                             const char *chunk) {
  unsigned char between[XDI_CHUNK_ALIGNMENT], odd = 0;
  xd_status status = fetch(container, context, between, from, (size_t)(to - from));
  for (uint64_t i = 0; i < to - from && !status; i++)
    odd |= between[i];
  if (status || !odd)
    return status;
  return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: bytes before chunk %s are not zero", container->name,
                  chunk);
}

static bool repeats(const xdi_container *container, uint32_t index) {
  for (uint32_t i = 0; i < index; i++)
    if (container->chunks[i].tag == container->chunks[index].tag)
      return true;
  return false;
}

static xd_status read_table(xdi_container *out, xd_context *context, const unsigned char *data) {
  uint64_t end = HEADER_SIZE + (uint64_t)out->count * ENTRY_SIZE;
  for (uint32_t i = 0; i < out->count; i++) {
    const unsigned char *at = data + HEADER_SIZE + (size_t)i * ENTRY_SIZE;
    xdi_chunk_entry *chunk = &out->chunks[i];
    uint32_t flags = xdi_at_u32(at + 8);
    *chunk = (xdi_chunk_entry){.tag = xdi_at_u32(at),
                               .version = xdi_at_u32(at + 4),
                               .required = (flags & FLAG_REQUIRED) != 0,
                               .offset = xdi_at_u64(at + 16),
                               .length = xdi_at_u64(at + 24),
                               .checksum = xdi_at_u64(at + 32)};
    tag_text name = name_of(chunk->tag);
    if (repeats(out, i))
      return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: chunk %s stands twice", out->name, name.text);
    if (chunk->offset != align_up(end) || chunk->offset > out->size ||
        chunk->length > out->size - chunk->offset)
      return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: chunk %s lies outside the file or not behind chunk %u",
                      out->name, name.text, i);
    xd_status status = check_zeros(out, context, end, chunk->offset, name.text);
    if (status)
      return status;
    end = chunk->offset + chunk->length;
  }
  if (end != out->size)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: %llu bytes follow the last chunk", out->name,
                    (unsigned long long)(out->size - end));
  return XD_OK;
}

static xd_status read_head(xdi_container *out, xd_context *context) {
  unsigned char head[HEAD_LIMIT];
  xd_status status = fetch(out, context, head, 0, out->size < sizeof head ? out->size : sizeof head);
  if (!status)
    status = read_header(out, context, head);
  return status ? status : read_table(out, context, head);
}

xd_status xdi_container_open(xdi_container *out, xd_context *context, const char *path) {
  *out = (xdi_container){.name = path};
  xd_status status = xdi_file_open(&out->file, context, path, XDI_FILE_LIMIT);
  if (status)
    return status;
  out->size = out->file.size;
  status = read_head(out, context);
  if (status)
    xdi_container_close(out, context);
  return status;
}

xd_status xdi_container_open_source(xdi_container *out, xd_context *context, const xd_source *source,
                                    const char *who) {
  *out = (xdi_container){.file = {.descriptor = -1}};
  xd_status status = xdi_content_open_source(&out->content, context, source, XDI_FILE_LIMIT, who);
  if (status)
    return status;
  out->name = out->content.name;
  out->data = out->content.data;
  out->size = out->content.size;
  status = read_head(out, context);
  if (status)
    xdi_container_close(out, context);
  return status;
}

void xdi_container_close(xdi_container *container, xd_context *context) {
  if (!container->data)
    xdi_file_close(&container->file);
  xdi_content_close(&container->content, context);
}

xd_status xdi_container_expect(const xdi_container *container, xd_context *context, uint32_t kind,
                               const uint32_t *tags, uint32_t count) {
  if (container->kind != kind)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: a %s file, not a %s file", container->name,
                    name_of(container->kind).text, name_of(kind).text);
  for (uint32_t i = 0; i < container->count; i++) {
    const xdi_chunk_entry *chunk = &container->chunks[i];
    bool known = false;
    for (uint32_t j = 0; j < count; j++)
      known |= tags[j] == chunk->tag;
    if (!known && chunk->required)
      return xdi_fail(context, XD_ERROR_UNSUPPORTED, "%s: required chunk %s is unknown to this library",
                      container->name, name_of(chunk->tag).text);
  }
  return XD_OK;
}

xd_status xdi_container_find(const xdi_container *container, xd_context *context, uint32_t tag, bool optional,
                             const xdi_chunk_entry **out) {
  *out = NULL;
  for (uint32_t i = 0; i < container->count && !*out; i++)
    if (container->chunks[i].tag == tag)
      *out = &container->chunks[i];
  if (!*out && !optional)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: chunk %s is missing", container->name,
                    name_of(tag).text);
  if (*out && (*out)->version > CHUNK_VERSION)
    return xdi_fail(context, XD_ERROR_UNSUPPORTED, "%s: chunk %s has version %u, this library knows %u",
                    container->name, name_of(tag).text, (*out)->version, CHUNK_VERSION);
  return XD_OK;
}

void xdi_chunk_begin(xdi_chunk_reader *out, const xdi_container *container, const xdi_chunk_entry *chunk) {
  out->container = container;
  out->chunk = chunk;
  out->position = 0;
  XXH3_64bits_reset(&out->checksum);
}

size_t xdi_chunk_left(const xdi_chunk_reader *reader) {
  return (size_t)reader->chunk->length - reader->position;
}

xd_status xdi_chunk_take(xdi_chunk_reader *reader, xd_context *context, void *to, size_t size) {
  xd_status status = fetch(reader->container, context, to, reader->chunk->offset + reader->position, size);
  if (status)
    return status;
  XXH3_64bits_update(&reader->checksum, to, size);
  reader->position += size;
  return XD_OK;
}

xd_status xdi_chunk_check(xdi_chunk_reader *reader, xd_context *context, bool *intact) {
  unsigned char rest[4096];
  xd_status status = XD_OK;
  while (xdi_chunk_left(reader) && !status) {
    size_t left = xdi_chunk_left(reader);
    status = xdi_chunk_take(reader, context, rest, left < sizeof rest ? left : sizeof rest);
  }
  *intact = !status && XXH3_64bits_digest(&reader->checksum) == reader->chunk->checksum;
  return status;
}

xd_status xdi_chunk_end(xdi_chunk_reader *reader, xd_context *context) {
  bool intact;
  xd_status status = xdi_chunk_check(reader, context, &intact);
  if (status || intact)
    return status;
  return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: chunk %s is damaged (checksum)", reader->container->name,
                  name_of(reader->chunk->tag).text);
}

xd_status xdi_container_blame(const xdi_container *container, xd_context *context, xd_status status) {
  if (status == XD_OK || status == XD_ERROR_OUT_OF_MEMORY)
    return status;
  if (status == XD_ERROR_INVALID_ARGUMENT || status == XD_ERROR_SHAPE_MISMATCH ||
      status == XD_ERROR_NOT_FOUND)
    status = XD_ERROR_BAD_DATA;
  return xdi_fail(context, status, "%s: %s", container->name, context->message);
}

xd_status xdi_container_chunk(const xdi_container *container, xd_context *context, uint32_t tag,
                              bool optional, xdi_cursor *out) {
  const xdi_chunk_entry *chunk;
  xdi_chunk_reader reader;
  *out = (xdi_cursor){0};
  xd_status status = xdi_container_find(container, context, tag, optional, &chunk);
  if (status || !chunk)
    return status;
  size_t size = (size_t)chunk->length;
  unsigned char *data = xdi_allocate(&context->allocator, size ? size : 1, 1);
  if (!data)
    return xdi_fail_memory(context, "reading a file");
  xdi_chunk_begin(&reader, container, chunk);
  status = xdi_chunk_take(&reader, context, data, size);
  if (!status)
    status = xdi_chunk_end(&reader, context);
  if (status)
    xdi_release(&context->allocator, data);
  else
    *out = (xdi_cursor){data, size, 0, false};
  return status;
}

xd_status xdi_chunk_damaged(const xdi_container *container, xd_context *context, uint32_t tag,
                            const char *what) {
  return xdi_fail(context, XD_ERROR_BAD_DATA, "%s: chunk %s: %s", container->name, name_of(tag).text, what);
}

/* The oldest minor version that knows all that the chunks hold. */
static uint32_t minor_of(const xdi_chunk_source *chunks, uint32_t count) {
  uint32_t minor = 0;
  for (uint32_t i = 0; i < count; i++)
    minor = chunks[i].bytes->minor > minor ? chunks[i].bytes->minor : minor;
  return minor;
}

/* Header and table for chunks whose places are computed here; returns the file's size, 0 if absurd. */
static uint64_t compose_header(unsigned char *header, uint32_t kind, const xdi_chunk_source *chunks,
                               uint32_t count) {
  memcpy(header, magic, sizeof magic);
  xdi_set_u32(header + 8, XDI_FORMAT_MAJOR);
  xdi_set_u32(header + 12, minor_of(chunks, count));
  xdi_set_u32(header + 16, kind);
  xdi_set_u32(header + 20, count);
  uint64_t end = HEADER_SIZE + (uint64_t)count * ENTRY_SIZE;
  for (uint32_t i = 0; i < count; i++) {
    unsigned char *at = header + HEADER_SIZE + (size_t)i * ENTRY_SIZE;
    uint64_t offset = align_up(end);
    xdi_set_u32(at, chunks[i].tag);
    xdi_set_u32(at + 4, CHUNK_VERSION);
    xdi_set_u32(at + 8, chunks[i].required ? FLAG_REQUIRED : 0);
    xdi_set_u64(at + 16, offset);
    xdi_set_u64(at + 24, chunks[i].bytes->size);
    xdi_set_u64(at + 32, XXH3_64bits(chunks[i].bytes->data, chunks[i].bytes->size));
    end = offset + chunks[i].bytes->size;
  }
  xdi_set_u64(header + 24, end);
  xdi_set_u64(header + HEADER_SIZE - 8, header_checksum(header, count));
  return end;
}

xd_status xdi_container_write(xd_context *context, const xdi_target *target, uint32_t kind,
                              const xdi_chunk_source *chunks, uint32_t count) {
  unsigned char header[HEAD_LIMIT] = {0};
  bool failed = count > XDI_CHUNK_LIMIT;
  for (uint32_t i = 0; i < count; i++)
    failed |= chunks[i].bytes->failed;
  if (failed)
    return xdi_fail_memory(context, "composing a file");
  uint64_t size = compose_header(header, kind, chunks, count);
  if (size > XDI_FILE_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "%s: the file would have %llu bytes, over the limit of %zu",
                    target->name, (unsigned long long)size, (size_t)XDI_FILE_LIMIT);
  unsigned char *file = xdi_allocate_zeroed(&context->allocator, (size_t)size, 1);
  if (!file)
    return xdi_fail_memory(context, "composing a file");
  memcpy(file, header, HEADER_SIZE + (size_t)count * ENTRY_SIZE);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t offset = xdi_at_u64(header + HEADER_SIZE + (size_t)i * ENTRY_SIZE + 16);
    if (chunks[i].bytes->size)
      memcpy(file + offset, chunks[i].bytes->data, chunks[i].bytes->size);
  }
  xd_status status = xdi_target_write(target, context, file, (size_t)size);
  xdi_release(&context->allocator, file);
  return status;
}
