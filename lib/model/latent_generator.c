/* The latent generator's handle, z2' = G(epsilon, z1), and the noise that translation draws. An input row
 * of the network is [epsilon | z1]. */
#include "model/latent_generator.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/architecture.h"
#include "model/argument.h"
#include "model/inference.h"

#define OWNER "the generator"

void xd_latent_generator_options_init(xd_latent_generator_options *options, size_t struct_size) {
  const xd_latent_generator_options defaults = XD_LATENT_GENERATOR_OPTIONS_INIT;
  xdi_hand_options(options, struct_size, &defaults, sizeof defaults);
}

xd_status xdi_latent_generator_wrap(xd_latent_generator **out, xd_context *context, xd_network *network) {
  const uint32_t inputs = xdi_input_size(network), target_dim = xdi_output_size(network);
  *out = NULL;
  if (target_dim > XDI_LATENT_MAX || inputs <= target_dim || inputs - target_dim > XDI_LATENT_MAX ||
      xdi_output_activation(network) != XD_ACTIVATION_IDENTITY)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "a generator goes from target_dim + source_dim values, each 1 to %u, to target_dim values without an "
        "activation, not from %u to %u",
        XDI_LATENT_MAX, inputs, target_dim);
  *out = xdi_part_create(context, network, sizeof **out);
  return *out ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
}

static xd_status read_options(xd_context *context, xd_latent_generator_options *to,
                              const xd_latent_generator_options *from) {
  xd_latent_generator_options_init(to, sizeof *to);
  if (from && !xdi_read_options(to, sizeof *to, from))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, OWNER "'s struct_size is not set");
  const xdi_limits numbers[] = {{"source_dim", to->source_dim, 1, XDI_LATENT_MAX},
                                {"target_dim", to->target_dim, 1, XDI_LATENT_MAX},
                                {"hidden_width", to->hidden_width, 1, XDI_WIDTH_MAX},
                                {"hidden_layers", to->hidden_layers, 1, XDI_HIDDEN_LAYERS_MAX},
                                {"dropout_millionths", to->dropout_millionths, 0, XDI_DROPOUT_MAX},
                                {"linear_skip", to->linear_skip, 0, 1},
                                {"reserved field", to->reserved, 0, 0}};
  const xd_status status = xdi_check_limits(context, OWNER, numbers, sizeof numbers / sizeof *numbers);
  return status == XD_OK ? xdi_check_layer_list(context, OWNER, to->layers, to->layer_count) : status;
}

/* The skip begins as epsilon, and the perceptron beside it as little. */
static void start_skip(xd_network *network, uint32_t target_dim) {
  xdi_linear_part skip, last;
  const uint32_t end = network->layer_count - 1;
  if (!xdi_network_linear(&skip, network, end, XDI_LINEAR_OF_INPUT) ||
      !xdi_network_linear(&last, network, end - 1, XDI_LINEAR_OF_X))
    return;
  for (size_t i = 0; i < target_dim; i++)
    skip.weights[i * skip.outputs + i] = 1.0f;
  for (size_t i = 0; i < last.inputs * last.outputs; i++)
    last.weights[i] *= 0.1f;
}

static xd_status build(xd_latent_generator **out, xd_context *context,
                       const xd_latent_generator_options *from, uint64_t seed) {
  const xd_shape input = {.width = 1, .height = 1, .channels = from->target_dim + from->source_dim};
  xdi_layer_list layers = {.count = 0};
  xd_network *network;
  if (from->layers)
    xdi_layer_list_copy(&layers, from->layers, from->layer_count);
  else
    xdi_layer_list_add_perceptron(&layers, from->hidden_layers, from->hidden_width, XD_ACTIVATION_RELU,
                                  from->dropout_millionths, from->target_dim);
  if (from->linear_skip && !from->layers)
    xdi_layer_list_add_linear_skip(&layers, XD_ACTIVATION_IDENTITY);
  xd_status status = xdi_network_create(&network, context, input, layers.at, layers.count);
  if (status != XD_OK)
    return status;
  xdi_network_initialise(network, seed, 0.0f);
  if (from->linear_skip && !from->layers)
    start_skip(network, from->target_dim);
  if (xdi_output_size(network) != from->target_dim)
    status = xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                      OWNER "'s layers end in %u values, but its target_dim is %u", xdi_output_size(network),
                      from->target_dim);
  else
    status = xdi_latent_generator_wrap(out, context, network);
  xdi_network_release(network);
  return status;
}

xd_status xd_latent_generator_create(xd_latent_generator **out, xd_context *context,
                                     const xd_latent_generator_options *options, uint64_t seed) {
  xd_latent_generator_options from;
  xd_status status = xdi_require(context, out, "the place for the generator");
  if (status != XD_OK)
    return status;
  *out = NULL;
  status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = read_options(context, &from, options);
  return status == XD_OK ? build(out, context, &from, seed) : status;
}

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

void xd_latent_noise(float *to, uint32_t count, uint32_t latent_dim, uint64_t seed, uint64_t first,
                     float temperature) {
  /* Normals come in pairs: an even number a picture keeps each picture's apart. */
  const uint64_t stride = (uint64_t)latent_dim + latent_dim % 2;
  if (!to)
    return;
  for (uint32_t i = 0; i < count; i++, to += latent_dim) {
    xdi_random_normals(to, latent_dim, seed, xdi_stream_id(XDI_STREAM_TRANSLATE, 0), (first + i) * stride);
    for (uint32_t j = 0; j < latent_dim; j++)
      to[j] *= temperature;
  }
}
