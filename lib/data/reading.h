/* A set that is read picture by picture, from files or views: what all these roads have in common. */
#ifndef XDI_DATA_READING_H
#define XDI_DATA_READING_H

#include "data/dataset.h"
#include "data/origin.h"
#include "image/view.h"

typedef struct xdi_reading {
  xd_context *context;
  xd_dataset_options options;
  const char *name; /* of the set, for messages */
  xdi_draft draft;
  uint32_t room, asked; /* pictures that there is room for, and that were offered */
  bool broken;          /* the set itself cannot be, whatever the pictures */
  char message
      [XDI_MESSAGE_SIZE]; /* the context's, as it was before: bad pictures that are left out are no failure */
} xdi_reading;

/* NULL options are the defaults. XD_ERROR_INVALID_ARGUMENT, XD_ERROR_UNSUPPORTED. */
xd_status xdi_dataset_options_read(xd_context *context, xd_dataset_options *to,
                                   const xd_dataset_options *from);

/* Starts a set of at most `room` pictures. XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_reading_begin(xdi_reading *out, xd_context *context, const xd_dataset_options *options,
                            const char *name, uint32_t room);

/* Before a picture is decoded and taken: a bad one that may be left out is not logged as a failure. */
void xdi_reading_open(xdi_reading *reading);

/* Adds a picture, whose samples were found finite, as the options ask; `name` is its file's in the set (NULL: it has
 * none), `place` its name for messages. XD_ERROR_SHAPE_MISMATCH, XD_ERROR_TOO_LARGE (the set),
 * XD_ERROR_OUT_OF_MEMORY, XD_ERROR_CANCELLED. */
xd_status xdi_reading_take(xdi_reading *reading, const xdi_view *picture, uint32_t label, const char *name,
                           const char *place);

/* After each picture that was opened, with what became of it: tells the caller, and leaves a
 * bad one out where the options allow it. Whatever else failed comes back. */
xd_status xdi_reading_step(xdi_reading *reading, xd_status status);

/* Lists something bad by the sentence that says why, and warns of it. XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_reading_leave_out(xdi_reading *reading, const char *why);

/* The set, and an end in any case. */
xd_status xdi_reading_finish(xd_dataset **out, xdi_reading *reading);
void xdi_reading_discard(xdi_reading *reading);

#endif
