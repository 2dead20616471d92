/* What finishing a trainer hands out: copies, so that the trainer can go on. */
#include "train/snapshot.h"

#include <math.h>

#include "layer/executor.h"

static xd_status check_finite(xd_context *context, const xd_network *network) {
  for (size_t i = 0; i < network->block_count; i++)
    if (!isfinite(network->block[i]))
      return xdi_fail(context, XD_ERROR_NUMERIC, "a trained weight is not finite");
  return XD_OK;
}

xd_status xdi_snapshot_create(xd_network **out, xd_context *context, const xd_network *like,
                              xd_slice parameters) {
  xd_network *network;
  *out = NULL;
  xd_status status = xdi_check_open(context);
  if (status != XD_OK)
    return status;
  status = xdi_network_clone(&network, context, like);
  if (status == XD_OK)
    status = xdi_device_read(context, network->block, parameters, network->block_count);
  if (status == XD_OK)
    status = check_finite(context, network);
  if (status == XD_OK)
    *out = network;
  else
    xdi_network_release(network);
  return status;
}
