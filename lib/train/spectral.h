/* Spectral normalisation of a discriminator that is being trained: the raw weights, which the optimiser
 * moves, apart from the normalised ones, on which the discriminator's executor runs. */
#ifndef XDI_TRAIN_SPECTRAL_H
#define XDI_TRAIN_SPECTRAL_H

#include "layer/executor.h"

typedef struct xdi_spectral_matrix {
  uint32_t rows, columns;
  size_t weights; /* in the block */
  size_t u, v;    /* among the vectors */
  double sigma;
} xdi_spectral_matrix;

typedef struct xdi_spectral {
  xd_context *context;
  xdi_executor *executor;
  const xd_network *network;
  bool enabled;
  xd_buffer *raw;     /* block_count floats; NULL when not enabled */
  xd_buffer *vectors; /* every matrix's u and v */
  uint32_t matrix_count;
  xdi_spectral_matrix matrices[XDI_LAYER_LIMIT];
} xdi_spectral;

/* Takes the executor's weights as the raw ones and normalises them after a few power iterations from
 * random vectors. Not enabled, all functions do nothing and the raw weights are the executor's own.
 * XD_ERROR_NUMERIC: a matrix is zero. On failure the state may be closed. */
xd_status xdi_spectral_open(xdi_spectral *spectral, xd_context *context, xdi_executor *executor,
                            const xd_network *network, bool enabled, uint64_t seed);
void xdi_spectral_close(xdi_spectral *spectral); /* a zeroed one is legal */

/* The executor's weights from the raw ones, after so many power iterations. */
xd_status xdi_spectral_normalise(xdi_spectral *spectral, uint32_t iterations);

/* The executor's gradients, in place, from those of the normalised weights to those of the raw ones. */
xd_status xdi_spectral_gradients(xdi_spectral *spectral);

/* What the optimiser moves. */
xd_slice xdi_spectral_parameters(const xdi_spectral *spectral);

#endif
