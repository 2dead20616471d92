/* How much of the class the codes tell. */
#ifndef XDI_TRAIN_PROBE_H
#define XDI_TRAIN_PROBE_H

#include "train/mapping_material.h"

/* Puts "probe1" and "probe2" into the report, of the domains that have a validation set and two classes. */
xd_status xdi_training_probe(xdi_training *training, const xdi_mapping_material *material);

#endif
