/* One call of a network on rows in host memory: what encode, decode, generate, score and predict share. */
#ifndef XDI_MODEL_INFERENCE_H
#define XDI_MODEL_INFERENCE_H

#include "layer/network.h"
#include "tensor/device.h"

#define XDI_INFERENCE_BATCH 256

/* An input row of the network is the two input blocks' rows side by side, an output row is split into the
 * two output blocks. A width of 0 is an absent block; an output without memory is passed over. */
typedef struct xdi_inference {
  uint32_t count; /* rows */
  xdi_row_kind kind;
  const float *inputs[2];
  uint32_t input_widths[2];
  float *outputs[2];
  uint32_t output_widths[2];
  float *last_input; /* what the last layer reads, count * last_input_width; or NULL */
  uint32_t last_input_width;
} xdi_inference;

/* Runs the rows in batches of at most XDI_INFERENCE_BATCH on the context's backend, after all of them were
 * checked. XD_ERROR_BAD_DATA (pixels) or XD_ERROR_NUMERIC (codes) names the first value that is not
 * finite; XD_ERROR_CANCELLED between batches. */
xd_status xdi_infer(xd_context *context, const xd_network *network, const xdi_inference *call);

#endif
