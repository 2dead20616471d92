/* The unlabelled pictures of a training, and what becomes of them. */
#ifndef XDI_TRAIN_UNLABELLED_H
#define XDI_TRAIN_UNLABELLED_H

#include "train/training.h"

/* Checks them, and joins them to the sets of VAEs that are to be trained. */
xd_status xdi_training_join(xdi_training *training);

/* Gives those that are sure enough a class, by the codes of these VAEs: training->input.set has them too, from
 * here on. */
xd_status xdi_training_spread(xdi_training *training, const xd_model *vaes);

#endif
