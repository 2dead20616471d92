/* How much of what varies in a set's pixels is the light of whole pictures, and whether it tells classes. */
#ifndef XDI_TRAIN_LIGHT_H
#define XDI_TRAIN_LIGHT_H

#include "train/training.h"

typedef struct xdi_light {
  double share; /* of the pixels' variance: that of the pictures' mean colours, 0 to 1 */
  double
      classes; /* of light's own, between classes, summed over its independent directions; by chance some, too:
                      the fewer pictures, the more. 1: there are not two classes */
  double contrast; /* the mean deviation within a picture */
} xdi_light;

/* Of some thousand pictures of the set, drawn from all of it. */
xd_status xdi_measure_light(xdi_light *light, xd_context *context, const xd_dataset *set);

/* Light that says nothing is taken from a domain that is a source alone: its VAE gets a window (train.light_share). */
xd_status xdi_settle_light(xdi_training *training, uint32_t domain);

#endif
