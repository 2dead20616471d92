/* libxdomain: sizes of pictures and codes, labels, and layers as files store them. */
#ifndef XDOMAIN_SHAPE_H
#define XDOMAIN_SHAPE_H

#include <stdint.h>

#include "export.h"

XD_BEGIN_DECLS

/* Labels are below this. */
#define XD_CLASS_LIMIT 256

/* Four characters as a number, the first in its lowest byte. */
#define XD_TAG(a, b, c, d) ((a) + 0x100u * (b) + 0x10000u * (c) + 0x1000000u * (d))

/* The shape of one picture or code; a code is 1 x 1 x latent_dim. Fixed for good: it has no
 * struct_size and never grows. */
typedef struct xd_shape {
  /* at least 1; 0 of what there is none of */
  uint32_t width, height, channels;
} xd_shape;

/* One layer as a file stores it. The built-in ones and their values:
 *   DNSE dense             {height, width, channels of the output, activation}
 *   CNV2 conv2d            {out_channels, kernel, stride, pad, activation}; output ceil(in/stride)
 *   CNT2 conv_transpose2d  {out_channels, kernel, stride, pad, activation, height, width}
 *   RSHP reshape           {height, width, channels}; flatten is {1, 1, all}
 *   ACTV activation        {activation}
 *   DROP dropout           {rate in millionths}
 *   LSKP linear_skip       {activation}; adds a linear map of the network's input, flattened; where
 *                          the network begins with WNRM, of what that makes of it
 *   WNRM window_normalise  {sigma of a centred Gaussian window, in thousandths of the larger side}:
 *                          each picture to one deviation and a mean for each channel under the
 *                          window (sys/backend.h); only a network's first layer, it has no gradient
 *   GNRM group_norm        {groups, activation, 1: the scale starts at 0, not 1}: groups of a
 *                          picture's channels to mean 0 and deviation 1, then a learned scale and
 *                          shift of each channel; knows no batch
 *   UPS2 upsample          {height, width of the output}: each cell four times; sides are twice the
 *                          input's, or one less
 *   UPC3 upsample_conv2d   {out_channels, activation, height, width of the output}: CNV2 of kernel
 *                          3, stride 1 and pad 1 of what UPS2 makes at twice the input's sides, in
 *                          half the time of the two; where a side is one less, the last row or
 *                          column of that is left out
 *   RADD residual_add      {back, activation}: x plus the output of the layer `back` before this
 *                          one, at least 2 (1 would be x); reaching before the first layer, plus
 *                          the network's input. Both have one shape
 * activation: xd_activation in sys/backend.h. Any input shape is flattened by dense.
 * Fixed for good, as files are: it has no struct_size and never grows. */
typedef struct xd_layer_spec {
  /* XD_TAG of its name */
  uint32_t tag;
  /* unused ones 0 */
  uint32_t values[8];
} xd_layer_spec;

XD_END_DECLS

#endif
