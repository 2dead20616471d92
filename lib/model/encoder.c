/* The encoder's handle: q(z|x) = N(mean, exp(log_variance)) of pictures, and samples of it. An output row
 * of the network is [mean | log variance]. */
#include "model/encoder.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/seeds.h"
#include "model/argument.h"
#include "model/blueprint.h"
#include "model/inference.h"

static xd_status check_network(xd_context *context, const xd_network *network) {
  const uint32_t outputs = xdi_output_size(network);
  const xd_status status = xdi_check_picture(context, "an encoder", network->input);
  if (status != XD_OK)
    return status;
  if (outputs % 2 != 0 || outputs / 2 > XDI_LATENT_MAX ||
      xdi_output_activation(network) != XD_ACTIVATION_IDENTITY)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "an encoder must end in 2 * latent_dim values without an activation, latent_dim 1 to %u, not in %u",
        XDI_LATENT_MAX, outputs);
  return XD_OK;
}

xd_status xdi_encoder_wrap(xd_encoder **out, xd_context *context, xd_network *network) {
  xdi_part *part;
  const xd_status status = xdi_part_wrap(&part, context, network, check_network);
  *out = (xd_encoder *)part;
  return status;
}

/* ---- creation ---- */

xd_status xdi_encoder_build(xd_encoder **out, xd_context *context, const xdi_vae_settings *settings) {
  xdi_part *part;
  xdi_blueprint blueprint = {.input = xdi_picture_of(settings),
                             .seed = xdi_seed_of(settings->seed, XDI_SEED_ENCODER),
                             .initial_gain = settings->initial_gain};
  *out = NULL;
  xd_status status = xdi_check_architecture(context, settings);
  if (status != XD_OK)
    return status;
  xdi_architecture_encoder(settings, &blueprint.layers);
  status = xdi_part_build(&part, context, &blueprint, check_network);
  *out = (xd_encoder *)part;
  return status;
}

xd_status xd_encoder_create(xd_encoder **out, xd_context *context, const xd_options *options) {
  xdi_vae_settings settings;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, "the encoder");
  if (status == XD_OK)
    status = xdi_read_vae(&settings, context, options);
  return status == XD_OK ? xdi_encoder_build(out, context, &settings) : status;
}

xd_status xd_encoder_create_layers(xd_encoder **out, xd_context *context, const xd_network_layers *layers) {
  xdi_part *part;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, "the encoder");
  if (status != XD_OK)
    return status;
  status = xdi_part_build_layers(&part, context, layers, check_network);
  *out = (xd_encoder *)part;
  return status;
}

/* ---- the handle ---- */

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
