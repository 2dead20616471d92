/* What one picture or code costs on its way through a network. */
#ifndef XDI_LAYER_PRICE_H
#define XDI_LAYER_PRICE_H

#include "layer/network.h"

typedef struct xdi_price {
  uint64_t work;   /* multiplications */
  uint64_t memory; /* bytes of the results of its layers, as an executor keeps them for inference */
} xdi_price;

xdi_price xdi_network_price(const xd_network *network);

/* XD_ERROR_TOO_LARGE where that is beyond the context's limits for networks from files. */
xd_status xdi_network_afford(xd_context *context, const xd_network *network);

#endif
