/* IDX files: two zero bytes, the element type, the number of dimensions, then each dimension as a
 * big-endian 32-bit number, then the elements, the last dimension fastest. Types other than unsigned
 * bytes are refused. A plain file's pixels stay in the block they were read into. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/source.h"

#define UNSIGNED_BYTE 0x08
#define MAX_DIMENSIONS 4u
#define HEADER_ROOM 4096u /* beyond the pixels, a file may have so much more */

typedef struct idx_file {
  const char *path;
  unsigned char *data;
  size_t size;
  xdi_source source;
  uint32_t dimensions, sizes[MAX_DIMENSIONS];
} idx_file;

static uint32_t read_u32(const unsigned char *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static xd_status check_magic(xd_context *context, const idx_file *file, uint32_t magic, uint32_t least,
                             uint32_t most) {
  uint32_t type = magic >> 8, dimensions = magic & 0xFF;
  if (type <= 0xFF && type != UNSIGNED_BYTE && dimensions >= least && dimensions <= most)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': IDX element type 0x%02x, not 0x08 (unsigned bytes)",
                    file->path, type);
  if (type == UNSIGNED_BYTE && dimensions >= least && dimensions <= most)
    return XD_OK;
  if (least == most)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': magic 0x%08x, not 0x%08x of IDX labels", file->path,
                    magic, UNSIGNED_BYTE << 8 | least);
  return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': magic 0x%08x, not 0x%08x or 0x%08x of IDX pictures",
                  file->path, magic, UNSIGNED_BYTE << 8 | least, UNSIGNED_BYTE << 8 | most);
}

static xd_status read_header(xd_context *context, idx_file *file, uint32_t least, uint32_t most) {
  unsigned char bytes[4 * MAX_DIMENSIONS];
  xd_status status = xdi_source_read(&file->source, bytes, 4);
  if (status == XD_OK)
    status = check_magic(context, file, read_u32(bytes), least, most);
  if (status != XD_OK)
    return status;
  file->dimensions = bytes[3];
  status = xdi_source_read(&file->source, bytes, 4 * file->dimensions);
  for (uint32_t i = 0; status == XD_OK && i < file->dimensions; i++)
    file->sizes[i] = read_u32(bytes + 4 * i);
  return status;
}

static bool is_gzip(const idx_file *file) {
  return file->size >= 2 && file->data[0] == 0x1F && file->data[1] == 0x8B;
}

/* Reads the file and the header, which has `least` to `most` dimensions. */
static xd_status open_idx(xd_context *context, idx_file *file, const char *path, uint32_t least,
                          uint32_t most) {
  memset(file, 0, sizeof *file);
  file->path = path;
  xd_status status =
      xdi_file_read(context, path, XDI_PIXEL_BYTES_LIMIT + HEADER_ROOM, &file->data, &file->size);
  if (status != XD_OK)
    return status;
  status = xdi_source_open(&file->source, context, path, file->data, file->size,
                           is_gzip(file) ? XDI_PACKING_GZIP : XDI_PACKING_NONE);
  return status == XD_OK ? read_header(context, file, least, most) : status;
}

static void close_idx(xd_context *context, idx_file *file) {
  xdi_source_close(&file->source);
  xdi_release(&context->allocator, file->data);
}

static xd_status fail_promise(xd_context *context, const idx_file *file, size_t bytes) {
  return xdi_fail(context, XD_ERROR_TRUNCATED,
                  "'%s' has %zu bytes, too few for the %zu that its header promises behind it", file->path,
                  file->size, bytes);
}

/* ---- pictures ---- */

static xd_status read_pixels(xd_context *context, idx_file *file, xdi_draft *draft) {
  size_t bytes;
  draft->count = file->sizes[0];
  draft->height = file->sizes[1];
  draft->width = file->sizes[2];
  draft->channels = file->dimensions == 4 ? file->sizes[3] : 1;
  xd_status status = xdi_draft_size(context, draft, file->path, &bytes);
  if (status != XD_OK)
    return status;
  if (!xdi_source_can_give(&file->source, bytes))
    return fail_promise(context, file, bytes);
  if (file->source.packing == XDI_PACKING_NONE) {
    draft->pixels = file->data + (file->source.at - file->data);
    draft->memory = file->data;
    file->data = NULL;
    status = xdi_source_read(&file->source, NULL, bytes);
  } else {
    status = xdi_draft_make_pixels(context, draft, bytes);
    if (status == XD_OK)
      status = xdi_source_read(&file->source, draft->pixels, bytes);
  }
  return status == XD_OK ? xdi_source_finish(&file->source) : status;
}

static xd_status load_pixels(xd_context *context, xdi_draft *draft, const char *path) {
  idx_file file;
  xd_status status = open_idx(context, &file, path, 3, 4);
  if (status == XD_OK)
    status = read_pixels(context, &file, draft);
  close_idx(context, &file);
  return status;
}

/* ---- labels ---- */

static xd_status read_labels(xd_context *context, idx_file *file, xdi_draft *draft, const char *images) {
  uint32_t count = file->sizes[0];
  if (count != draft->count)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s' has %u labels, but '%s' has %u pictures", file->path,
                    count, images, draft->count);
  if (!xdi_source_can_give(&file->source, count))
    return fail_promise(context, file, count);
  xd_status status = xdi_source_read(&file->source, draft->labels, count);
  return status == XD_OK ? xdi_source_finish(&file->source) : status;
}

static xd_status load_labels(xd_context *context, xdi_draft *draft, const char *path, const char *images) {
  idx_file file;
  xd_status status = open_idx(context, &file, path, 1, 1);
  if (status == XD_OK)
    status = read_labels(context, &file, draft, images);
  close_idx(context, &file);
  return status;
}

xd_status xd_dataset_load_idx(xd_dataset **out, xd_context *context, const char *images, const char *labels) {
  xdi_draft draft;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !images)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_load_idx: %s is NULL",
                    out ? "images" : "out");
  memset(&draft, 0, sizeof draft);
  draft.labelled = labels != NULL;
  xd_status status = xdi_check_cancelled(context);
  if (status == XD_OK)
    status = load_pixels(context, &draft, images);
  if (status == XD_OK)
    status = xdi_draft_make_labels(context, &draft);
  if (status == XD_OK && labels)
    status = load_labels(context, &draft, labels, images);
  if (status == XD_OK)
    status = xdi_draft_finish(out, context, &draft);
  xdi_draft_discard(context, &draft);
  return status;
}
