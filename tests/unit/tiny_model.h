/* A small model whose every weight follows from a formula, so that files of it have known bytes:
 * domain 1 has pictures of 8x8x1 and 2 latent dimensions, domain 2 of 10x9x3 and 3. */
#ifndef XD_TESTS_TINY_MODEL_H
#define XD_TESTS_TINY_MODEL_H

#include "option_support.h"

#include <stdbool.h>

/* Weight i of the n-th network: a short dyadic fraction, exact in f16. */
static inline float tiny_weight(size_t network, size_t index) {
  return (float)((int)((index * 37 + network * 11) % 65) - 32) / 64.0f;
}

static inline void tiny_fill(xd_context *context, xd_network *network, size_t number) {
  size_t index = 0;
  for (uint32_t p = 0; p < xd_network_tensor_count(network); p++) {
    xd_tensor parameter = XD_TENSOR_INIT;
    assert_ok(context, xd_network_tensor(network, p, &parameter));
    float *values = malloc(parameter.count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (size_t i = 0; i < parameter.count; i++)
      values[i] = tiny_weight(number, index++);
    assert_ok(context, xd_network_set(network, context, parameter.name, values, parameter.count));
    free(values);
  }
}

/* Options of the group "vae" for a domain. */
static inline const char *tiny_vae(int domain) {
  return domain == 1 ? "width=8 height=8 channels=1 latent_dim=2 base_channels=2 depth=1 hidden1=5"
                     : "width=9 height=10 channels=3 latent_dim=3 base_channels=2 depth=1 hidden1=5";
}

/* The model; the caller releases it. `mapping` false: VAEs alone. */
static inline xd_model *tiny_model_with(xd_context *context, bool mapping, uint32_t linear_skip) {
  static const char *const names1[] = {"zero", "one"};
  static const char *const properties[] = {"library.version", "test", "train.seed", "7"};
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = NULL;
  for (int d = 0; d < 2; d++) {
    static const char *const generating[] = {"source_dim=2 target_dim=3", "source_dim=3 target_dim=2"};
    static const char *const discriminating[] = {"target_dim=2", "target_dim=3"};
    char vae[160], text[160];
    snprintf(vae, sizeof vae, "%s linear_skip=%u", tiny_vae(d + 1), linear_skip);
    size_t number = 10 * (size_t)d;
    xd_encoder *encoder = make_encoder(context, vae);
    xd_decoder *decoder = make_decoder(context, vae);
    tiny_fill(context, xd_encoder_network_mutable(encoder), number + 1);
    tiny_fill(context, xd_decoder_network_mutable(decoder), number + 2);
    parts.encoder[d] = encoder;
    parts.decoder[d] = decoder;
    if (!mapping)
      continue;
    snprintf(text, sizeof text, "%s hidden_width=4 hidden_layers=1 linear_skip=%u", generating[d],
             linear_skip);
    xd_latent_generator *generator = make_generator(context, text);
    snprintf(text, sizeof text, "%s hidden_width=4 hidden_layers=1", discriminating[d]);
    xd_pair_discriminator *discriminator = make_discriminator(context, text);
    tiny_fill(context, xd_latent_generator_network_mutable(generator), number + 3);
    tiny_fill(context, xd_pair_discriminator_network_mutable(discriminator), number + 4);
    parts.generator[d] = generator;
    parts.discriminator[d] = discriminator;
  }
  parts.name[0] = "digits";
  parts.class_names[0] = names1;
  parts.class_count[0] = 2;
  parts.pairing = mapping ? "0:5,1:6" : NULL;
  parts.properties = properties;
  parts.property_count = 2;
  assert_ok(context, xd_model_create(&model, context, &parts));
  for (int d = 0; d < 2; d++) {
    xd_encoder_release(parts.encoder[d]);
    xd_decoder_release(parts.decoder[d]);
    xd_latent_generator_release(parts.generator[d]);
    xd_pair_discriminator_release(parts.discriminator[d]);
  }
  return model;
}

static inline xd_model *tiny_model(xd_context *context, bool mapping) {
  return tiny_model_with(context, mapping, 0);
}

/* A file is refused, by loading it as a model and by verifying it. */
static inline void assert_file_refused(xd_context *context, const void *data, size_t size, xd_status expected,
                                       const char *word) {
  xd_model *model = (xd_model *)&context;
  ck_assert_int_ne(xd_file_verify_source(context, in_memory(data, size)), XD_OK);
  assert_status(xd_model_load_source(&model, context, in_memory(data, size)), expected);
  ck_assert_ptr_null(model);
  assert_message_names(context, word);
}

#endif
