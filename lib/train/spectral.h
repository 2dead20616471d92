/* Spectral normalisation of a discriminator that is being trained: its executor keeps the raw weights, which
 * the optimiser moves, and is told by what each layer's are divided when they are used. */
#ifndef XDI_TRAIN_SPECTRAL_H
#define XDI_TRAIN_SPECTRAL_H

#include "layer/executor.h"
#include "train/archive.h"

typedef struct xdi_spectral_matrix {
  uint32_t rows, columns, layer;
  size_t weights; /* in the block */
  size_t u, v;    /* among the vectors */
  double sigma;
} xdi_spectral_matrix;

typedef struct xdi_spectral {
  xd_context *context;
  xdi_executor *executor;
  const xd_network *network;
  bool enabled;
  xd_buffer *vectors; /* every matrix's u and v */
  uint32_t matrix_count;
  xdi_spectral_matrix matrices[XDI_LAYER_LIMIT];
} xdi_spectral;

/* Normalises the executor's weights after a few power iterations from random vectors. Not enabled, all
 * functions do nothing. XD_ERROR_NUMERIC: a matrix is zero. On failure the state may be closed. */
xd_status xdi_spectral_open(xdi_spectral *spectral, xd_context *context, xdi_executor *executor,
                            const xd_network *network, bool enabled, uint64_t seed);
void xdi_spectral_close(xdi_spectral *spectral); /* a zeroed one is legal */

/* So many power iterations, and the executor's divisors from the weights as they are now. */
xd_status xdi_spectral_normalise(xdi_spectral *spectral, uint32_t iterations);

/* The executor's gradients, in place, from those of the normalised weights to those of the raw ones. */
xd_status xdi_spectral_gradients(xdi_spectral *spectral);

/* The vectors and norms; read, the executor divides by them again. */
void xdi_spectral_archive(xdi_spectral *spectral, xdi_archive *archive);

/* Divides the weights of a copy of the executor's network as the executor does. */
void xdi_spectral_fold(const xdi_spectral *spectral, xd_network *network);

#endif
