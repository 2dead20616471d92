/* How much of what varies in a set's pixels is the light of whole pictures, and whether it tells classes. */
#ifndef XDI_TRAIN_LIGHT_H
#define XDI_TRAIN_LIGHT_H

#include "train/training.h"

typedef struct xdi_light {
  double share;   /* of the pixels' variance: that of the pictures' mean colours, 0 to 1 */
  double classes; /* share of the latter that lies between classes, less what chance would give, 0 to 1 */
} xdi_light;

/* Of some thousand pictures of the set, spread evenly. */
xd_status xdi_measure_light(xdi_light *light, xd_context *context, const xd_dataset *set);

/* Light that says nothing is taken from a domain that is a source alone: its VAE gets a window where the options
 * name none (train.light_share). */
xd_status xdi_settle_light(xdi_training *training, uint32_t domain);

#endif
