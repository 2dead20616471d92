/* SVHN's files: MATLAB level 5 files with the variables X, uint8 of height x width x channels x count, and
 * y, count labels of which 10 means 0. Their elements are read in mat_element.c. Arrays are column-major,
 * so that a picture is a plane for each channel, of columns. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/mat_element.h"
#include "data/source.h"
#include "xdomain/unstable/mat.h"

#define HEADER_SIZE 128u
#define FILE_ROOM ((size_t)64 << 20) /* beyond the pixels, for labels and other variables */
#define LABELS_LIMIT (1u << 24)

enum { CLASS_DOUBLE = 6, CLASS_UINT8 = 9, CLASS_UINT64 = 15 };

typedef struct mat_file {
  xd_context *context;
  const char *path;
  unsigned char *data;
  size_t size;
  xdi_mat_input input; /* the matrix that is read */
  xdi_draft draft;
  uint8_t *labels;
  uint32_t label_count;
} mat_file;

static xd_status fail_variable(const mat_file *file, const char *name, const char *what) {
  return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': the variable %s %s", file->path, name, what);
}

/* ---- X ---- */

/* A picture's planes of columns become rows of pixels. */
static void transpose(uint8_t *to, const uint8_t *from, const xdi_draft *draft) {
  for (uint32_t y = 0; y < draft->height; y++)
    for (uint32_t x = 0; x < draft->width; x++)
      for (uint32_t c = 0; c < draft->channels; c++)
        *to++ = from[((size_t)c * draft->width + x) * draft->height + y];
}

static xd_status read_pictures(mat_file *file, xdi_mat_element *element) {
  xdi_draft *draft = &file->draft;
  uint32_t step = draft->width * draft->height * draft->channels; /* within element->size, as was checked */
  uint8_t *columns = xdi_allocate(&file->context->allocator, step, 1);
  xd_status status = columns ? XD_OK : xdi_fail_memory(file->context, "reading a MAT-file");
  for (uint32_t i = 0; status == XD_OK && i < draft->count; i++) {
    status = xdi_check_cancelled(file->context);
    if (status == XD_OK)
      status = xdi_mat_read_data(&file->input, element, columns, step);
    if (status == XD_OK)
      transpose(draft->pixels + (size_t)i * step, columns, draft);
  }
  xdi_release(&file->context->allocator, columns);
  return status;
}

/* MATLAB leaves out a last dimension of 1: one picture has three. */
static xd_status find_geometry(mat_file *file, const xdi_mat_matrix *matrix) {
  if (file->draft.pixels)
    return fail_variable(file, "X", "stands twice");
  if (matrix->class != CLASS_UINT8 || matrix->is_complex)
    return fail_variable(file, "X", "is not uint8");
  if (matrix->dimensions != 3 && matrix->dimensions != 4)
    return fail_variable(file, "X", "has not the dimensions height, width, channels, count");
  file->draft.height = matrix->sizes[0];
  file->draft.width = matrix->sizes[1];
  file->draft.channels = matrix->sizes[2];
  file->draft.count = matrix->dimensions == 4 ? matrix->sizes[3] : 1;
  return XD_OK;
}

static xd_status read_x(mat_file *file, const xdi_mat_matrix *matrix) {
  size_t bytes;
  xdi_mat_element element;
  xd_status status = find_geometry(file, matrix);
  if (status == XD_OK)
    status = xdi_draft_size(file->context, &file->draft, file->path, &bytes);
  if (status == XD_OK)
    status = xdi_mat_read_tag(&file->input, &element);
  if (status != XD_OK)
    return status;
  if (element.type != XDI_MAT_UINT8 || element.size != bytes)
    return fail_variable(file, "X", "has values of another type or number than its dimensions say");
  if (!element.is_small && !xdi_source_can_give(&file->input.source, bytes))
    return xdi_fail(file->context, XD_ERROR_TRUNCATED, "'%s' is too small for the %zu bytes of X", file->path,
                    bytes);
  status = xdi_draft_make_pixels(file->context, &file->draft, bytes);
  if (status == XD_OK)
    status = read_pictures(file, &element);
  return status == XD_OK ? xdi_mat_skip_padding(&file->input, &element) : status;
}

/* ---- y ---- */

static unsigned type_size(uint32_t type) {
  static const unsigned char sizes[14] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
  return type < sizeof sizes ? sizes[type] : 0;
}

/* Any number type as a double; what does not fit exactly is no label either. */
static double read_value(const mat_file *file, const unsigned char *from, uint32_t type) {
  unsigned bytes = type_size(type);
  uint64_t bits = xdi_mat_number(file->input.big_endian, from, bytes);
  if (type == XDI_MAT_SINGLE) {
    uint32_t narrow = (uint32_t)bits;
    float value;
    memcpy(&value, &narrow, sizeof value);
    return (double)value;
  }
  if (type == XDI_MAT_DOUBLE) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  return bits <= 255 ? (double)bits : -1.0;
}

static xd_status read_labels(mat_file *file, xdi_mat_element *element) {
  unsigned char bytes[8];
  for (uint32_t i = 0; i < file->label_count; i++) {
    xd_status status = xdi_mat_read_data(&file->input, element, bytes, type_size(element->type));
    if (status != XD_OK)
      return status;
    double value = read_value(file, bytes, element->type);
    if (!(value >= 0.0 && value <= 10.0 && value == floor(value)))
      return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': y(%u) is no label from 0 to 10", file->path,
                      i + 1);
    file->labels[i] = value == 10.0 ? 0 : (uint8_t)value;
  }
  return XD_OK;
}

static xd_status find_label_count(mat_file *file, const xdi_mat_matrix *matrix) {
  if (file->labels)
    return fail_variable(file, "y", "stands twice");
  if (matrix->class < CLASS_DOUBLE || matrix->class > CLASS_UINT64 || matrix->is_complex)
    return fail_variable(file, "y", "is not of numbers");
  if (matrix->dimensions != 2 || (matrix->sizes[0] != 1 && matrix->sizes[1] != 1) || matrix->sizes[0] == 0 ||
      matrix->sizes[1] == 0)
    return fail_variable(file, "y", "is no row or column of labels");
  file->label_count = matrix->sizes[0] == 1 ? matrix->sizes[1] : matrix->sizes[0];
  if (file->label_count > LABELS_LIMIT)
    return xdi_fail(file->context, XD_ERROR_TOO_LARGE, "'%s' has %u labels, more than %u", file->path,
                    file->label_count, (unsigned)LABELS_LIMIT);
  return XD_OK;
}

static xd_status read_y(mat_file *file, const xdi_mat_matrix *matrix) {
  xdi_mat_element element;
  xd_status status = find_label_count(file, matrix);
  if (status == XD_OK)
    status = xdi_mat_read_tag(&file->input, &element);
  if (status != XD_OK)
    return status;
  unsigned bytes = type_size(element.type);
  if (bytes == 0 || (uint64_t)file->label_count * bytes != element.size)
    return fail_variable(file, "y", "has values of another type or number than its dimensions say");
  if (!element.is_small && !xdi_source_can_give(&file->input.source, element.size))
    return xdi_fail(file->context, XD_ERROR_TRUNCATED, "'%s' is too small for the %u labels of y", file->path,
                    file->label_count);
  file->labels = xdi_allocate_zeroed(&file->context->allocator, file->label_count, 1);
  if (!file->labels)
    return xdi_fail_memory(file->context, "reading a MAT-file");
  status = read_labels(file, &element);
  return status == XD_OK ? xdi_mat_skip_padding(&file->input, &element) : status;
}

/* ---- the file ---- */

static xd_status read_matrix(mat_file *file) {
  xdi_mat_matrix matrix;
  bool known;
  xd_status status = xdi_mat_read_head(&file->input, &matrix, &known);
  if (status != XD_OK || !known)
    return status;
  if (strcmp(matrix.name, "X") == 0)
    status = read_x(file, &matrix);
  else if (strcmp(matrix.name, "y") == 0)
    status = read_y(file, &matrix);
  else
    return XD_OK;
  return status == XD_OK ? xdi_source_finish(&file->input.source) : status;
}

/* A packed element holds one matrix with its own tag. */
static xd_status read_element(mat_file *file, const xdi_mat_element *element, const unsigned char *data) {
  xdi_mat_element inner;
  if (element->type != XDI_MAT_MATRIX && element->type != XDI_MAT_COMPRESSED)
    return XD_OK;
  xd_status status = xdi_source_open(&file->input.source, file->context, file->path, data, element->size,
                                     element->type == XDI_MAT_MATRIX ? XDI_PACKING_NONE : XDI_PACKING_ZLIB);
  if (status == XD_OK && element->type == XDI_MAT_COMPRESSED) {
    status = xdi_mat_read_tag(&file->input, &inner);
    if (status == XD_OK && inner.type != XDI_MAT_MATRIX)
      status = xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s': a packed MAT element of type %u", file->path,
                        inner.type);
  }
  if (status == XD_OK)
    status = read_matrix(file);
  xdi_source_close(&file->input.source);
  return status;
}

static xd_status read_elements(mat_file *file) {
  for (size_t at = HEADER_SIZE; at < file->size;) {
    xdi_mat_element element;
    size_t left = file->size - at;
    if (left >= 8)
      xdi_mat_parse_tag(file->input.big_endian, file->data + at, &element);
    if (left < 8 || (!element.is_small && element.size > left - 8))
      return xdi_fail(file->context, XD_ERROR_TRUNCATED, "'%s' ends in the MAT element at byte %zu",
                      file->path, at);
    xd_status status = element.is_small ? XD_OK : read_element(file, &element, file->data + at + 8);
    if (status != XD_OK)
      return status;
    size_t padding = element.type == XDI_MAT_COMPRESSED ? 0 : (8 - element.size % 8) % 8;
    if (element.is_small)
      at += 8;
    else
      at += padding > left - 8 - element.size ? left : 8 + (size_t)element.size + padding;
  }
  return XD_OK;
}

static xd_status check_header(mat_file *file) {
  if (file->size < HEADER_SIZE)
    return xdi_fail(file->context, XD_ERROR_TRUNCATED, "'%s' has %zu bytes, a MAT-file's header 128",
                    file->path, file->size);
  const unsigned char *end = file->data + HEADER_SIZE - 4;
  file->input.big_endian = end[2] == 'M' && end[3] == 'I';
  if (!file->input.big_endian && !(end[2] == 'I' && end[3] == 'M'))
    return xdi_fail(file->context, XD_ERROR_BAD_DATA, "'%s' is no MATLAB level 5 file", file->path);
  uint32_t version = (uint32_t)xdi_mat_number(file->input.big_endian, end, 2);
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
  file->draft.labelled = true;
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
