/* libxdomain, sys: the layer table, for those who plug in a layer.
 *
 * Outside the promise (docs/abi.md): the table has its own version
 * (XD_LAYER_TABLE_VERSION), which may change with a minor release; a table of
 * another version is refused with a message, never called.
 *
 * A network is a list of layers over one contiguous, 64-byte aligned block of
 * parameters. A layer is described by a specification (a four-character tag and a
 * few numbers: what a model file stores), configured once for its input shape, and
 * then immutable: everything that changes from call to call lies in xd_layer_io.
 * Layers reach memory only through the backend's kernels. */
#ifndef XDOMAIN_SYS_LAYER_H
#define XDOMAIN_SYS_LAYER_H

#include <stddef.h>
#include <stdint.h>

#include "../shape.h"
#include "backend.h"

XD_BEGIN_DECLS

/* What a table's table_version must be. */
#define XD_LAYER_TABLE_VERSION 5u

/* One named part of a layer's parameters. */
typedef struct xd_layer_parameter {
  /* "weights", "bias"; static */
  const char *name;
  /* outermost first; unused dimensions last, 1 */
  uint32_t shape[4];
  /* 1..4 */
  uint32_t rank;
  /* initial values: normal, He's (2 / fan_in before a ReLU) or Glorot's deviation; fan_in 0: all
   * are `initial` */
  uint32_t fan_in, fan_out;
  float initial;
} xd_layer_parameter;

/* One call of a layer. */
typedef struct xd_layer_io {
  /* every kernel slot filled; not the prepare slots, dense_backward and buffer_wrap, which may
   * be NULL */
  const xd_backend_table *table;
  xd_backend *backend;
  uint32_t batch;
  xd_shape in, out;
  xd_slice x, y;
  /* what a layer with an `attach` slot reads besides x: its shape, and the place itself; absent
   * for other layers */
  xd_shape other_shape;
  xd_slice other;
  /* what the layer that made it applied to it */
  xd_activation other_activation;
  /* backward: out, this layer's share of its gradient, before other_activation; absent: not
   * wanted */
  xd_slice dother;
  /* backward: gradient before this layer's activation */
  xd_slice dy;
  /* backward: out, gradient before x_activation; absent: not wanted */
  xd_slice dx;
  /* what the previous layer applied to x */
  xd_activation x_activation;
  /* this layer's, parts in order, each at a multiple of 16 floats */
  xd_slice parameters;
  /* backward: out, laid out likewise; absent: not wanted */
  xd_slice gradients;
  /* not 0: weights with spectral normalisation, see xd_dense; XD_LAYER_SPECTRAL only */
  float sigma;
  /* what `prepare` made, or NULL */
  const xd_prepared *prepared;
  /* 0: inference (dropout off) */
  uint32_t training;
  /* of this call's random numbers */
  uint64_t seed, stream;
} xd_layer_io;

/* What a layer is besides its functions, so that nobody needs to know its tag. */
enum {
  /* It stands only at a network's start and has no gradient of its input. What it makes counts as
   * the network's input for layers further on that read that besides x. */
  XD_LAYER_LEADING = 1,
  /* Its first two parts are weights[inputs][outputs] and bias[outputs], and y = f(v weights + bias)
   * where v is x; in a layer with an `attach` slot v is the other operand, and x is added before
   * f. */
  XD_LAYER_LINEAR = 2,
  /* It heeds xd_layer_io.sigma for its first part. */
  XD_LAYER_SPECTRAL = 4
};

/* The table. Slots may be NULL where nothing says that they are required. */
typedef struct xd_layer_table {
  /* sizeof(xd_layer_table) */
  uint32_t struct_size;
  /* XD_LAYER_TABLE_VERSION */
  uint32_t table_version;
  /* XD_TAG('D','N','S','E'): what files store */
  uint32_t tag;
  /* "dense"; static */
  const char *name;
  /* XD_LAYER_..., or-ed */
  uint32_t properties;
  /* bytes of private state, zeroed before configure; may be 0 */
  size_t state_size;

  /* Required. Checks the specification, fills the state, gives the output shape.
   * XD_ERROR_INVALID_ARGUMENT or XD_ERROR_SHAPE_MISMATCH refuse; *why is set to a static sentence.
   */
  xd_status (*configure)(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                         const xd_shape *in);

  /* For a layer that reads another operand besides x (xd_layer_io.other): called before configure
   * with that operand's shape; refuses as configure does. The operand is kept until the layer has
   * read it. NULL slot: the layer reads x alone. */
  xd_status (*attach)(void *state, const char **why, const xd_shape *other);

  /* Which operand that is: the output of the layer so many layers back, at least 2 (1 would be x);
   * where that is the place before the first layer, the network's input. 0, or a NULL slot: the
   * network's input, or what a XD_LAYER_LEADING layer at the start makes of it. */
  uint32_t (*reach)(const xd_layer_spec *spec);

  /* Part `index` of the parameters; 0 beyond the last. NULL slot: none. */
  int (*parameter)(const void *state, uint32_t index, xd_layer_parameter *out);

  /* What the layer applies to its output, so that the next one can fuse the derivative. NULL slot:
   * identity. */
  xd_activation (*activation)(const void *state);

  /* Weights rearranged for inference with these parameters, or *out = NULL. NULL slot: never. */
  xd_status (*prepare)(const void *state, xd_prepared **out, const xd_layer_io *io);

  /* NULL forward: the layer only renames the shape; y is x and dx is dy, nothing is run, and the
   * activation is the previous layer's. Else both are required. */
  xd_status (*forward)(const void *state, const xd_layer_io *io);
  xd_status (*backward)(const void *state, const xd_layer_io *io);
} xd_layer_table;

/* The built-in layers by tag; NULL when there is none. Static storage. */
XD_API const xd_layer_table *xd_layer_builtin(uint32_t tag);

XD_END_DECLS

#endif
