/* Checkpoints: the whole state of a training in a file of its own kind, and going on from one.
 *
 * A training is a row of stages; in a stage steps are first trained, then told (validated, and
 * the callback heard of them). What is saved stands between these, so that going on does what
 * would have been done. */
#ifndef XDI_TRAIN_CHECKPOINT_H
#define XDI_TRAIN_CHECKPOINT_H

#include "train/training.h"

/* Prepares checkpoints, if the run asks for them, for a training whose options were read. A
 * resumed one gets the finished parts and the report of its file. XD_ERROR_INVALID_ARGUMENT: the
 * file is there though it is not to be resumed, or is of another training; XD_ERROR_NOT_FOUND:
 * it is not there; XD_ERROR_BAD_DATA and the like: it is damaged. */
xd_status xdi_checkpoint_open(xdi_training *training);
void xdi_checkpoint_close(xdi_training *training);

/* The stage that begins now, with what is to be saved of it; NULL: nothing. What a checkpoint
 * knows of this very stage is restored: the schedule goes on at training->at. */
xd_status xdi_checkpoint_enter_stage(xdi_training *training, xd_stage stage, const xdi_stage_state *state);

/* The stage has come to `status`. A cancelled or collapsed one is saved as it is. Gives the
 * status on. */
xd_status xdi_checkpoint_leave_stage(xdi_training *training, xd_status status);

/* A step was told: saves the state when it is time. */
void xdi_checkpoint_step(xdi_training *training);

/* The first checkpoint of a training that begins anew, before its first step: it shows that there can be others. */
xd_status xdi_checkpoint_begin(xdi_training *training);

/* Saves the state now; a failure is only logged. */
void xdi_checkpoint_keep(xdi_training *training);

#endif
