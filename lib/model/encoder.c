/* The encoder's handle: q(z|x) = N(mean, exp(log_variance)) of pictures, and samples of it. An output row
 * of the network is [mean | log variance]. */
#include "model/encoder.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/architecture.h"
#include "model/argument.h"
#include "model/inference.h"

xd_status xdi_encoder_wrap(xd_encoder **out, xd_context *context, xd_network *network) {
  const xd_shape picture = network->input;
  const uint32_t outputs = xdi_output_size(network);
  *out = NULL;
  if (!xdi_picture_shape_valid(picture))
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                    "an encoder cannot take pictures of %u x %u x %u: sides are 8 to 256, channels 1 or 3",
                    picture.height, picture.width, picture.channels);
  if (outputs % 2 != 0 || outputs / 2 > XDI_LATENT_MAX ||
      xdi_output_activation(network) != XD_ACTIVATION_IDENTITY)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "an encoder must end in 2 * latent_dim values without an activation, latent_dim 1 to %u, not in %u",
        XDI_LATENT_MAX, outputs);
  *out = xdi_part_create(context, network, sizeof **out);
  return *out ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
}

static xd_status check_latent_dim(xd_context *context, const xd_network *network, uint32_t latent_dim) {
  if (xdi_output_size(network) == 2 * latent_dim)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                  "the encoder's layers end in %u values, but latent_dim %u needs %u",
                  xdi_output_size(network), latent_dim, 2 * latent_dim);
}

static xd_status build(xd_encoder **out, xd_context *context, const xd_vae_architecture *from,
                       uint64_t seed) {
  const xd_shape picture = {.width = from->width, .height = from->height, .channels = from->channels};
  xdi_layer_list layers;
  xd_network *network;
  xdi_architecture_encoder(from, &layers);
  xd_status status = xdi_network_create(&network, context, picture, layers.at, layers.count);
  if (status != XD_OK)
    return status;
  xdi_network_initialise(network, seed, from->initial_gain);
  status = check_latent_dim(context, network, from->latent_dim);
  if (status == XD_OK)
    status = xdi_encoder_wrap(out, context, network);
  xdi_network_release(network);
  return status;
}

xd_status xd_encoder_create(xd_encoder **out, xd_context *context, const xd_vae_architecture *architecture,
                            uint64_t seed) {
  xd_vae_architecture from;
  xd_status status = xdi_require(context, out, "the place for the encoder");
  if (status != XD_OK)
    return status;
  *out = NULL;
  status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_architecture_read(context, &from, architecture);
  return status == XD_OK ? build(out, context, &from, seed) : status;
}

xd_encoder *xd_encoder_retain(const xd_encoder *encoder) {
  return xdi_part_retain(encoder);
}

void xd_encoder_release(const xd_encoder *encoder) {
  xdi_part_release(encoder);
}

void xd_encoder_freeze(xd_encoder *encoder) {
  xdi_part_freeze(encoder);
}

const xd_network *xd_encoder_network(const xd_encoder *encoder) {
  return xdi_part_network(encoder);
}

xd_network *xd_encoder_network_mutable(xd_encoder *encoder) {
  return xdi_part_network_mutable(encoder);
}

uint32_t xd_encoder_latent_dim(const xd_encoder *encoder) {
  return xdi_output_size(xdi_part_network(encoder)) / 2;
}

static xd_status encode(const xd_encoder *encoder, xd_context *context, float *mean, float *log_variance,
                        const float *pictures, uint32_t count) {
  const uint32_t latent_dim = xd_encoder_latent_dim(encoder);
  const xdi_inference call = {.count = count,
                              .kind = XDI_ROWS_OF_PIXELS,
                              .inputs = {pictures, NULL},
                              .input_widths = {xdi_input_size(encoder->part.network), 0},
                              .outputs = {mean, log_variance},
                              .output_widths = {latent_dim, latent_dim}};
  return xdi_infer(context, encoder->part.network, &call);
}

static xd_status check_call(const xd_encoder *encoder, xd_context *context, const float *codes,
                            const float *pictures, uint32_t count) {
  xd_status status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_require(context, encoder, "the encoder");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, codes, "the memory for the codes");
  if (status == XD_OK && count > 0)
    status = xdi_require(context, pictures, "pictures");
  return status;
}

xd_status xd_encoder_encode(const xd_encoder *encoder, xd_context *context, float *mean, float *log_variance,
                            const float *pictures, uint32_t count) {
  const xd_status status = check_call(encoder, context, mean, pictures, count);
  return status == XD_OK ? encode(encoder, context, mean, log_variance, pictures, count) : status;
}

/* z = mean + exp(log_variance / 2) * epsilon, in place of the mean. */
static void add_noise(float *codes, const float *log_variance, uint32_t count, uint32_t latent_dim,
                      uint64_t seed) {
  float epsilon[XDI_LATENT_MAX];
  for (uint32_t i = 0; i < count; i++, codes += latent_dim, log_variance += latent_dim) {
    xdi_random_normals(epsilon, latent_dim, seed, xdi_stream_id(XDI_STREAM_POSTERIOR, 0),
                       (uint64_t)i * latent_dim);
    for (uint32_t j = 0; j < latent_dim; j++)
      codes[j] += expf(0.5f * log_variance[j]) * epsilon[j];
  }
}

xd_status xd_encoder_sample(const xd_encoder *encoder, xd_context *context, float *codes,
                            const float *pictures, uint32_t count, uint64_t seed) {
  xd_status status = check_call(encoder, context, codes, pictures, count);
  if (status != XD_OK || count == 0)
    return status;
  const uint32_t latent_dim = xd_encoder_latent_dim(encoder);
  float *log_variance = NULL;
  size_t cells;
  if (xdi_multiply(count, latent_dim, &cells))
    log_variance = xdi_allocate(&context->allocator, cells, sizeof *log_variance);
  if (!log_variance)
    return xdi_fail_memory(context, "sampling codes");
  status = encode(encoder, context, codes, log_variance, pictures, count);
  if (status == XD_OK)
    add_noise(codes, log_variance, count, latent_dim, seed);
  xdi_release(&context->allocator, log_variance);
  return status;
}
