/* From an architecture's numbers to the lists of layers of an encoder and of its mirror image. */
#ifndef XDI_MODEL_ARCHITECTURE_H
#define XDI_MODEL_ARCHITECTURE_H

#include "layer/network.h"

/* Sides, channels and code sizes that the library works with. */
#define XDI_SIDE_MIN 8
#define XDI_SIDE_MAX 256
#define XDI_LATENT_MAX 1024
#define XDI_WIDTH_MAX 8192      /* of a hidden dense layer */
#define XDI_HIDDEN_LAYERS_MAX 8 /* of generators and discriminators */
#define XDI_DROPOUT_MAX 999999  /* millionths */

typedef struct xdi_layer_list {
  xd_layer_spec at[XDI_LAYER_LIMIT];
  uint32_t count;
} xdi_layer_list;

/* Reads a caller's struct of any version over the defaults and checks every field; NULL gives the
 * defaults. XD_ERROR_INVALID_ARGUMENT names the field. */
xd_status xdi_architecture_read(xd_context *context, xd_vae_architecture *to,
                                const xd_vae_architecture *from);

/* The layers of an architecture that was read: its own list, if it has one. */
void xdi_architecture_encoder(const xd_vae_architecture *architecture, xdi_layer_list *out);
void xdi_architecture_decoder(const xd_vae_architecture *architecture, xdi_layer_list *out);

/* One more layer; a full list stays as it is (networks refuse lists that exceed the limit). */
void xdi_layer_list_add(xdi_layer_list *list, xd_layer_spec layer);
void xdi_layer_list_copy(xdi_layer_list *list, const xd_layer_spec *layers, uint32_t count);
void xdi_layer_list_add_dense(xdi_layer_list *list, xd_shape out, xd_activation activation);

/* `hidden_layers` dense layers of one width, each with its dropout, then a dense one without activation:
 * the shape of generators and discriminators. */
void xdi_layer_list_add_perceptron(xdi_layer_list *list, uint32_t hidden_layers, uint32_t hidden_width,
                                   xd_activation activation, uint32_t dropout_millionths, uint32_t outputs);

void xdi_layer_list_add_linear_skip(xdi_layer_list *list, xd_activation activation);

/* Whether pictures of that shape are within the limits. */
bool xdi_picture_shape_valid(xd_shape shape);

/* How often ceil(side / 2) must be taken until both sides are at most `smallest`; at least once. */
uint32_t xdi_count_halvings(xd_shape picture, uint32_t smallest);

#endif
