/* MATLAB level 5 files (MAT-File Format, The MathWorks): elements, and the head of a matrix.
 *
 * A file is a header of 128 bytes, then elements: a tag of type and size, then the data, padded to 8
 * bytes; data of at most 4 bytes may stand in the tag itself. A matrix is an element of elements: flags,
 * dimensions, name, values. It may be packed whole in a zlib stream, which is not padded. */
#ifndef XDI_DATA_MAT_ELEMENT_H
#define XDI_DATA_MAT_ELEMENT_H

#include "data/source.h"

#define XDI_MAT_DIMENSIONS 4u /* of the arrays read here; others may have more */
#define XDI_MAT_NAME_ROOM 8u

enum {
  XDI_MAT_INT8 = 1,
  XDI_MAT_UINT8 = 2,
  XDI_MAT_INT32 = 5,
  XDI_MAT_UINT32 = 6,
  XDI_MAT_SINGLE = 7,
  XDI_MAT_DOUBLE = 9,
  XDI_MAT_MATRIX = 14,
  XDI_MAT_COMPRESSED = 15
};

/* An element whose tag was read; its data follows in the source, or stands here. */
typedef struct xdi_mat_element {
  uint32_t type, size, taken;
  bool is_small;
  unsigned char small[4];
} xdi_mat_element;

/* A matrix up to its name; its values come next. */
typedef struct xdi_mat_matrix {
  uint32_t class, dimensions, sizes[XDI_MAT_DIMENSIONS];
  bool is_complex;
  char name[XDI_MAT_NAME_ROOM]; /* "" when it is longer */
} xdi_mat_matrix;

/* What elements are read from. */
typedef struct xdi_mat_input {
  xdi_source source;
  bool big_endian;
} xdi_mat_input;

/* A number of 1 to 8 bytes in the file's order. */
uint64_t xdi_mat_number(bool big_endian, const unsigned char *from, unsigned bytes);

void xdi_mat_parse_tag(bool big_endian, const unsigned char bytes[8], xdi_mat_element *out);

/* These answer what xdi_source_read does; XD_ERROR_BAD_DATA also for a tag that cannot be. */
xd_status xdi_mat_read_tag(xdi_mat_input *input, xdi_mat_element *out);

/* The next `size` bytes of an element's data, of which there must be so many. */
xd_status xdi_mat_read_data(xdi_mat_input *input, xdi_mat_element *element, void *to, uint32_t size);

/* After the data. */
xd_status xdi_mat_skip_padding(xdi_mat_input *input, const xdi_mat_element *element);

/* *known is false for a matrix of a kind without numbers (cells, objects), whose reading was given up. */
xd_status xdi_mat_read_head(xdi_mat_input *input, xdi_mat_matrix *out, bool *known);

#endif
