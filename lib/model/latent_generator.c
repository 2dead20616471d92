/* The latent generator's handle, z2' = G(epsilon, z1). An input row of the network is [epsilon | z1]. */
#include "model/latent_generator.h"

#include "base/seeds.h"
#include "model/argument.h"
#include "model/blueprint.h"
#include "model/inference.h"

#define OWNER "the generator"

static xd_status check_network(xd_context *context, const xd_network *network) {
  const uint32_t inputs = xdi_input_size(network), target_dim = xdi_output_size(network);
  if (target_dim > XDI_LATENT_MAX || inputs <= target_dim || inputs - target_dim > XDI_LATENT_MAX ||
      xdi_output_activation(network) != XD_ACTIVATION_IDENTITY)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "a generator goes from target_dim + source_dim values, each 1 to %u, to target_dim values without an "
        "activation, not from %u to %u",
        XDI_LATENT_MAX, inputs, target_dim);
  return XD_OK;
}

xd_status xdi_latent_generator_wrap(xd_latent_generator **out, xd_context *context, xd_network *network) {
  xdi_part *part;
  const xd_status status = xdi_part_wrap(&part, context, network, check_network);
  *out = (xd_latent_generator *)part;
  return status;
}

/* ---- creation ---- */

/* The skip begins as epsilon, and the perceptron beside it as little. */
static void start_skip(xd_network *network) {
  xdi_linear_part skip, last;
  const uint32_t end = network->layer_count - 1;
  if (!xdi_network_linear(&skip, network, end, XDI_LINEAR_OF_INPUT) ||
      !xdi_network_linear(&last, network, end - 1, XDI_LINEAR_OF_X))
    return;
  for (size_t i = 0; i < skip.outputs; i++)
    skip.weights[i * skip.outputs + i] = 1.0f;
  for (size_t i = 0; i < last.inputs * last.outputs; i++)
    last.weights[i] *= 0.1f;
}

xd_status xdi_latent_generator_build(xd_latent_generator **out, xd_context *context,
                                     const xdi_mapping_settings *settings) {
  xdi_part *part;
  const uint32_t inputs = settings->target_dim + settings->source_dim;
  xdi_blueprint blueprint = {.input = {.width = 1, .height = 1, .channels = inputs},
                             .seed = xdi_seed_of(settings->seed, XDI_SEED_GENERATOR)};
  *out = NULL;
  if (settings->source_dim == 0 || settings->target_dim == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "mapping.%s is 0: a generator needs its codes' sizes",
                    settings->source_dim == 0 ? "source_dim" : "target_dim");
  xdi_layer_list_add_perceptron(&blueprint.layers, settings->hidden_layers, settings->hidden_width,
                                XD_ACTIVATION_RELU, settings->dropout, settings->target_dim);
  if (settings->linear_skip) {
    xdi_layer_list_add_linear_skip(&blueprint.layers, XD_ACTIVATION_IDENTITY);
    blueprint.start = start_skip;
  }
  const xd_status status = xdi_part_build(&part, context, &blueprint, check_network);
  *out = (xd_latent_generator *)part;
  return status;
}

xd_status xd_latent_generator_create(xd_latent_generator **out, xd_context *context,
                                     const xd_options *options) {
  xdi_mapping_settings settings;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, OWNER);
  if (status == XD_OK)
    status = xdi_read_mapping(&settings, context, options);
  return status == XD_OK ? xdi_latent_generator_build(out, context, &settings) : status;
}

xd_status xd_latent_generator_create_layers(xd_latent_generator **out, xd_context *context,
                                            const xd_network_layers *layers) {
  xdi_part *part;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, OWNER);
  if (status != XD_OK)
    return status;
  status = xdi_part_build_layers(&part, context, layers, check_network);
  *out = (xd_latent_generator *)part;
  return status;
}

/* ---- the handle ---- */

xd_latent_generator *xd_latent_generator_retain(const xd_latent_generator *generator) {
  return xdi_part_retain(generator);
}

void xd_latent_generator_release(const xd_latent_generator *generator) {
  xdi_part_release(generator);
}

void xd_latent_generator_freeze(xd_latent_generator *generator) {
  xdi_part_freeze(generator);
}

const xd_network *xd_latent_generator_network(const xd_latent_generator *generator) {
  return xdi_part_network(generator);
}

xd_network *xd_latent_generator_network_mutable(xd_latent_generator *generator) {
  return xdi_part_network_mutable(generator);
}

uint32_t xd_latent_generator_source_dim(const xd_latent_generator *generator) {
  const xd_network *network = xdi_part_network(generator);
  return xdi_input_size(network) - xdi_output_size(network);
}

uint32_t xd_latent_generator_target_dim(const xd_latent_generator *generator) {
  return xdi_output_size(xdi_part_network(generator));
}

static xd_status check_call(const xd_latent_generator *generator, xd_context *context, const float *out,
                            const float *codes, const float *noise, uint32_t count) {
  xd_status status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_require(context, generator, OWNER);
  if (status == XD_OK && count > 0)
    status = xdi_require(context, out, "the memory for the codes");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, codes, "codes");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, noise, "noise");
  return status;
}

xd_status xd_latent_generator_generate(const xd_latent_generator *generator, xd_context *context, float *out,
                                       const float *noise, const float *codes, uint32_t count) {
  const xd_status status = check_call(generator, context, out, codes, noise, count);
  if (status != XD_OK)
    return status;
  const uint32_t source_dim = xd_latent_generator_source_dim(generator);
  const uint32_t target_dim = xd_latent_generator_target_dim(generator);
  const xdi_inference call = {.count = count,
                              .kind = XDI_ROWS_OF_CODES,
                              .inputs = {noise, codes},
                              .input_widths = {target_dim, source_dim},
                              .outputs = {out, NULL},
                              .output_widths = {target_dim, 0}};
  return xdi_infer(context, generator->part.network, &call);
}
