/* A network's layers with parameters that a trainer has on the backend. */
#ifndef XDI_TRAIN_SNAPSHOT_H
#define XDI_TRAIN_SNAPSHOT_H

#include "layer/network.h"

/* A new network with the layers of `like` and the block_count floats at `parameters`. The caller owns it.
 * XD_ERROR_NUMERIC: a parameter is not finite. */
xd_status xdi_snapshot_create(xd_network **out, xd_context *context, const xd_network *like,
                              xd_slice parameters);

#endif
