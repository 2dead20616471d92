/* How much of what varies in a set's pixels is the light of whole pictures, and whether it tells classes. */
#ifndef XDI_TRAIN_LIGHT_H
#define XDI_TRAIN_LIGHT_H

#include "train/training.h"

typedef struct xdi_light {
  double share; /* of the pixels' variance: that of the pictures' mean colours, 0 to 1 */
  /* Of light's own variance: what lies between classes, summed over its independent directions; 1: there are not two
   * classes. By chance it is some, too, the more the fewer the pictures. */
  double classes;
  double contrast; /* the mean deviation within a picture */
} xdi_light;

/* Of some thousand pictures of the set, drawn from all of it. */
xd_status xdi_measure_light(xdi_light *light, xd_context *context, const xd_dataset *set);

/* Light that says nothing is taken from a domain that is a source alone: its VAE, which is to be trained, gets a
 * window (train.light_share). */
xd_status xdi_settle_light(xdi_training *training);

/* Tells the log, and the report, of light that is taken; or that VAEs which are mapped have lost theirs, where it is
 * missed. */
xd_status xdi_tell_of_light(const xdi_training *training);

#endif
