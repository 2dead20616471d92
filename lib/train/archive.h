/* The state of a training, written to a checkpoint and read from it. Each part lists its state
 * once, for both ways. */
#ifndef XDI_TRAIN_ARCHIVE_H
#define XDI_TRAIN_ARCHIVE_H

#include "format/wire.h"
#include "options/values.h"
#include "xdomain/sys/backend.h"

typedef struct xdi_archive {
  xd_context *context;
  xdi_bytes *to;    /* writing; NULL: reading */
  xdi_cursor *from; /* reading */
  xd_status status; /* the first failure; everything after it is passed over */
} xdi_archive;

static inline bool xdi_archive_reads(const xdi_archive *archive) {
  return archive->to == NULL;
}

void xdi_archive_u32(xdi_archive *archive, uint32_t *value);
void xdi_archive_f64(xdi_archive *archive, double *value);

/* So many floats on the context's backend. */
void xdi_archive_floats(xdi_archive *archive, xd_slice place, size_t count);

/* Names and numbers; reading adds them to the values. */
void xdi_archive_values(xdi_archive *archive, xd_values *values);

/* XD_OK, or the first failure. */
xd_status xdi_archive_end(const xdi_archive *archive);

#endif
