/* The schedule of one mapping. */
#ifndef XDI_TRAIN_MAPPING_SCHEDULE_H
#define XDI_TRAIN_MAPPING_SCHEDULE_H

#include "train/mapping_material.h"
#include "train/mapping_trainer.h"

/* Gives the settings of direction 0 or 1 these sizes of codes; others than 0 must be those. */
xd_status xdi_settle_dims(xdi_training *training, uint32_t direction, uint32_t source, uint32_t target);

/* Gives the settings of direction 0 or 1 the sizes of the model's codes; others than 0 must be those. */
xd_status xdi_complete_mapping(xdi_training *training, const xd_model *model, uint32_t direction);

/* The trainer of a direction whose settings are complete. */
xd_status xdi_open_mapping_trainer(xd_mapping_trainer **out, const xdi_training *training,
                                   const xdi_mapping_settings *settings, uint32_t direction);

/* Settles the options of direction 0 or 1 by the model's codes and the pairing. */
xd_status xdi_settle_mapping(xdi_training *training, const xdi_mapping_material *material,
                             uint32_t direction);

/* Step `step`, from 0, of direction 0 or 1 on a batch, at the schedule's rate; training->losses gets its
 * losses, and the report their means over the last steps. */
xd_status xdi_train_mapping_step(xdi_training *training, xd_mapping_trainer *trainer,
                                 const xd_mapping_batch *batch, uint32_t direction, uint32_t step);

/* Trains direction 0 or 1, whose options are settled; training->done gets the networks.
 * XD_ERROR_COLLAPSED by the validations. */
xd_status xdi_train_mapping(xdi_training *training, const xdi_mapping_material *material, uint32_t direction);

#endif
