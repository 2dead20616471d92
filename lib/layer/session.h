/* A network kept ready to run on rows of host memory, and to run on after another one without leaving the
 * backend. It has room for the most rows it was asked for so far, and allocates only when more are asked for. */
#ifndef XDI_LAYER_SESSION_H
#define XDI_LAYER_SESSION_H

#include "layer/executor.h"

/* A zeroed one is closed. */
typedef struct xdi_session {
  xd_context *context;
  const xd_network *network; /* borrowed */
  xdi_executor *executor;    /* NULL before rows were asked for */
  uint32_t capacity;         /* rows */
  size_t input_width, output_width;
  size_t input_split, output_split; /* floats of the first of two blocks of a row; 0: it is one */
  float *staging;                   /* [capacity] rows that are joined or split */
} xdi_session;

/* Takes nothing yet. Rows of the input are the rows of two blocks of memory side by side where input_split is
 * not 0, and rows of the output are split into two where output_split is not. */
xdi_session xdi_session_of(xd_context *context, const xd_network *network, size_t input_split,
                           size_t output_split);
void xdi_session_close(xdi_session *session);

/* How many rows pass a network together: at most `limit`, and so few that no activation of theirs takes more than 16 MiB,
 * but one at least. */
uint32_t xdi_session_rows(const xd_network *network, uint32_t limit);

/* Room for so many rows; what the last run gave is lost where there was less. On failure there is none. */
xd_status xdi_session_reserve(xdi_session *session, uint32_t rows);

/* Runs rows for which there is room; `second` is NULL where rows are one block. */
xd_status xdi_session_run(xdi_session *session, const float *first, const float *second, uint32_t rows);

/* The same with the results of `before` as the last block: as many of their columns, from the first on, as that
 * has. `first` is NULL where rows are one block. */
xd_status xdi_session_run_after(xdi_session *session, const float *first, const xdi_session *before,
                                uint32_t rows);

/* The last run's results. A block that is NULL is passed over; XD_ERROR_NUMERIC for a number of the others that
 * is not finite, the message naming `what` they are. */
xd_status xdi_session_read(xdi_session *session, float *first, float *second, uint32_t rows,
                           const char *what);

/* The same of what the last layer read, `width` floats a row. */
xd_status xdi_session_read_last_input(xdi_session *session, float *to, size_t width, uint32_t rows,
                                      const char *what);

#endif
