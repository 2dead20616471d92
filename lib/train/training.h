/* One run of xd_train, xd_map or xd_train_vae: what its stages share. */
#ifndef XDI_TRAIN_TRAINING_H
#define XDI_TRAIN_TRAINING_H

#include "options/settings.h"
#include "options/values.h"
#include "xdomain/train.h"

typedef struct xdi_training {
  xd_context *context;
  xdi_train_settings settings; /* complete: the parts have seeds, pictures and codes of their own */
  xd_train_input input;
  xd_values *report; /* the caller's, or the one below */
  xd_values own_report;
  xd_values losses, measures; /* of a step, for the callback */
  double work_done, work;     /* in the unit of progress.c */
  double started;
} xdi_training;

/* Reads the caller's input and begins the report. XD_ERROR_INVALID_ARGUMENT names what is wrong. */
xd_status xdi_training_open(xdi_training *training, xd_context *context, xd_values *report,
                            const xd_train_input *input);
void xdi_training_close(xdi_training *training); /* a zeroed one is legal */

/* Reads the options. with_vae: those of the VAEs are completed by the sets, too. XD_ERROR_INVALID_ARGUMENT names
 * the option, XD_ERROR_SHAPE_MISMATCH the set that it does not fit. */
xd_status xdi_training_read(xdi_training *training, const xd_options *options, bool with_vae);

/* Pictures' sizes that are 0 become the set's; others must be. */
xd_status xdi_complete_picture(xd_context *context, const char *group, uint32_t *width, uint32_t *height,
                               uint32_t *channels, const xd_dataset *set);

/* What a VAE's schedule needs beyond the bounds of its options. */
xd_status xdi_check_vae_schedule(xd_context *context, const xdi_vae_settings *settings);

static inline bool xdi_training_has(const xdi_training *training, uint32_t direction) {
  return training->settings.directions >> direction & 1;
}

/* Whether what the direction's mapping gives is measured. */
static inline bool xdi_training_validates(const xdi_training *training, uint32_t direction) {
  const xd_train_input *input = &training->input;
  return input->validation[0] && input->validation[1] && input->judge[1 - direction];
}

#endif
