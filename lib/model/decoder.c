/* The decoder's handle: pictures of codes. */
#include "model/decoder.h"

#include "model/architecture.h"
#include "model/argument.h"
#include "model/inference.h"
#include "tensor/shape.h"

xd_status xdi_decoder_wrap(xd_decoder **out, xd_context *context, xd_network *network) {
  const xd_shape picture = network->output;
  const uint32_t latent_dim = xdi_input_size(network);
  *out = NULL;
  if (latent_dim > XDI_LATENT_MAX)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "a decoder must take codes of 1 to %u values, not %u",
                    XDI_LATENT_MAX, latent_dim);
  if (!xdi_picture_shape_valid(picture) || xdi_output_activation(network) != XD_ACTIVATION_SIGMOID)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "a decoder cannot end in %u x %u x %u: it must end in a picture, sides 8 to 256, channels 1 or 3, "
        "through a sigmoid",
        picture.height, picture.width, picture.channels);
  *out = xdi_part_create(context, network, sizeof **out);
  return *out ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
}

static xd_status check_picture(xd_context *context, const xd_network *network, xd_shape picture) {
  const xd_shape end = network->output;
  if (xdi_shape_equal(end, picture))
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                  "the decoder's layers end in %u x %u x %u, but the pictures are %u x %u x %u", end.height,
                  end.width, end.channels, picture.height, picture.width, picture.channels);
}

static xd_status build(xd_decoder **out, xd_context *context, const xd_vae_architecture *from,
                       uint64_t seed) {
  const xd_shape picture = {.width = from->width, .height = from->height, .channels = from->channels},
                 code = {.width = 1, .height = 1, .channels = from->latent_dim};
  xdi_layer_list layers;
  xd_network *network;
  xdi_architecture_decoder(from, &layers);
  xd_status status = xdi_network_create(&network, context, code, layers.at, layers.count);
  if (status != XD_OK)
    return status;
  xdi_network_initialise(network, seed, from->initial_gain);
  status = check_picture(context, network, picture);
  if (status == XD_OK)
    status = xdi_decoder_wrap(out, context, network);
  xdi_network_release(network);
  return status;
}

xd_status xd_decoder_create(xd_decoder **out, xd_context *context, const xd_vae_architecture *architecture,
                            uint64_t seed) {
  xd_vae_architecture from;
  xd_status status = xdi_require(context, out, "the place for the decoder");
  if (status != XD_OK)
    return status;
  *out = NULL;
  status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_architecture_read(context, &from, architecture);
  return status == XD_OK ? build(out, context, &from, seed) : status;
}

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
