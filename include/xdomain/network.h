/* libxdomain: what encoder, decoder, latent generator, pair discriminator and
 * judge have in common: shapes, a list of layers, and parameters with names.
 *
 * A network is plain host memory, belongs to no context, is reference-counted, and
 * may be read by any number of threads once nobody writes its parameters. Freezing
 * makes it immutable for good; loaded networks and those in a model are frozen.
 *
 * The calls that run one (xd_encoder_encode, xd_decoder_decode, xd_judge_predict and so on) cut
 * long calls into batches and check all input before they write. count 0 does nothing. On failure
 * the contents of outputs are unspecified. */
#ifndef XDOMAIN_NETWORK_H
#define XDOMAIN_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "export.h"
#include "shape.h"
#include "status.h"

XD_BEGIN_DECLS

/* Layers and their parameters. */
typedef struct xd_network xd_network;

/* One of a network's tensors of parameters. */
typedef struct xd_tensor {
  /* sizeof(xd_tensor), set by the caller */
  size_t struct_size;
  /* "<layer index>.<layer name>.<part>", e.g. "0.conv2d.weights"; borrowed from the network */
  const char *name;
  /* how many numbers it holds */
  size_t count;
  /* outermost first; those beyond the rank are 1 */
  uint32_t shape[4];
  uint32_t rank;
  /* the index of the layer it belongs to */
  uint32_t layer;
} xd_tensor;

#define XD_TENSOR_INIT \
  { sizeof(xd_tensor), NULL, 0, {0, 0, 0, 0}, 0, 0 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_tensor_init(xd_tensor *tensor, size_t struct_size);

/* The shape of what goes in, for one picture or code; zeros of NULL. */
XD_API void xd_network_input_shape(const xd_network *network, xd_shape *out);

/* The shape of what comes out, for one picture or code; zeros of NULL. */
XD_API void xd_network_output_shape(const xd_network *network, xd_shape *out);

/* How many layers it has, 1 to 64; 0 of NULL. */
XD_API uint32_t xd_network_layer_count(const xd_network *network);

/* Layer `index` as a file stores it. XD_ERROR_INVALID_ARGUMENT, and zeros in *out: no network,
 * or no such layer. */
XD_API xd_status xd_network_layer(const xd_network *network, uint32_t index, xd_layer_spec *out);
/* How many numbers its parameters are in all; 0 of NULL. */
XD_API size_t xd_network_parameter_count(const xd_network *network);

/* Whether its parameters are immutable for good: 1 or 0; 0 of NULL. */
XD_API int xd_network_is_frozen(const xd_network *network);

/* How many tensors the parameters form; 0 of NULL. */
XD_API uint32_t xd_network_tensor_count(const xd_network *network);

/* One of them; *out starts with its struct_size. XD_ERROR_INVALID_ARGUMENT, and an empty *out:
 * there is no tensor of that index. */
XD_API xd_status xd_network_tensor(const xd_network *network, uint32_t index, xd_tensor *out);

/* Reads one tensor whole into to[count]; `count` must be its size. The context has the message and
 * may be NULL. XD_ERROR_INVALID_ARGUMENT (NULL), XD_ERROR_NOT_FOUND (no such name),
 * XD_ERROR_SHAPE_MISMATCH (another count). */
XD_API xd_status xd_network_get(const xd_network *network, xd_context *context, float *to,
                                const char *name, size_t count);

/* Writes one tensor whole, from from[count]. Errors as of xd_network_get; also
 * XD_ERROR_UNSUPPORTED (the network is frozen) and XD_ERROR_NUMERIC (a value is not finite;
 * nothing is written then). No other thread may use the network meanwhile. */
XD_API xd_status xd_network_set(xd_network *network, xd_context *context, const char *name,
                                const float *from, size_t count);

/* Layers of one's own, for xd_encoder_create_layers and its like; all is borrowed during the
 * call. */
typedef struct xd_network_layers {
  /* sizeof(xd_network_layers). */
  size_t struct_size;
  /* layer_count of them, 1 to 64. */
  const xd_layer_spec *layers;
  /* Of the initial weights. */
  uint64_t seed;
  /* What goes in: a picture's shape, or 1 x 1 x the size of a code. */
  xd_shape input;
  uint32_t layer_count;
  /* Weights start normal with deviation gain / sqrt(inputs of a unit), 0..10; 0: with He's
   * deviation before a ReLU, Glorot's elsewhere. Biases start as zeros. */
  float initial_gain;
  /* 0. */
  uint32_t reserved;
} xd_network_layers;

#define XD_NETWORK_LAYERS_INIT \
  { sizeof(xd_network_layers), NULL, 1, {0, 0, 0}, 0, 0.0f, 0 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_network_layers_init(xd_network_layers *layers, size_t struct_size);

XD_END_DECLS

#endif
