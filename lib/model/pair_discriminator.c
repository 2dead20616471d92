/* The pair discriminator's handle: logits of pairs (anchor, judged). An input row of the network is
 * [anchor | judged]. */
#include "model/pair_discriminator.h"

#include <string.h>

#include "base/memory.h"
#include "base/seeds.h"
#include "model/argument.h"
#include "model/blueprint.h"
#include "model/inference.h"

#define OWNER "the discriminator"

static xd_status check_network(xd_context *context, const xd_network *network) {
  const uint32_t inputs = xdi_input_size(network), outputs = xdi_output_size(network);
  if (inputs % 2 != 0 || inputs / 2 > XDI_LATENT_MAX || outputs != 1 ||
      xdi_output_activation(network) != XD_ACTIVATION_IDENTITY)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "a discriminator goes from 2 * latent_dim values, latent_dim 1 to %u, to one value without an "
        "activation, not from %u to %u",
        XDI_LATENT_MAX, inputs, outputs);
  return XD_OK;
}

xd_status xdi_pair_discriminator_wrap(xd_pair_discriminator **out, xd_context *context, xd_network *network) {
  xdi_part *part;
  const xd_status status = xdi_part_wrap(&part, context, network, check_network);
  *out = (xd_pair_discriminator *)part;
  return status;
}

/* ---- creation ---- */

xd_status xdi_pair_discriminator_build(xd_pair_discriminator **out, xd_context *context,
                                       const xdi_mapping_settings *settings) {
  xdi_part *part;
  xdi_blueprint blueprint = {.input = {.width = 1, .height = 1, .channels = 2 * settings->target_dim},
                             .seed = xdi_seed_of(settings->seed, XDI_SEED_DISCRIMINATOR)};
  *out = NULL;
  if (settings->target_dim == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "mapping.target_dim is 0: a discriminator needs its codes' size");
  xdi_layer_list_add_perceptron(&blueprint.layers, settings->hidden_layers, settings->hidden_width,
                                XD_ACTIVATION_LEAKY_RELU, 0.0f, 1);
  const xd_status status = xdi_part_build(&part, context, &blueprint, check_network);
  *out = (xd_pair_discriminator *)part;
  return status;
}

xd_status xd_pair_discriminator_create(xd_pair_discriminator **out, xd_context *context,
                                       const xd_options *options) {
  xdi_mapping_settings settings;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, OWNER);
  if (status == XD_OK)
    status = xdi_read_mapping(&settings, context, options);
  return status == XD_OK ? xdi_pair_discriminator_build(out, context, &settings) : status;
}

xd_status xd_pair_discriminator_create_layers(xd_pair_discriminator **out, xd_context *context,
                                              const xd_network_layers *layers) {
  xdi_part *part;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, OWNER);
  if (status != XD_OK)
    return status;
  status = xdi_part_build_layers(&part, context, layers, check_network);
  *out = (xd_pair_discriminator *)part;
  return status;
}

/* ---- the handle ---- */

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
                            const float *logits, const float *anchor, const float *judged, uint32_t count) {
  xd_status status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_require(context, discriminator, OWNER);
  if (status == XD_OK && count > 0)
    status = xdi_require(context, logits, "the memory for the logits");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, anchor, "anchor");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, judged, "judged");
  return status;
}

xd_status xd_pair_discriminator_score(const xd_pair_discriminator *discriminator, xd_context *context,
                                      float *logits, const float *anchor, const float *judged,
                                      uint32_t count) {
  const xd_status status = check_call(discriminator, context, logits, anchor, judged, count);
  if (status != XD_OK)
    return status;
  const uint32_t latent_dim = xd_pair_discriminator_latent_dim(discriminator);
  const xdi_inference call = {.count = count,
                              .kind = XDI_ROWS_OF_CODES,
                              .inputs = {anchor, judged},
                              .input_widths = {latent_dim, latent_dim},
                              .outputs = {logits, NULL},
                              .output_widths = {1, 0}};
  return xdi_infer(context, discriminator->part.network, &call);
}
