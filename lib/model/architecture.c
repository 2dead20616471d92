/* Architectures: the encoder halves the picture by 4x4 convolutions of stride 2 until both sides are at
 * most 8, then goes through dense layers to [mean | log variance]; the decoder is its mirror image. The
 * sizes on the way down, ceil(side / 2), are the transposed convolutions' output sizes on the way up, so
 * that no size needs padding or cropping. */
#include "model/architecture.h"

#include <math.h>

#include "layer/window_normalise.h"

#define SMALLEST_MAP 8    /* default depth: halve until both sides are at most this */
#define DEPTH_MAX 8       /* halvings of the largest side down to one cell */
#define LATENT_LEAST 32.0 /* of codes whose size the pictures choose */
#define LATENT_MOST 128.0
#define HALVING_KERNEL 4
#define HALVING_STRIDE 2
#define HALVING_PAD 1

/* The shapes of the maps: [0] is the picture, [count] the smallest. */
typedef struct pyramid {
  xd_shape at[DEPTH_MAX + 1];
  uint32_t count;
} pyramid;

void xdi_layer_list_add(xdi_layer_list *list, xd_layer_spec layer) {
  if (list->count < XDI_LAYER_LIMIT)
    list->at[list->count++] = layer;
}

void xdi_layer_list_add_dense(xdi_layer_list *list, xd_shape out, xd_activation activation) {
  xdi_layer_list_add(list, (xd_layer_spec){XD_TAG('D', 'N', 'S', 'E'),
                                           {out.height, out.width, out.channels, (uint32_t)activation}});
}

void xdi_layer_list_add_perceptron(xdi_layer_list *list, uint32_t hidden_layers, uint32_t hidden_width,
                                   xd_activation activation, float dropout, uint32_t outputs) {
  const uint32_t millionths = (uint32_t)lround(1e6 * (double)dropout);
  for (uint32_t i = 0; i < hidden_layers; i++) {
    xdi_layer_list_add_dense(list, (xd_shape){.width = 1, .height = 1, .channels = hidden_width}, activation);
    if (millionths > 0)
      xdi_layer_list_add(list, (xd_layer_spec){XD_TAG('D', 'R', 'O', 'P'), {millionths}});
  }
  xdi_layer_list_add_dense(list, (xd_shape){.width = 1, .height = 1, .channels = outputs},
                           XD_ACTIVATION_IDENTITY);
}

void xdi_layer_list_add_linear_skip(xdi_layer_list *list, xd_activation activation) {
  xdi_layer_list_add(list, (xd_layer_spec){XD_TAG('L', 'S', 'K', 'P'), {(uint32_t)activation}});
}

bool xdi_picture_shape_valid(xd_shape shape) {
  return shape.height >= XDI_SIDE_MIN && shape.height <= XDI_SIDE_MAX && shape.width >= XDI_SIDE_MIN &&
         shape.width <= XDI_SIDE_MAX && (shape.channels == 1 || shape.channels == 3);
}

static uint32_t halve(uint32_t side) {
  return side / 2 + side % 2;
}

uint32_t xdi_count_halvings(xd_shape picture, uint32_t smallest) {
  uint32_t side = picture.height > picture.width ? picture.height : picture.width, count = 1;
  for (side = halve(side); side > smallest; side = halve(side))
    count++;
  return count;
}

uint32_t xdi_latent_dim_of(const xdi_vae_settings *settings) {
  const double area = (double)settings->width * (double)settings->height;
  const double chosen = 1.5 * sqrt(area) * (settings->channels > 1 ? 4.0 / 3.0 : 1.0);
  if (settings->latent_dim > 0)
    return settings->latent_dim;
  return (uint32_t)lround(fmin(fmax(chosen, LATENT_LEAST), LATENT_MOST));
}

static void build_pyramid(const xdi_vae_settings *from, pyramid *to) {
  uint32_t channels = from->base_channels;
  to->at[0] = xdi_picture_of(from);
  to->count = 0;
  if (from->base_channels == 0)
    return;
  const uint32_t depth = from->depth > 0 ? from->depth : xdi_count_halvings(to->at[0], SMALLEST_MAP);
  while (to->count < depth) {
    const xd_shape larger = to->at[to->count++];
    to->at[to->count] =
        (xd_shape){.width = halve(larger.width), .height = halve(larger.height), .channels = channels};
    if (channels < from->max_channels)
      channels = 2 * channels < from->max_channels ? 2 * channels : from->max_channels;
  }
}

/* ---- checks ---- */

static xd_status check_side(xd_context *context, const char *group, const char *name, uint32_t side) {
  if (side >= XDI_SIDE_MIN && side <= XDI_SIDE_MAX)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                  "%s.%s is %u: a network needs the pictures' sides, %u to %u pixels", group, name, side,
                  XDI_SIDE_MIN, XDI_SIDE_MAX);
}

xd_status xdi_check_picture_options(xd_context *context, const char *group, xd_shape picture) {
  xd_status status = check_side(context, group, "width", picture.width);
  if (status == XD_OK)
    status = check_side(context, group, "height", picture.height);
  if (status == XD_OK && picture.channels != 1 && picture.channels != 3)
    status = xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.channels is %u, but must be 1 or 3", group,
                      picture.channels);
  return status;
}

xd_status xdi_check_picture(xd_context *context, const char *network, xd_shape picture) {
  return xdi_picture_shape_valid(picture)
             ? XD_OK
             : xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                        "%s cannot take pictures of %ux%ux%u: sides are %u to %u, channels 1 or 3", network,
                        picture.width, picture.height, picture.channels, XDI_SIDE_MIN, XDI_SIDE_MAX);
}

xd_status xdi_check_architecture(xd_context *context, const xdi_vae_settings *settings) {
  const xd_shape picture = xdi_picture_of(settings);
  const xd_status status = xdi_check_picture_options(context, "vae", picture);
  if (status != XD_OK)
    return status;
  const uint32_t deepest = xdi_count_halvings(picture, 1);
  if (settings->depth > deepest)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "vae.depth is %u, but pictures of %ux%u can be halved %u times", settings->depth,
                    picture.width, picture.height, deepest);
  if (settings->window > 0 && settings->window < XDI_WINDOW_MIN)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "vae.window is %u, but must be 0 or %u to %u",
                    settings->window, XDI_WINDOW_MIN, XDI_WINDOW_MAX);
  return XD_OK;
}

/* ---- layers ---- */

/* Of dense layer `index`, from the pictures on. */
static uint32_t hidden_width(const xdi_vae_settings *settings, uint32_t index) {
  const uint32_t widths[] = {settings->hidden1, settings->hidden2, settings->hidden3, settings->hidden4};
  return widths[index];
}

void xdi_architecture_encoder(const xdi_vae_settings *settings, xdi_layer_list *out) {
  pyramid maps;
  out->count = 0;
  build_pyramid(settings, &maps);
  if (settings->window > 0)
    xdi_layer_list_add(out, (xd_layer_spec){XDI_WINDOW_TAG, {settings->window}});
  for (uint32_t i = 1; i <= maps.count; i++)
    xdi_layer_list_add(out, (xd_layer_spec){XD_TAG('C', 'N', 'V', '2'),
                                            {maps.at[i].channels, HALVING_KERNEL, HALVING_STRIDE, HALVING_PAD,
                                             XD_ACTIVATION_RELU}});
  for (uint32_t i = 0; i < settings->hidden_count; i++)
    xdi_layer_list_add_dense(out, (xd_shape){.width = 1, .height = 1, .channels = hidden_width(settings, i)},
                             XD_ACTIVATION_RELU);
  xdi_layer_list_add_dense(out,
                           (xd_shape){.width = 1, .height = 1, .channels = 2 * xdi_latent_dim_of(settings)},
                           XD_ACTIVATION_IDENTITY);
  if (settings->linear_skip)
    xdi_layer_list_add_linear_skip(out, XD_ACTIVATION_IDENTITY);
}

void xdi_architecture_decoder(const xdi_vae_settings *settings, xdi_layer_list *out) {
  pyramid maps;
  out->count = 0;
  const xd_activation last = settings->linear_skip ? XD_ACTIVATION_IDENTITY : XD_ACTIVATION_SIGMOID;
  build_pyramid(settings, &maps);
  for (uint32_t i = settings->hidden_count; i > 0; i--)
    xdi_layer_list_add_dense(out,
                             (xd_shape){.width = 1, .height = 1, .channels = hidden_width(settings, i - 1)},
                             XD_ACTIVATION_RELU);
  xdi_layer_list_add_dense(out, maps.at[maps.count], maps.count > 0 ? XD_ACTIVATION_RELU : last);
  for (uint32_t i = maps.count; i > 0; i--)
    xdi_layer_list_add(out, (xd_layer_spec){XD_TAG('C', 'N', 'T', '2'),
                                            {maps.at[i - 1].channels, HALVING_KERNEL, HALVING_STRIDE,
                                             HALVING_PAD, i > 1 ? XD_ACTIVATION_RELU : last,
                                             maps.at[i - 1].height, maps.at[i - 1].width}});
  if (settings->linear_skip)
    xdi_layer_list_add_linear_skip(out, XD_ACTIVATION_SIGMOID);
}
