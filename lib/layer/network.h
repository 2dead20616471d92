/* A list of configured layers over one contiguous block of parameters in host memory. */
#ifndef XDI_LAYER_NETWORK_H
#define XDI_LAYER_NETWORK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/context.h"
#include "base/owners.h"
#include "xdomain/network.h"
#include "xdomain/sys/layer.h"

#define XDI_LAYER_LIMIT 64
#define XDI_FLOAT_LIMIT ((size_t)1 << 28) /* parameters of a network, and cells of one layer's output */

typedef struct xdi_layer {
  const xd_layer_table *table;
  xd_layer_spec spec;
  void *state;
  xd_shape in, out;
  xd_activation activation; /* what was applied to the output: the table's, or the previous layer's */
  size_t offset;            /* of its parameters in the block, in floats; a multiple of 16 */
  size_t count;             /* floats it occupies there */
  uint32_t other; /* the place of its other operand, if it has one: 0 the network's input, i the output of
                               layer i - 1 */
} xdi_layer;

typedef struct xdi_parameter {
  xd_tensor public;
  uint32_t fan_in, fan_out;
  float initial;
  size_t offset; /* in the block */
  uint32_t layer;
} xdi_parameter;

struct xd_network {
  xd_allocator allocator;
  xdi_owners references;
  atomic_bool frozen;
  xd_shape input, output;
  uint32_t layer_count, parameter_count;
  xdi_layer *layers;
  xdi_parameter *parameters;
  float *block; /* 64-byte aligned, padding zero */
  size_t block_count;
};

/* Configures the layers one after another; parameters are zeros. Tags are looked up among the
 * context's layers, then the built-in ones. The result has one reference. */
xd_status xdi_network_create(xd_network **out, xd_context *context, xd_shape input,
                             const xd_layer_spec *specs, uint32_t count);

/* The same for layers from a file: XD_ERROR_BAD_DATA, before the block is allocated, when the layers
 * demand more than `limit` parameters. A hollow network has shapes and the list of its parameters, but no
 * block: nothing may run it. */
xd_status xdi_network_create_limited(xd_network **out, xd_context *context, xd_shape input,
                                     const xd_layer_spec *specs, uint32_t count, size_t limit, bool hollow);

/* A network of the same layers with the same parameters, not frozen. */
xd_status xdi_network_clone(xd_network **out, xd_context *context, const xd_network *network);
xd_network *xdi_network_retain(const xd_network *network);
void xdi_network_release(const xd_network *network); /* NULL is legal */

/* Initial values: biases zero, weights normal with deviation gain / sqrt(fan_in), or for gain 0 with
 * sqrt(2 / fan_in) before a ReLU or leaky ReLU and sqrt(2 / (fan_in + fan_out)) otherwise. */
void xdi_network_initialise(xd_network *network, uint64_t seed, float gain);

/* Immutable from now on, for good. */
void xdi_network_freeze(xd_network *network);

/* Whether both have the same input and the same layers, so that one's parameter block fits the other. */
bool xdi_network_same_layers(const xd_network *first, const xd_network *second);

/* The weights[inputs][outputs] and bias[outputs] of an XD_LAYER_LINEAR layer, in the block. */
typedef struct xdi_linear_part {
  float *weights, *bias;
  size_t inputs, outputs;
} xdi_linear_part;

/* What such a layer maps: its x, or the network's input besides. */
typedef enum xdi_linear_kind { XDI_LINEAR_OF_X, XDI_LINEAR_OF_INPUT } xdi_linear_kind;

/* Those of layer `index`; false where it is none of that kind. */
bool xdi_network_linear(xdi_linear_part *out, xd_network *network, uint32_t index, xdi_linear_kind kind);

/* Whether a layer adds the network's input, or what one of the first `layers` layers made of it, to another's output. */
bool xdi_network_adds_input(const xd_network *network, uint32_t layers);

/* A parameter by name within the network, or NULL. */
const xdi_parameter *xdi_network_find(const xd_network *network, const char *name);

#endif
