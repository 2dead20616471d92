/* Every stage's beginning, before the first stage is run. */
#ifndef XDI_TRAIN_REHEARSAL_H
#define XDI_TRAIN_REHEARSAL_H

#include "train/training.h"

/* Refuses what any stage would refuse before its first step; `vaes`: those that are mapped, NULL where they
 * are yet to be trained. */
xd_status xdi_training_rehearse(const xdi_training *training, const xd_model *vaes);

#endif
