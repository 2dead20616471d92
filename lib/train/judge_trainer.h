/* What a judge's trainer holds: for its source and its schedule. */
#ifndef XDI_TRAIN_JUDGE_TRAINER_H
#define XDI_TRAIN_JUDGE_TRAINER_H

#include "layer/executor.h"
#include "options/settings.h"
#include "train/optimiser.h"
#include "xdomain/unstable/judge_trainer.h"

struct xd_judge_trainer {
  xd_context *context;
  xdi_judge_settings settings;
  const xd_judge *judge; /* the layers; the weights that are trained lie in the executor */
  xdi_executor *run;
  xdi_optimiser optimiser;
  uint32_t picture_size, classes, step;
};

/* xd_judge_trainer_create from settings. */
xd_status xdi_judge_trainer_open(xd_judge_trainer **out, xd_context *context, const xd_judge *judge,
                                 const xdi_judge_settings *settings);

/* The state that its next steps follow from. */
void xdi_judge_trainer_archive(xd_judge_trainer *trainer, xdi_archive *archive);

#endif
