/* The decoder's handle: pictures of codes. */
#include "model/decoder.h"

#include "base/seeds.h"
#include "model/argument.h"
#include "model/blueprint.h"
#include "model/inference.h"
#include "tensor/shape.h"

static xd_status check_network(xd_context *context, const xd_network *network) {
  const xd_shape picture = network->output;
  const uint32_t latent_dim = xdi_input_size(network);
  if (latent_dim > XDI_LATENT_MAX)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "a decoder must take codes of 1 to %u values, not %u",
                    XDI_LATENT_MAX, latent_dim);
  if (!xdi_picture_shape_valid(picture) || xdi_output_activation(network) != XD_ACTIVATION_SIGMOID)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "a decoder cannot end in %ux%ux%u: it must end in a picture, sides %u to %u, channels 1 or 3, "
        "through a sigmoid",
        picture.width, picture.height, picture.channels, XDI_SIDE_MIN, XDI_SIDE_MAX);
  return XD_OK;
}

xd_status xdi_decoder_wrap(xd_decoder **out, xd_context *context, xd_network *network) {
  xdi_part *part;
  const xd_status status = xdi_part_wrap(&part, context, network, check_network);
  *out = (xd_decoder *)part;
  return status;
}

/* ---- creation ---- */

/* Four kernels in one: a convolution that doubles reads other weights for each of four kinds of pixels, and
 * where these start apart they leave a pattern of dots that training is long in removing. So they start as a
 * kernel of one size less, spread over two by two pixels, which is what doubling the picture first and then
 * convolving it does. Each pixel's sum then has 9 such weights for 4, hence the scale. */
static void smooth_kernel(float *weights, uint32_t kernel, size_t cells) {
  const float scale = 2.0f / 3.0f;
  const size_t line = kernel * cells;
  for (uint32_t i = kernel; i-- > 0;)
    for (uint32_t j = kernel; j-- > 0;)
      for (size_t k = 0; k < cells; k++) {
        const bool below = i + 1 < kernel, right = j + 1 < kernel;
        float *at = weights + i * line + j * cells + k;
        float sum = below && right ? *at : 0.0f;
        if (i > 0 && right)
          sum += *(at - line);
        if (below && j > 0)
          sum += *(at - cells);
        if (i > 0 && j > 0)
          sum += *(at - line - cells);
        *at = scale * sum;
      }
}

static void start_smoothly(xd_network *network) {
  for (uint32_t i = 0; i < network->parameter_count; i++) {
    const xdi_parameter *parameter = &network->parameters[i];
    const uint32_t *shape = parameter->public.shape;
    const xd_layer_spec *spec = &network->layers[parameter->layer].spec;
    if (spec->tag == XD_TAG('C', 'N', 'T', '2') && parameter->public.rank == 4 && shape[0] == 4)
      smooth_kernel(network->block + parameter->offset, shape[0], (size_t)shape[2] * shape[3]);
  }
}

xd_status xdi_decoder_build(xd_decoder **out, xd_context *context, const xdi_vae_settings *settings) {
  xdi_part *part;
  xdi_blueprint blueprint = {.input = {.width = 1, .height = 1, .channels = xdi_latent_dim_of(settings)},
                             .seed = xdi_seed_of(settings->seed, XDI_SEED_DECODER),
                             .initial_gain = settings->initial_gain};
  *out = NULL;
  xd_status status = xdi_check_architecture(context, settings);
  if (status != XD_OK)
    return status;
  xdi_architecture_decoder(settings, &blueprint.layers);
  if (settings->smooth_start)
    blueprint.start = start_smoothly;
  status = xdi_part_build(&part, context, &blueprint, check_network);
  *out = (xd_decoder *)part;
  return status;
}

xd_status xd_decoder_create(xd_decoder **out, xd_context *context, const xd_options *options) {
  xdi_vae_settings settings;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, "the decoder");
  if (status == XD_OK)
    status = xdi_read_vae(&settings, context, options);
  return status == XD_OK ? xdi_decoder_build(out, context, &settings) : status;
}

xd_status xd_decoder_create_layers(xd_decoder **out, xd_context *context, const xd_network_layers *layers) {
  xdi_part *part;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, "the decoder");
  if (status != XD_OK)
    return status;
  status = xdi_part_build_layers(&part, context, layers, check_network);
  *out = (xd_decoder *)part;
  return status;
}

/* ---- the handle ---- */

xd_decoder *xd_decoder_retain(const xd_decoder *decoder) {
  return xdi_part_retain(decoder);
}

void xd_decoder_release(const xd_decoder *decoder) {
  xdi_part_release(decoder);
}

void xd_decoder_freeze(xd_decoder *decoder) {
  xdi_part_freeze(decoder);
}

const xd_network *xd_decoder_network(const xd_decoder *decoder) {
  return xdi_part_network(decoder);
}

xd_network *xd_decoder_network_mutable(xd_decoder *decoder) {
  return xdi_part_network_mutable(decoder);
}

uint32_t xd_decoder_latent_dim(const xd_decoder *decoder) {
  return xdi_input_size(xdi_part_network(decoder));
}

xd_status xd_decoder_decode(const xd_decoder *decoder, xd_context *context, float *pictures,
                            const float *codes, uint32_t count) {
  xd_status status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_require(context, decoder, "the decoder");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, pictures, "the memory for the pictures");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, codes, "codes");
  if (status != XD_OK)
    return status;
  const xdi_inference call = {.count = count,
                              .kind = XDI_ROWS_OF_CODES,
                              .inputs = {codes, NULL},
                              .input_widths = {xd_decoder_latent_dim(decoder), 0},
                              .outputs = {pictures, NULL},
                              .output_widths = {xdi_output_size(decoder->part.network), 0}};
  return xdi_infer(context, decoder->part.network, &call);
}
