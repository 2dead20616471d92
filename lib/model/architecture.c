/* Architectures: the encoder halves the picture by 4x4 convolutions of stride 2 until both sides are at
 * most 8, then goes through dense layers to [mean | log variance]; the decoder is its mirror image. The
 * sizes on the way down, ceil(side / 2), are the transposed convolutions' output sizes on the way up, so
 * that no size needs padding or cropping. */
#include "model/architecture.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "layer/window_normalise.h"
#include "model/argument.h"

#define OWNER "the architecture"
#define SMALLEST_MAP 8 /* default depth: halve until both sides are at most this */
#define DEPTH_MAX 8    /* halvings of the largest side down to one cell */
#define HIDDEN_MAX 4
#define CHANNELS_MAX 1024
#define GAIN_MAX 10.0f
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

void xdi_layer_list_copy(xdi_layer_list *list, const xd_layer_spec *layers, uint32_t count) {
  list->count = 0;
  for (uint32_t i = 0; i < count; i++)
    xdi_layer_list_add(list, layers[i]);
}

void xdi_layer_list_add_dense(xdi_layer_list *list, xd_shape out, xd_activation activation) {
  xdi_layer_list_add(list, (xd_layer_spec){XD_TAG('D', 'N', 'S', 'E'),
                                           {out.height, out.width, out.channels, (uint32_t)activation}});
}

void xdi_layer_list_add_perceptron(xdi_layer_list *list, uint32_t hidden_layers, uint32_t hidden_width,
                                   xd_activation activation, uint32_t dropout_millionths, uint32_t outputs) {
  for (uint32_t i = 0; i < hidden_layers; i++) {
    xdi_layer_list_add_dense(list, (xd_shape){.width = 1, .height = 1, .channels = hidden_width}, activation);
    if (dropout_millionths > 0)
      xdi_layer_list_add(list, (xd_layer_spec){XD_TAG('D', 'R', 'O', 'P'), {dropout_millionths}});
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

static void build_pyramid(const xd_vae_architecture *from, pyramid *to) {
  uint32_t channels = from->base_channels;
  to->at[0] = (xd_shape){.width = from->width, .height = from->height, .channels = from->channels};
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

/* ---- reading ---- */

static xd_status check_numbers(xd_context *context, const xd_vae_architecture *from) {
  const uint32_t deepest = xdi_count_halvings(
      (xd_shape){.width = from->width, .height = from->height, .channels = from->channels}, 1);
  const xdi_limits numbers[] = {{"height", from->height, XDI_SIDE_MIN, XDI_SIDE_MAX},
                                {"width", from->width, XDI_SIDE_MIN, XDI_SIDE_MAX},
                                {"latent_dim", from->latent_dim, 1, XDI_LATENT_MAX},
                                {"base_channels", from->base_channels, 0, CHANNELS_MAX},
                                {"max_channels", from->max_channels, 1, CHANNELS_MAX},
                                {"depth", from->depth, 0, deepest},
                                {"hidden_count", from->hidden_count, 0, HIDDEN_MAX},
                                {"linear_skip", from->linear_skip, 0, 1},
                                {"window", from->window, 0, XDI_WINDOW_MAX}};
  const xd_status status = xdi_check_limits(context, OWNER, numbers, sizeof numbers / sizeof *numbers);
  return status == XD_OK ? xdi_check_channels(context, OWNER, from->channels) : status;
}

static xd_status check_hidden(xd_context *context, const xd_vae_architecture *from) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < from->hidden_count && status == XD_OK; i++) {
    const xdi_limits width = {"hidden width", from->hidden[i], 1, XDI_WIDTH_MAX};
    status = xdi_check_limits(context, OWNER, &width, 1);
  }
  return status;
}

static xd_status check_gain(xd_context *context, const xd_vae_architecture *from) {
  if (from->initial_gain >= 0.0f && from->initial_gain <= GAIN_MAX)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, OWNER "'s initial_gain is %g, but must be 0 to %g",
                  (double)from->initial_gain, (double)GAIN_MAX);
}

xd_status xdi_architecture_read(xd_context *context, xd_vae_architecture *to,
                                const xd_vae_architecture *from) {
  xd_vae_architecture_init(to, sizeof *to);
  if (from && !xdi_read_options(to, sizeof *to, from))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, OWNER "'s struct_size is not set");
  xd_status status = check_numbers(context, to);
  if (status == XD_OK)
    status = check_hidden(context, to);
  if (status == XD_OK)
    status = check_gain(context, to);
  return status == XD_OK ? xdi_check_layer_list(context, OWNER, to->layers, to->layer_count) : status;
}

void xd_vae_architecture_init(xd_vae_architecture *architecture, size_t struct_size) {
  const xd_vae_architecture defaults = XD_VAE_ARCHITECTURE_INIT;
  xdi_hand_options(architecture, struct_size, &defaults, sizeof defaults);
}

/* ---- layers ---- */

void xdi_architecture_encoder(const xd_vae_architecture *architecture, xdi_layer_list *out) {
  pyramid maps;
  out->count = 0;
  if (architecture->layers) {
    xdi_layer_list_copy(out, architecture->layers, architecture->layer_count);
    return;
  }
  build_pyramid(architecture, &maps);
  if (architecture->window > 0)
    xdi_layer_list_add(out, (xd_layer_spec){XDI_WINDOW_TAG, {architecture->window}});
  for (uint32_t i = 1; i <= maps.count; i++)
    xdi_layer_list_add(out, (xd_layer_spec){XD_TAG('C', 'N', 'V', '2'),
                                            {maps.at[i].channels, HALVING_KERNEL, HALVING_STRIDE, HALVING_PAD,
                                             XD_ACTIVATION_RELU}});
  for (uint32_t i = 0; i < architecture->hidden_count; i++)
    xdi_layer_list_add_dense(out, (xd_shape){.width = 1, .height = 1, .channels = architecture->hidden[i]},
                             XD_ACTIVATION_RELU);
  xdi_layer_list_add_dense(out, (xd_shape){.width = 1, .height = 1, .channels = 2 * architecture->latent_dim},
                           XD_ACTIVATION_IDENTITY);
  if (architecture->linear_skip)
    xdi_layer_list_add_linear_skip(out, XD_ACTIVATION_IDENTITY);
}

void xdi_architecture_decoder(const xd_vae_architecture *architecture, xdi_layer_list *out) {
  pyramid maps;
  out->count = 0;
  if (architecture->layers) {
    xdi_layer_list_copy(out, architecture->layers, architecture->layer_count);
    return;
  }
  const xd_activation last = architecture->linear_skip ? XD_ACTIVATION_IDENTITY : XD_ACTIVATION_SIGMOID;
  build_pyramid(architecture, &maps);
  for (uint32_t i = architecture->hidden_count; i > 0; i--)
    xdi_layer_list_add_dense(out,
                             (xd_shape){.width = 1, .height = 1, .channels = architecture->hidden[i - 1]},
                             XD_ACTIVATION_RELU);
  xdi_layer_list_add_dense(out, maps.at[maps.count], maps.count > 0 ? XD_ACTIVATION_RELU : last);
  for (uint32_t i = maps.count; i > 0; i--)
    xdi_layer_list_add(out, (xd_layer_spec){XD_TAG('C', 'N', 'T', '2'),
                                            {maps.at[i - 1].channels, HALVING_KERNEL, HALVING_STRIDE,
                                             HALVING_PAD, i > 1 ? XD_ACTIVATION_RELU : last,
                                             maps.at[i - 1].height, maps.at[i - 1].width}});
  if (architecture->linear_skip)
    xdi_layer_list_add_linear_skip(out, XD_ACTIVATION_SIGMOID);
}
