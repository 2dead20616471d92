/* The pair discriminator's handle: logits of pairs (condition, judged). An input row of the network is
 * [condition | judged]. */
#include "model/pair_discriminator.h"

#include <string.h>

#include "base/memory.h"
#include "model/architecture.h"
#include "model/argument.h"
#include "model/inference.h"

#define OWNER "the discriminator"

void xd_pair_discriminator_options_init(xd_pair_discriminator_options *options, size_t struct_size) {
  const xd_pair_discriminator_options defaults = XD_PAIR_DISCRIMINATOR_OPTIONS_INIT;
  xdi_hand_options(options, struct_size, &defaults, sizeof defaults);
}

xd_status xdi_pair_discriminator_wrap(xd_pair_discriminator **out, xd_context *context, xd_network *network) {
  const uint32_t inputs = xdi_input_size(network), outputs = xdi_output_size(network);
  *out = NULL;
  if (inputs % 2 != 0 || inputs / 2 > XDI_LATENT_MAX || outputs != 1 ||
      xdi_output_activation(network) != XD_ACTIVATION_IDENTITY)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "a discriminator goes from 2 * latent_dim values, latent_dim 1 to %u, to one value without an "
        "activation, not from %u to %u",
        XDI_LATENT_MAX, inputs, outputs);
  *out = xdi_part_create(context, network, sizeof **out);
  return *out ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
}

static xd_status read_options(xd_context *context, xd_pair_discriminator_options *to,
                              const xd_pair_discriminator_options *from) {
  xd_pair_discriminator_options_init(to, sizeof *to);
  if (from && !xdi_read_options(to, sizeof *to, from))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, OWNER "'s struct_size is not set");
  const xdi_limits numbers[] = {{"latent_dim", to->latent_dim, 1, XDI_LATENT_MAX},
                                {"hidden_width", to->hidden_width, 1, XDI_WIDTH_MAX},
                                {"hidden_layers", to->hidden_layers, 1, XDI_HIDDEN_LAYERS_MAX},
                                {"dropout_millionths", to->dropout_millionths, 0, XDI_DROPOUT_MAX},
                                {"reserved field", to->reserved, 0, 0}};
  const xd_status status = xdi_check_limits(context, OWNER, numbers, sizeof numbers / sizeof *numbers);
  return status == XD_OK ? xdi_check_layer_list(context, OWNER, to->layers, to->layer_count) : status;
}

static xd_status build(xd_pair_discriminator **out, xd_context *context,
                       const xd_pair_discriminator_options *from, uint64_t seed) {
  const xd_shape input = {.width = 1, .height = 1, .channels = 2 * from->latent_dim};
  xdi_layer_list layers = {.count = 0};
  xd_network *network;
  if (from->layers)
    xdi_layer_list_copy(&layers, from->layers, from->layer_count);
  else
    xdi_layer_list_add_perceptron(&layers, from->hidden_layers, from->hidden_width, XD_ACTIVATION_LEAKY_RELU,
                                  from->dropout_millionths, 1);
  xd_status status = xdi_network_create(&network, context, input, layers.at, layers.count);
  if (status != XD_OK)
    return status;
  xdi_network_initialise(network, seed, 0.0f);
  status = xdi_pair_discriminator_wrap(out, context, network);
  xdi_network_release(network);
  return status;
}

xd_status xd_pair_discriminator_create(xd_pair_discriminator **out, xd_context *context,
                                       const xd_pair_discriminator_options *options, uint64_t seed) {
  xd_pair_discriminator_options from;
  xd_status status = xdi_require(context, out, "the place for the discriminator");
  if (status != XD_OK)
    return status;
  *out = NULL;
  status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = read_options(context, &from, options);
  return status == XD_OK ? build(out, context, &from, seed) : status;
}

xd_pair_discriminator *xd_pair_discriminator_retain(const xd_pair_discriminator *discriminator) {
  return xdi_part_retain(discriminator);
}

void xd_pair_discriminator_release(const xd_pair_discriminator *discriminator) {
  xdi_part_release(discriminator);
}

void xd_pair_discriminator_freeze(xd_pair_discriminator *discriminator) {
  xdi_part_freeze(discriminator);
}

const xd_network *xd_pair_discriminator_network(const xd_pair_discriminator *discriminator) {
  return xdi_part_network(discriminator);
}

xd_network *xd_pair_discriminator_network_mutable(xd_pair_discriminator *discriminator) {
  return xdi_part_network_mutable(discriminator);
}

uint32_t xd_pair_discriminator_latent_dim(const xd_pair_discriminator *discriminator) {
  return xdi_input_size(xdi_part_network(discriminator)) / 2;
}

static xd_status check_call(const xd_pair_discriminator *discriminator, xd_context *context,
                            const float *logits, const float *condition, const float *judged,
                            uint32_t count) {
  xd_status status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_require(context, discriminator, OWNER);
  if (status == XD_OK && count > 0)
    status = xdi_require(context, logits, "the memory for the logits");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, condition, "condition");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, judged, "judged");
  return status;
}

xd_status xd_pair_discriminator_score(const xd_pair_discriminator *discriminator, xd_context *context,
                                      float *logits, const float *condition, const float *judged,
                                      uint32_t count) {
  const xd_status status = check_call(discriminator, context, logits, condition, judged, count);
  if (status != XD_OK)
    return status;
  const uint32_t latent_dim = xd_pair_discriminator_latent_dim(discriminator);
  const xdi_inference call = {.count = count,
                              .kind = XDI_ROWS_OF_CODES,
                              .inputs = {condition, judged},
                              .input_widths = {latent_dim, latent_dim},
                              .outputs = {logits, NULL},
                              .output_widths = {1, 0}};
  return xdi_infer(context, discriminator->part.network, &call);
}
