/* libxdomain: the latent generator G, (noise, code of one domain) -> code of the other.
 *
 * z2' = G1(epsilon, z1), epsilon ~ N(0, I) of domain 2's latent size (arXiv 1805.10130,
 * section 3.2). A multi-layer perceptron on [epsilon, z1].
 *
 * Handles are reference-counted; see network.h for sharing and freezing. */
#ifndef XDOMAIN_LATENT_GENERATOR_H
#define XDOMAIN_LATENT_GENERATOR_H

#include "network.h"

XD_BEGIN_DECLS

typedef struct xd_latent_generator xd_latent_generator;

typedef struct xd_latent_generator_options {
  /* sizeof(xd_latent_generator_options) */
  size_t struct_size;
  /* latent size of the domain that is left [32] */
  uint32_t source_dim;
  /* latent size of the domain that is entered, and of the noise [32] */
  uint32_t target_dim;
  /* [256] */
  uint32_t hidden_width;
  /* 1..8 [3] */
  uint32_t hidden_layers;
  /* after each hidden layer while training, in millionths [0] */
  uint32_t dropout_millionths;
  uint32_t layer_count;
  /* instead of the three above; from target_dim + source_dim to target_dim, no activation at the
   * end [NULL] */
  const xd_layer_spec *layers;
  /* 1: G ends in a linear map of [epsilon, z1] besides, which starts as epsilon, while the last
   * dense layer's weights start at a tenth. Not read where `layers` are given [0] */
  uint32_t linear_skip;
  /* 0 */
  uint32_t reserved;
} xd_latent_generator_options;

#define XD_LATENT_GENERATOR_OPTIONS_INIT \
  { sizeof(xd_latent_generator_options), 32, 32, 256, 3, 0, 0, NULL, 0, 0 }
XD_API void xd_latent_generator_options_init(xd_latent_generator_options *options,
                                             size_t struct_size);

/* As xd_encoder_create. */
XD_API xd_status xd_latent_generator_create(xd_latent_generator **out, xd_context *context,
                                            const xd_latent_generator_options *options,
                                            uint64_t seed);
XD_API xd_latent_generator *xd_latent_generator_retain(const xd_latent_generator *generator);
/* NULL is legal. */
XD_API void xd_latent_generator_release(const xd_latent_generator *generator);

XD_API void xd_latent_generator_freeze(xd_latent_generator *generator);
/* Borrowed. */
XD_API const xd_network *xd_latent_generator_network(const xd_latent_generator *generator);
/* NULL once frozen. */
XD_API xd_network *xd_latent_generator_network_mutable(xd_latent_generator *generator);
XD_API uint32_t xd_latent_generator_source_dim(const xd_latent_generator *generator);
XD_API uint32_t xd_latent_generator_target_dim(const xd_latent_generator *generator);

/* out[count][target_dim] = G(noise[count][target_dim], codes[count][source_dim]). XD_ERROR_NUMERIC
 * for a code or noise that is not finite. */
XD_API xd_status xd_latent_generator_generate(const xd_latent_generator *generator,
                                              xd_context *context, float *out, const float *noise,
                                              const float *codes, uint32_t count);

/* The noise that a translator uses for pictures first .. first+count-1:
 * to[count][latent_dim] = temperature * N(0, 1), drawn from (seed, picture). Needs no context. */
XD_API void xd_latent_noise(float *to, uint32_t count, uint32_t latent_dim, uint64_t seed,
                            uint64_t first, float temperature);

XD_END_DECLS

#endif
