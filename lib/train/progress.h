/* How far a training is, and what it tells its caller. */
#ifndef XDI_TRAIN_PROGRESS_H
#define XDI_TRAIN_PROGRESS_H

#include "train/training.h"

/* Steps of the VAE of domain 0 or 1, and pictures of a step: of all ranks together. */
uint32_t xdi_vae_batch(const xdi_training *training, uint32_t domain);
uint32_t xdi_vae_steps(const xdi_training *training, uint32_t domain);

/* Whether there are any, and not too many: XD_ERROR_INVALID_ARGUMENT, XD_ERROR_TOO_LARGE. `group` names the options. */
xd_status xdi_check_vae_steps(const xdi_training *training, uint32_t domain, const char *group);

/* Starts the clock, or lets it go on, and sets the work that is to be done: of VAEs 0 and 1 as
 * with_vae says, and of the mappings that the options name. */
void xdi_training_start(xdi_training *training, const bool with_vae[2]);

/* After a step: counts its work, calls back, and saves the training when it is time.
 * XD_ERROR_CANCELLED from the callback or the context. */
xd_status xdi_training_tell(xdi_training *training, xd_progress *event);

/* Counts the work of steps that a stage leaves out. */
void xdi_training_skip(xdi_training *training, xd_stage stage, uint32_t steps);

/* Ends the stage, which has come to `status` and put what is finished into training->done: saves
 * the training, and puts the seconds of the stage and of all until now into the report. Gives
 * the status on. */
xd_status xdi_training_end_stage(xdi_training *training, xd_status status);

/* The report's name of a VAE or a mapping with a point: "vae1.", "mapping2."; index 0 or 1. */
const char *xdi_vae_prefix(uint32_t domain);
const char *xdi_mapping_prefix(uint32_t direction);

#endif
