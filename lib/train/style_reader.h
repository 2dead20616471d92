/* What a mapping that keeps style is asked for: where in the target's codes the source's style is to be read. */
#ifndef XDI_TRAIN_STYLE_READER_H
#define XDI_TRAIN_STYLE_READER_H

#include "train/mapping_material.h"

/* A target code's reading is code reader, [dim] numbers; what it should be, want of a source code. */
typedef struct xdi_style_reader {
  xd_allocator allocator;
  uint32_t dim; /* 0: nothing varies within the source's classes */
  uint32_t source_dim;
  float *reader;  /* [target_dim][dim] */
  float *wish;    /* [dim][source_dim] */
  float *offsets; /* [source pool][dim] */
} xdi_style_reader;

/* Of the direction that leaves domain 0 or 1; the material's codes are of pictures of these sets. On failure the
 * reader is to be closed. */
xd_status xdi_style_reader_open(xdi_style_reader *reader, xd_context *context,
                                const xdi_mapping_material *material, const xd_dataset *const sets[2],
                                uint32_t source);
void xdi_style_reader_close(xdi_style_reader *reader); /* a zeroed one is legal */

/* to[dim]: the reading that is wanted of what a source code of that pool becomes. */
void xdi_style_reader_want(const xdi_style_reader *reader, float *to, const float *code, uint32_t pool);

#endif
