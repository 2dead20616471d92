/* libxdomain: the pair discriminator D, (real code, judged code) -> logit.
 *
 * D2's first argument is a real code of the paired class in domain 2, the second is
 * the one judged: real, generated or noise (arXiv 1805.10130, section 3.2). A
 * multi-layer perceptron on [condition, judged]; sigmoid(logit) is the probability
 * that the pair is real. Inference never needs it; it is kept so that a mapping can
 * be judged and trained further.
 *
 * Handles are reference-counted; see network.h for sharing and freezing. */
#ifndef XDOMAIN_PAIR_DISCRIMINATOR_H
#define XDOMAIN_PAIR_DISCRIMINATOR_H

#include "network.h"

XD_BEGIN_DECLS

typedef struct xd_pair_discriminator xd_pair_discriminator;

typedef struct xd_pair_discriminator_options {
  /* sizeof(xd_pair_discriminator_options) */
  size_t struct_size;
  /* of both arguments [32] */
  uint32_t latent_dim;
  /* [256] */
  uint32_t hidden_width;
  /* 1..8, leaky ReLU [3] */
  uint32_t hidden_layers;
  /* after each hidden layer while training [0] */
  uint32_t dropout_millionths;
  /* instead of the three above; from 2 * latent_dim to 1, no activation at the end [NULL] */
  const xd_layer_spec *layers;
  uint32_t layer_count;
  /* 0 */
  uint32_t reserved;
} xd_pair_discriminator_options;

#define XD_PAIR_DISCRIMINATOR_OPTIONS_INIT \
  { sizeof(xd_pair_discriminator_options), 32, 256, 3, 0, NULL, 0, 0 }
XD_API void xd_pair_discriminator_options_init(xd_pair_discriminator_options *options,
                                               size_t struct_size);

/* As xd_encoder_create. */
XD_API xd_status xd_pair_discriminator_create(xd_pair_discriminator **out, xd_context *context,
                                              const xd_pair_discriminator_options *options,
                                              uint64_t seed);
XD_API xd_pair_discriminator *
xd_pair_discriminator_retain(const xd_pair_discriminator *discriminator);
/* NULL is legal. */
XD_API void xd_pair_discriminator_release(const xd_pair_discriminator *discriminator);

XD_API void xd_pair_discriminator_freeze(xd_pair_discriminator *discriminator);
XD_API const xd_network *xd_pair_discriminator_network(const xd_pair_discriminator *discriminator);
XD_API xd_network *xd_pair_discriminator_network_mutable(xd_pair_discriminator *discriminator);
XD_API uint32_t xd_pair_discriminator_latent_dim(const xd_pair_discriminator *discriminator);

/* logits[count] of the pairs (condition[i], judged[i]), both [count][latent_dim]. XD_ERROR_NUMERIC
 * for a code that is not finite. */
XD_API xd_status xd_pair_discriminator_score(const xd_pair_discriminator *discriminator,
                                             xd_context *context, float *logits,
                                             const float *condition, const float *judged,
                                             uint32_t count);

XD_END_DECLS

#endif
