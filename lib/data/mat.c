/* SVHN's files: MATLAB level 5 MAT-files ("MAT-File Format", MathWorks) with the variables X, uint8 of
 * height x width x channels x count, and y, count labels of which 10 means 0.
 *
 * A header of 128 bytes ends in a version and "IM" or "MI" (the byte order). Then come elements, each a
 * tag of type and size and its data; data of at most 4 bytes may stand in the tag itself. A matrix is an
 * element of elements: flags, dimensions, name, values; it may be packed whole in a zlib stream. Arrays
 * are column-major, so that a picture is a plane for each channel, of columns. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/source.h"

#define HEADER_SIZE 128u
#define FILE_ROOM ((size_t)64 << 20) /* beyond the pixels, for labels and other variables */
#define MAX_DIMENSIONS 4u
#define NAME_ROOM 8u

enum {
  TYPE_INT8 = 1,
  TYPE_UINT8 = 2,
  TYPE_INT32 = 5,
  TYPE_UINT32 = 6,
  TYPE_MATRIX = 14,
  TYPE_COMPRESSED = 15
};
enum { CLASS_DOUBLE = 6, CLASS_UINT8 = 9, CLASS_UINT64 = 15 };

/* An element whose tag was read; its data follows in the source, or stands here. */
typedef struct element {
  uint32_t type, size, taken;
  bool is_small;
  unsigned char small[4];
} element;

typedef struct matrix {
  uint32_t class, dimensions, sizes[MAX_DIMENSIONS];
  bool is_complex;
  char name[NAME_ROOM];
} matrix;

typedef struct mat_file {
  xd_context *context;
  const char *path;
  unsigned char *data;
  size_t size;
  bool big_endian;
  xdi_source source; /* of the matrix that is read */
  xdi_draft draft;
  uint8_t *labels;
  uint32_t label_count;
} mat_file;

/* ---- numbers and elements ---- */

static uint64_t read_number(const mat_file *file, const unsigned char *from, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; i++)
    value = value << 8 | from[file->big_endian ? i : bytes - 1 - i];
  return value;
}

static uint32_t read_u32(const mat_file *file, const unsigned char *from) {
  return (uint32_t)read_number(file, from, 4);
}

static xd_status fail_variable(const mat_file *file, const char *name, const char *what) {
  return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': the variable %s %s", file->path, name, what);
}

static void parse_tag(const mat_file *file, const unsigned char bytes[8], element *out) {
  uint32_t first = read_u32(file, bytes);
  out->is_small = first >> 16 != 0;
  out->type = first & 0xFFFF;
  out->size = out->is_small ? first >> 16 : read_u32(file, bytes + 4);
  out->taken = 0;
  memcpy(out->small, bytes + 4, 4);
}

static xd_status read_tag(mat_file *file, element *out) {
  unsigned char bytes[8];
  xd_status status = xdi_source_read(&file->source, bytes, sizeof bytes);
  if (status != XD_OK)
    return status;
  parse_tag(file, bytes, out);
  if (out->is_small && out->size > 4)
    return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': a small MAT element of %u bytes", file->path,
                    out->size);
  return XD_OK;
}

/* The next `size` bytes of an element's data, of which there must be so many. */
static xd_status read_data(mat_file *file, element *e, void *to, uint32_t size) {
  if (!e->is_small)
    return xdi_source_read(&file->source, to, size);
  memcpy(to, e->small + e->taken, size);
  e->taken += size;
  return XD_OK;
}

/* Elements are padded to 8 bytes. */
static xd_status skip_padding(mat_file *file, const element *e) {
  return e->is_small ? XD_OK : xdi_source_read(&file->source, NULL, (8 - e->size % 8) % 8);
}

/* The whole data when it fits into `room`, nothing of it otherwise. */
static xd_status read_short(mat_file *file, element *e, void *to, uint32_t room) {
  xd_status status;
  if (e->size <= room)
    status = read_data(file, e, to, e->size);
  else
    status = xdi_source_read(&file->source, NULL, e->size); /* never small: room is at least 4 */
  return status == XD_OK ? skip_padding(file, e) : status;
}

/* ---- a matrix's head ---- */

static xd_status read_flags(mat_file *file, matrix *m, bool *ours) {
  unsigned char bytes[8];
  element e;
  xd_status status = read_tag(file, &e);
  if (status != XD_OK)
    return status;
  *ours = e.type == TYPE_UINT32 && e.size == sizeof bytes && !e.is_small;
  if (!*ours)
    return XD_OK;
  status = read_data(file, &e, bytes, sizeof bytes);
  if (status != XD_OK)
    return status;
  uint32_t flags = read_u32(file, bytes);
  m->class = flags & 0xFF;
  m->is_complex = (flags & 0x0800) != 0;
  return XD_OK;
}

static xd_status read_dimensions(mat_file *file, matrix *m, bool *ours) {
  unsigned char bytes[4 * MAX_DIMENSIONS];
  element e;
  xd_status status = read_tag(file, &e);
  if (status != XD_OK)
    return status;
  *ours = e.type == TYPE_INT32 && e.size % 4 == 0;
  if (!*ours)
    return XD_OK;
  status = read_short(file, &e, bytes, sizeof bytes);
  if (status != XD_OK)
    return status;
  m->dimensions = e.size / 4;
  for (uint32_t i = 0; m->dimensions <= MAX_DIMENSIONS && i < m->dimensions; i++)
    m->sizes[i] = read_u32(file, bytes + 4 * (size_t)i);
  return XD_OK;
}

/* A name that is too long to be one of ours stays empty. */
static xd_status read_name(mat_file *file, matrix *m, bool *ours) {
  element e;
  xd_status status = read_tag(file, &e);
  if (status != XD_OK)
    return status;
  *ours = e.type == TYPE_INT8;
  memset(m->name, 0, sizeof m->name);
  return *ours ? read_short(file, &e, m->name, NAME_ROOM - 1) : XD_OK;
}

/* *ours is false for a variable of a kind that can neither be X nor y: it is passed over. */
static xd_status read_head(mat_file *file, matrix *m, bool *ours) {
  memset(m, 0, sizeof *m);
  xd_status status = read_flags(file, m, ours);
  if (status == XD_OK && *ours)
    status = read_dimensions(file, m, ours);
  if (status == XD_OK && *ours)
    status = read_name(file, m, ours);
  return status;
}

/* ---- X ---- */

/* A picture's planes of columns become rows of pixels. */
static void transpose(uint8_t *to, const uint8_t *from, const xdi_draft *draft) {
  for (uint32_t y = 0; y < draft->height; y++)
    for (uint32_t x = 0; x < draft->width; x++)
      for (uint32_t c = 0; c < draft->channels; c++)
        *to++ = from[((size_t)c * draft->width + x) * draft->height + y];
}

static xd_status read_pictures(mat_file *file, element *e) {
  xdi_draft *draft = &file->draft;
  uint32_t step = draft->width * draft->height * draft->channels; /* within e->size, as was checked */
  uint8_t *columns = xdi_allocate(&file->context->allocator, step, 1);
  xd_status status = columns ? XD_OK : xdi_fail_memory(file->context, "reading a MAT-file");
  for (uint32_t i = 0; status == XD_OK && i < draft->count; i++) {
    status = xdi_check_cancelled(file->context);
    if (status == XD_OK)
      status = read_data(file, e, columns, step);
    if (status == XD_OK)
      transpose(draft->pixels + (size_t)i * step, columns, draft);
  }
  xdi_release(&file->context->allocator, columns);
  return status;
}

/* MATLAB leaves out a last dimension of 1: one picture has three. */
static xd_status find_geometry(mat_file *file, const matrix *m) {
  if (file->draft.pixels)
    return fail_variable(file, "X", "stands twice");
  if (m->class != CLASS_UINT8 || m->is_complex)
    return fail_variable(file, "X", "is not uint8");
  if (m->dimensions != 3 && m->dimensions != 4)
    return fail_variable(file, "X", "has not the dimensions height, width, channels, count");
  file->draft.height = m->sizes[0];
  file->draft.width = m->sizes[1];
  file->draft.channels = m->sizes[2];
  file->draft.count = m->dimensions == 4 ? m->sizes[3] : 1;
  return XD_OK;
}

static xd_status read_x(mat_file *file, const matrix *m) {
  size_t bytes;
  element e;
  xd_status status = find_geometry(file, m);
  if (status == XD_OK)
    status = xdi_draft_size(file->context, &file->draft, file->path, &bytes);
  if (status == XD_OK)
    status = read_tag(file, &e);
  if (status != XD_OK)
    return status;
  if (e.type != TYPE_UINT8 || e.size != bytes)
    return fail_variable(file, "X", "has values of another type or number than its dimensions say");
  if (!e.is_small && !xdi_source_can_give(&file->source, bytes))
    return xdi_fail(file->context, XD_ERROR_TRUNCATED, "'%s' is too small for the %zu bytes of X", file->path,
                    bytes);
  status = xdi_draft_make_pixels(file->context, &file->draft, bytes);
  if (status == XD_OK)
    status = read_pictures(file, &e);
  return status == XD_OK ? skip_padding(file, &e) : status;
}

/* ---- y ---- */

static unsigned type_size(uint32_t type) {
  static const unsigned char sizes[14] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
  return type < sizeof sizes ? sizes[type] : 0;
}

/* Any number type as a double; what does not fit exactly is no label either. */
static double read_value(const mat_file *file, const unsigned char *from, uint32_t type) {
  unsigned bytes = type_size(type);
  uint64_t bits = read_number(file, from, bytes);
  if (type == 7) {
    uint32_t narrow = (uint32_t)bits;
    float value;
    memcpy(&value, &narrow, sizeof value);
    return (double)value;
  }
  if (type == 9) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  return bits <= 255 ? (double)bits : -1.0;
}

static xd_status read_labels(mat_file *file, element *e) {
  unsigned char bytes[8];
  for (uint32_t i = 0; i < file->label_count; i++) {
    xd_status status = read_data(file, e, bytes, type_size(e->type));
    if (status != XD_OK)
      return status;
    double value = read_value(file, bytes, e->type);
    if (!(value >= 0.0 && value <= 10.0 && value == floor(value)))
      return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': y(%u) is no label from 0 to 10", file->path,
                      i + 1);
    file->labels[i] = value == 10.0 ? 0 : (uint8_t)value;
  }
  return XD_OK;
}

static xd_status find_label_count(mat_file *file, const matrix *m) {
  if (file->labels)
    return fail_variable(file, "y", "stands twice");
  if (m->class < CLASS_DOUBLE || m->class > CLASS_UINT64 || m->is_complex)
    return fail_variable(file, "y", "is not of numbers");
  if (m->dimensions != 2 || (m->sizes[0] != 1 && m->sizes[1] != 1) || m->sizes[0] == 0 || m->sizes[1] == 0)
    return fail_variable(file, "y", "is no row or column of labels");
  file->label_count = m->sizes[0] == 1 ? m->sizes[1] : m->sizes[0];
  return XD_OK;
}

static xd_status read_y(mat_file *file, const matrix *m) {
  element e;
  xd_status status = find_label_count(file, m);
  if (status == XD_OK)
    status = read_tag(file, &e);
  if (status != XD_OK)
    return status;
  unsigned bytes = type_size(e.type);
  if (bytes == 0 || (uint64_t)file->label_count * bytes != e.size)
    return fail_variable(file, "y", "has values of another type or number than its dimensions say");
  if (!e.is_small && !xdi_source_can_give(&file->source, e.size))
    return xdi_fail(file->context, XD_ERROR_TRUNCATED, "'%s' is too small for the %u labels of y", file->path,
                    file->label_count);
  file->labels = xdi_allocate_zeroed(&file->context->allocator, file->label_count, 1);
  if (!file->labels)
    return xdi_fail_memory(file->context, "reading a MAT-file");
  status = read_labels(file, &e);
  return status == XD_OK ? skip_padding(file, &e) : status;
}

/* ---- the file ---- */

static xd_status read_matrix(mat_file *file) {
  matrix m;
  bool ours;
  xd_status status = read_head(file, &m, &ours);
  if (status != XD_OK || !ours)
    return status;
  if (strcmp(m.name, "X") == 0)
    status = read_x(file, &m);
  else if (strcmp(m.name, "y") == 0)
    status = read_y(file, &m);
  else
    return XD_OK;
  return status == XD_OK ? xdi_source_finish(&file->source) : status;
}

/* A packed element holds one matrix with its own tag. */
static xd_status read_element(mat_file *file, const element *e, const unsigned char *data) {
  element inner;
  if (e->type != TYPE_MATRIX && e->type != TYPE_COMPRESSED)
    return XD_OK;
  xd_status status = xdi_source_open(&file->source, file->context, file->path, data, e->size,
                                     e->type == TYPE_MATRIX ? XDI_PACKING_NONE : XDI_PACKING_ZLIB);
  if (status == XD_OK && e->type == TYPE_COMPRESSED) {
    status = read_tag(file, &inner);
    if (status == XD_OK && inner.type != TYPE_MATRIX)
      status = xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': a packed MAT element of type %u", file->path,
                        inner.type);
  }
  if (status == XD_OK)
    status = read_matrix(file);
  xdi_source_close(&file->source);
  return status;
}

static xd_status read_elements(mat_file *file) {
  for (size_t at = HEADER_SIZE; at < file->size;) {
    element e;
    size_t left = file->size - at;
    if (left >= 8)
      parse_tag(file, file->data + at, &e);
    if (left < 8 || (!e.is_small && e.size > left - 8))
      return xdi_fail(file->context, XD_ERROR_TRUNCATED, "'%s' ends in the MAT element at byte %zu",
                      file->path, at);
    xd_status status = e.is_small ? XD_OK : read_element(file, &e, file->data + at + 8);
    if (status != XD_OK)
      return status;
    size_t padding = e.type == TYPE_COMPRESSED ? 0 : (8 - e.size % 8) % 8;
    if (e.is_small)
      at += 8;
    else
      at += padding > left - 8 - e.size ? left : 8 + (size_t)e.size + padding;
  }
  return XD_OK;
}

static xd_status check_header(mat_file *file) {
  if (file->size < HEADER_SIZE)
    return xdi_fail(file->context, XD_ERROR_TRUNCATED, "'%s' has %zu bytes, a MAT-file's header 128",
                    file->path, file->size);
  const unsigned char *end = file->data + HEADER_SIZE - 4;
  file->big_endian = end[2] == 'M' && end[3] == 'I';
  if (!file->big_endian && !(end[2] == 'I' && end[3] == 'M'))
    return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s' is no MATLAB level 5 file", file->path);
  uint32_t version = (uint32_t)read_number(file, end, 2);
  if (version == 0x0200)
    return xdi_fail(file->context, XD_ERROR_UNSUPPORTED, "'%s' is a MATLAB 7.3 file: save it with -v7",
                    file->path);
  if (version != 0x0100)
    return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': MAT-file version 0x%04x, not 0x0100", file->path,
                    version);
  return XD_OK;
}

static xd_status join_variables(mat_file *file) {
  if (!file->draft.pixels)
    return fail_variable(file, "X", "is missing");
  if (!file->labels)
    return fail_variable(file, "y", "is missing");
  if (file->label_count != file->draft.count)
    return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': y has %u labels, but X has %u pictures",
                    file->path, file->label_count, file->draft.count);
  file->draft.labels = file->labels;
  file->labels = NULL;
  return XD_OK;
}

xd_status xd_dataset_load_mat(xd_dataset **out, xd_context *context, const char *path) {
  mat_file file;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_load_mat: %s is NULL",
                    out ? "path" : "out");
  memset(&file, 0, sizeof file);
  file.context = context;
  file.path = path;
  xd_status status = xdi_file_read(context, path, XDI_PIXEL_BYTES_LIMIT + FILE_ROOM, &file.data, &file.size);
  if (status == XD_OK)
    status = check_header(&file);
  if (status == XD_OK)
    status = read_elements(&file);
  if (status == XD_OK)
    status = join_variables(&file);
  xdi_release(&context->allocator, file.data);
  if (status == XD_OK)
    status = xdi_draft_finish(out, context, &file.draft);
  xdi_release(&context->allocator, file.labels);
  xdi_draft_discard(context, &file.draft);
  return status;
}
