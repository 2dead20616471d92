/* From an architecture's numbers to the lists of layers of an encoder and of its mirror image. */
#ifndef XDI_MODEL_ARCHITECTURE_H
#define XDI_MODEL_ARCHITECTURE_H

#include "layer/network.h"
#include "options/settings.h"
#include "tensor/shape.h"

typedef struct xdi_layer_list {
  xd_layer_spec at[XDI_LAYER_LIMIT];
  uint32_t count;
} xdi_layer_list;

/* The shape of the pictures that the settings name. */
static inline xd_shape xdi_picture_of(const xdi_vae_settings *settings) {
  return (xd_shape){.width = settings->width, .height = settings->height, .channels = settings->channels};
}

/* Whether networks can be built from the settings, whose numbers are within their bounds.
 * XD_ERROR_INVALID_ARGUMENT names the option. */
xd_status xdi_check_architecture(xd_context *context, const xdi_vae_settings *settings);

/* XD_ERROR_INVALID_ARGUMENT names the option of `group` that is no size of a picture. */
xd_status xdi_check_picture_options(xd_context *context, const char *group, xd_shape picture);

/* Dimensions of a code: as the settings say, or by the pictures' size. */
uint32_t xdi_latent_dim_of(const xdi_vae_settings *settings);

/* The layers of settings that were checked. */
void xdi_architecture_encoder(const xdi_vae_settings *settings, xdi_layer_list *out);
void xdi_architecture_decoder(const xdi_vae_settings *settings, xdi_layer_list *out);

/* One more layer; a full list stays as it is (networks refuse lists that exceed the limit). */
void xdi_layer_list_add(xdi_layer_list *list, xd_layer_spec layer);
void xdi_layer_list_add_dense(xdi_layer_list *list, xd_shape out, xd_activation activation);

/* `hidden_layers` dense layers of one width, each with its dropout, then a dense one without activation:
 * the shape of generators and discriminators. */
void xdi_layer_list_add_perceptron(xdi_layer_list *list, uint32_t hidden_layers, uint32_t hidden_width,
                                   xd_activation activation, float dropout, uint32_t outputs);

void xdi_layer_list_add_linear_skip(xdi_layer_list *list, xd_activation activation);

/* Whether pictures of that shape are within the limits. */
bool xdi_picture_shape_valid(xd_shape shape);

/* XD_ERROR_SHAPE_MISMATCH says that `network` ("an encoder") cannot take such pictures. */
xd_status xdi_check_picture(xd_context *context, const char *network, xd_shape picture);

/* How often ceil(side / 2) must be taken until both sides are at most `smallest`; at least once. */
uint32_t xdi_count_halvings(xd_shape picture, uint32_t smallest);

#endif
