/* Adam over one network's block of parameters. */
#ifndef XDI_TRAIN_OPTIMISER_H
#define XDI_TRAIN_OPTIMISER_H

#include "layer/executor.h"
#include "train/archive.h"

typedef struct xdi_optimiser_settings {
  float beta1, beta2, weight_decay;
} xdi_optimiser_settings;

typedef struct xdi_optimiser {
  xd_context *context;
  xd_buffer *moments; /* the first ones, then the second */
  size_t count;
  xdi_optimiser_settings settings;
  double power1, power2; /* beta^t */
} xdi_optimiser;

/* On failure the optimiser may, and need not, be closed. */
xd_status xdi_optimiser_open(xdi_optimiser *optimiser, xd_context *context, size_t count,
                             const xdi_optimiser_settings *settings);
void xdi_optimiser_close(xdi_optimiser *optimiser); /* a zeroed one is legal */

/* The moments and the corrections' state. */
void xdi_optimiser_archive(xdi_optimiser *optimiser, xdi_archive *archive);

/* One step on the first `count` floats of a run's parameters: all of them, in trainings. */
xd_status xdi_optimiser_step(xdi_optimiser *optimiser, const xdi_executor *run, float learning_rate);

#endif
