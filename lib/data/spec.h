/* A line of text that describes a set, read: for xd_dataset_load. */
#ifndef XDI_DATA_SPEC_H
#define XDI_DATA_SPEC_H

#include "data/reading.h"

/* One part of the line. */
typedef struct xdi_spec {
  xd_context *context;
  char *kind, *path, *labels;
  uint32_t classes[XD_CLASS_LIMIT], class_count;
  bool keeps[XD_CLASS_LIMIT];
  uint32_t first, subset;
  xd_dataset_options options; /* what the text does not say, then what it says */
  uint32_t given;             /* a bit for each option of the text */
  uint64_t seed;
  bool has_seed;
  uint32_t holdout; /* percent of each class; 0: the set is not split */
  enum { XDI_SPEC_WHOLE, XDI_SPEC_TRAIN, XDI_SPEC_VALIDATION } part;
} xdi_spec;

typedef struct xdi_spec_line {
  char *text; /* a copy, which is cut into words */
  xdi_spec *parts;
  uint32_t count;
} xdi_spec_line;

#define XDI_SPEC_PART_LIMIT 256u

/* Reads a line, to be closed in any case. XD_ERROR_INVALID_ARGUMENT names the word that is wrong;
 * XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_spec_open(xdi_spec_line *line, xd_context *context, const char *text,
                        const xd_dataset_options *options);
void xdi_spec_close(xdi_spec_line *line, xd_context *context);

#endif
