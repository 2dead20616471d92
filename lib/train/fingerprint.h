/* What a training is: everything that shapes its model, as names and values. A checkpoint goes
 * on only with the very same. */
#ifndef XDI_TRAIN_FINGERPRINT_H
#define XDI_TRAIN_FINGERPRINT_H

#include "format/wire.h"
#include "train/training.h"

/* Puts name and value, name and value... of a training whose options were read. Allocation
 * failures show in the bytes. */
void xdi_fingerprint_put(xdi_bytes *to, const xdi_training *training);

/* XD_ERROR_INVALID_ARGUMENT: another training's; the message names the file and the first value
 * that differs. */
xd_status xdi_fingerprint_compare(xd_context *context, const char *path, const xdi_bytes *here,
                                  xdi_cursor *there);

#endif
