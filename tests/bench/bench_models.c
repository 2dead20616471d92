/* The models that the bench and its peers work on: random weights, by the same seeds each time. The peers read them as
 * safetensors or ONNX, which the tool writes of them; so networks are described here alone. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECIPE_LATENT = 32, RESIDUAL_LATENT = 128, HIDDEN = 512, GROUPS = 8, LAYERS = 64 };

/* The recipe, whatever the defaults are. */
#define RECIPE \
  "latent_dim = 32\nbase_channels = 32\nmax_channels = 128\nhidden_count = 1\nhidden1 = 256\nsmooth_start = 0\n"

xd_options *make_options(xd_context *context, const char *group, const char *text) {
  xd_options *options = NULL;
  must(context, xd_options_create(&options, context, group), group);
  must(context, xd_options_read(options, context, text), text);
  return options;
}

/* ---- A residual VAE: what halves or doubles, then a block, for each of three sizes ---- */

static xd_network_layers collect(xd_layer_spec *layers, xd_shape input) {
  xd_network_layers network = XD_NETWORK_LAYERS_INIT;
  network.layers = layers, network.input = input;
  return network;
}

static void add(xd_network_layers *to, xd_layer_spec layer) {
  if (to->layer_count < LAYERS)
    ((xd_layer_spec *)to->layers)[to->layer_count++] = layer;
}

static void add_norm(xd_network_layers *to, uint32_t activation) {
  add(to, (xd_layer_spec){XD_TAG('G', 'N', 'R', 'M'), {GROUPS, activation}});
}

static void add_dense(xd_network_layers *to, uint32_t side, uint32_t channels, uint32_t activation) {
  add(to, (xd_layer_spec){XD_TAG('D', 'N', 'S', 'E'), {side, side, channels, activation}});
}

static void add_block(xd_network_layers *to, uint32_t channels) {
  const xd_layer_spec convolution = {XD_TAG('C', 'N', 'V', '2'), {channels, 3, 1, 1, XD_ACTIVATION_IDENTITY}};
  add(to, convolution);
  add_norm(to, XD_ACTIVATION_RELU);
  add(to, convolution);
  add_norm(to, XD_ACTIVATION_IDENTITY);
  add(to, (xd_layer_spec){XD_TAG('R', 'A', 'D', 'D'), {5, XD_ACTIVATION_RELU}});
}

static void make_residual(xd_context *context, xd_encoder **encoder, xd_decoder **decoder, uint32_t side,
                          uint32_t channels, uint64_t seed) {
  xd_layer_spec layers[2][LAYERS];
  xd_network_layers down = collect(layers[0], (xd_shape){side, side, channels});
  xd_network_layers up = collect(layers[1], (xd_shape){1, 1, RESIDUAL_LATENT});
  for (uint32_t width = 32; width <= 128; width *= 2) {
    add(&down, (xd_layer_spec){XD_TAG('C', 'N', 'V', '2'), {width, 4, 2, 1, XD_ACTIVATION_RELU}});
    add_block(&down, width);
  }
  add_dense(&down, 1, HIDDEN, XD_ACTIVATION_RELU);
  add_dense(&down, 1, 2 * RESIDUAL_LATENT, XD_ACTIVATION_IDENTITY);
  add_dense(&up, 1, HIDDEN, XD_ACTIVATION_RELU);
  add_dense(&up, side / 8, 128, XD_ACTIVATION_RELU);
  for (uint32_t width = 128, to = side / 4; width >= 32; width /= 2, to *= 2) {
    const uint32_t out = width > 32 ? width / 2 : channels;
    add_block(&up, width);
    add(&up, (xd_layer_spec){XD_TAG('U', 'P', 'C', '3'),
                             {out, width > 32 ? XD_ACTIVATION_RELU : XD_ACTIVATION_SIGMOID, to, to}});
  }
  down.seed = seed, up.seed = seed + 1;
  must(context, xd_encoder_create_layers(encoder, context, &down), "encoder");
  must(context, xd_decoder_create_layers(decoder, context, &up), "decoder");
}

/* ---- Models ---- */

static void make_vae(xd_context *context, xd_encoder **encoder, xd_decoder **decoder, const char *kind,
                     uint32_t side, uint32_t channels, uint64_t seed) {
  char text[sizeof RECIPE + 120];
  if (strcmp(kind, "residual") == 0) {
    make_residual(context, encoder, decoder, side, channels, seed);
    return;
  }
  snprintf(text, sizeof text, "%swidth=%u\nheight=%u\nchannels=%u\nseed=%u",
           strcmp(kind, "recipe") ? "" : RECIPE, side, side, channels, (unsigned)seed);
  xd_options *options = make_options(context, "vae", text);
  must(context, xd_encoder_create(encoder, context, options), "encoder");
  must(context, xd_decoder_create(decoder, context, options), "decoder");
  xd_options_destroy(options);
}

void save_model(xd_context *context, const char *path, const char *kind, uint32_t side, uint32_t channels) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = NULL;
  char text[120];
  for (uint32_t i = 0; i < 2; i++) {
    xd_encoder *encoder;
    xd_decoder *decoder;
    xd_latent_generator *generator;
    xd_pair_discriminator *discriminator;
    make_vae(context, &encoder, &decoder, kind, side, channels, 10 + 10 * i);
    const uint32_t latent = xd_encoder_latent_dim(encoder);
    snprintf(text, sizeof text, "source_dim=%u target_dim=%u seed=%u", latent, latent, 30 + i);
    xd_options *mapping = make_options(context, "mapping", text);
    must(context, xd_latent_generator_create(&generator, context, mapping), "generator");
    must(context, xd_pair_discriminator_create(&discriminator, context, mapping), "discriminator");
    xd_options_destroy(mapping);
    parts.encoder[i] = encoder, parts.decoder[i] = decoder;
    parts.generator[i] = generator, parts.discriminator[i] = discriminator;
  }
  must(context, xd_model_create(&model, context, &parts), "model");
  must(context, xd_model_save(model, context, path, NULL), path);
  xd_model_release(model);
  for (int i = 0; i < 2; i++) {
    xd_encoder_release(parts.encoder[i]);
    xd_decoder_release(parts.decoder[i]);
    xd_latent_generator_release(parts.generator[i]);
    xd_pair_discriminator_release(parts.discriminator[i]);
  }
}
