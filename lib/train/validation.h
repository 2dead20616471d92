/* The validations of one mapping's training: when they are due, which generator is kept, what ends the
 * run. */
#ifndef XDI_TRAIN_VALIDATION_H
#define XDI_TRAIN_VALIDATION_H

#include "evaluate/evaluation.h"
#include "train/mapping_trainer.h"
#include "train/training.h"

typedef struct xdi_validation {
  xdi_training *training;
  const xd_model *vaes; /* borrowed */
  uint32_t direction, steps;
  float style;           /* the option of the mapping */
  xdi_real_figures real; /* found once */
  xdi_evaluation last;   /* after the step that was validated last */
  xd_model *candidate;   /* the VAEs with that step's generator */
  uint32_t validated;    /* so many times */
  uint32_t collapsed;    /* so many of the last validations in a row, of the second half */
  double best;           /* score of the training's best networks so far, */
  uint32_t best_step;    /* and after how many steps it was reached; 0: never */
  uint32_t ended;        /* 1: the score has fallen since half of the steps */
} xdi_validation;

/* The score of a mapping with the option style; see xdomain/unstable/validation.h. */
double xdi_validation_score(const xdi_evaluation *evaluation, float style);

/* Right classes, but nearly one picture of each. */
bool xdi_validation_is_collapse(const xdi_evaluation *evaluation);

/* Whether step `step` (from 0) is followed by a validation. */
bool xdi_validation_is_due(const xdi_validation *validation, uint32_t step);

/* Refuses what xdi_validation_run would refuse, without measuring anything. */
xd_status xdi_validation_rehearse(const xdi_training *training, const xd_model *vaes, uint32_t direction,
                                  xd_mapping_trainer *trainer);

/* Measures the trainer's networks as they would be finished now, notes the figures in the report, and keeps
 * the networks if no earlier score is higher. */
xd_status xdi_validation_run(xdi_validation *validation, xd_mapping_trainer *trainer, uint32_t step);

/* Tells the report that the mapping ended after the step, before its time. */
xd_status xdi_validation_end_early(const xdi_validation *validation, uint32_t step);

/* All that later validations depend on, but for the best networks. */
void xdi_validation_archive(xdi_validation *validation, xdi_archive *archive);

/* XD_ERROR_COLLAPSED after two collapses in a row in the second half, or a collapse at the end. */
xd_status xdi_validation_check(const xdi_validation *validation, uint32_t step);

/* Hands out the best networks: the caller owns both. The trainer's own where nothing was validated. */
xd_status xdi_validation_finish(xdi_validation *validation, xd_mapping_trainer *trainer,
                                xd_latent_generator **generator, xd_pair_discriminator **discriminator);
void xdi_validation_close(xdi_validation *validation);

#endif
