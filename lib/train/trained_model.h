/* The model that comes of a training. */
#ifndef XDI_TRAIN_TRAINED_MODEL_H
#define XDI_TRAIN_TRAINED_MODEL_H

#include "train/training.h"

/* Whether the names, the classes' names and the pairing of the input fit a model or a judge: XD_ERROR_TOO_LARGE, or
 * XD_ERROR_INVALID_ARGUMENT where one is no UTF-8. */
xd_status xdi_check_texts(const xdi_training *training);

/* Both VAEs alone, with names and classes. The caller owns *out. */
xd_status xdi_make_vae_model(xd_model **out, const xdi_training *training);

/* The same VAEs with the mappings that are done. The caller owns *out. */
xd_status xdi_make_mapped_model(xd_model **out, const xdi_training *training, const xd_model *vaes);

/* "0:5,1:6" again; the caller releases it. NULL without memory. */
char *xdi_pairing_text(const xdi_training *training);

/* The names of a set's classes, borrowed; their number. */
uint32_t xdi_list_class_names(const char *names[XD_CLASS_LIMIT], const xd_dataset *set);

#endif
