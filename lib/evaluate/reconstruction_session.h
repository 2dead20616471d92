/* A VAE ready to reconstruct batches: the ceiling of every mapping into its domain. */
#ifndef XDI_EVALUATE_RECONSTRUCTION_SESSION_H
#define XDI_EVALUATE_RECONSTRUCTION_SESSION_H

#include "layer/session.h"
#include "xdomain/model.h"

typedef struct xdi_reconstruction_session {
  xdi_session encoder, decoder;
} xdi_reconstruction_session;

/* domain 1 or 2. On failure it is to be closed. */
xd_status xdi_reconstruction_session_open(xdi_reconstruction_session *reconstruction, xd_context *context,
                                          const xd_model *model, uint32_t domain, uint32_t batch);
void xdi_reconstruction_session_close(xdi_reconstruction_session *reconstruction); /* a zeroed one is legal */

/* The decoder's picture of each posterior's mean. */
xd_status xdi_reconstruction_session_run(xdi_reconstruction_session *reconstruction, float *to,
                                         const float *pictures, uint32_t count);

#endif
