/* libxdomain: the pair discriminator D, (real code, judged code) -> logit.
 *
 * D2's first argument is a real code of the paired class in domain 2, the second is
 * the one judged: real, generated or noise (arXiv 1805.10130, section 3.2). A
 * multi-layer perceptron on [anchor, judged]; sigmoid(logit) is the probability
 * that the pair is real. Inference never needs it; it is kept so that a mapping can
 * be judged and trained further.
 *
 * Handles are reference-counted; see network.h for sharing and freezing. */
#ifndef XDOMAIN_PAIR_DISCRIMINATOR_H
#define XDOMAIN_PAIR_DISCRIMINATOR_H

#include "network.h"
#include "options.h"

XD_BEGIN_DECLS

/* The network that judges pairs of a code and a condition. */
typedef struct xd_pair_discriminator xd_pair_discriminator;

/* Makes a discriminator with initial weights, which the caller owns. Options: group "mapping",
 * of which target_dim, the size of both its codes, must be given, and hidden_width,
 * hidden_layers and seed are read; its hidden layers are leaky ReLUs. The context is only
 * borrowed. XD_ERROR_INVALID_ARGUMENT names the option or argument; XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_pair_discriminator_create(xd_pair_discriminator **out, xd_context *context,
                                              const xd_options *options);

/* The same from layers of one's own, which go from 1 x 1 x (2 * latent_dim), rows of
 * [anchor | judged], to one value without an activation. XD_ERROR_SHAPE_MISMATCH: they do not;
 * XD_ERROR_UNSUPPORTED: nobody knows a layer. */
XD_API xd_status xd_pair_discriminator_create_layers(xd_pair_discriminator **out,
                                                     xd_context *context,
                                                     const xd_network_layers *layers);

/* One more owner; returns the discriminator. Callable from any thread; NULL is legal. */
XD_API xd_pair_discriminator *
xd_pair_discriminator_retain(const xd_pair_discriminator *discriminator);
/* One owner less; NULL is legal. */
XD_API void xd_pair_discriminator_release(const xd_pair_discriminator *discriminator);

/* Makes its parameters immutable for good. NULL is legal. */
XD_API void xd_pair_discriminator_freeze(xd_pair_discriminator *discriminator);

/* Its network, borrowed; NULL of NULL. */
XD_API const xd_network *xd_pair_discriminator_network(const xd_pair_discriminator *discriminator);

/* Its network to be written to, borrowed; NULL once it is frozen, and of NULL. */
XD_API xd_network *xd_pair_discriminator_network_mutable(xd_pair_discriminator *discriminator);

/* The size of both codes of a pair; 0 of NULL. */
XD_API uint32_t xd_pair_discriminator_latent_dim(const xd_pair_discriminator *discriminator);

/* logits[count] of the pairs (anchor[i], judged[i]), both [count][latent_dim]. XD_ERROR_NUMERIC
 * for a code or a result that is not finite, XD_ERROR_CANCELLED. */
XD_API xd_status xd_pair_discriminator_score(const xd_pair_discriminator *discriminator,
                                             xd_context *context, float *logits,
                                             const float *anchor, const float *judged,
                                             uint32_t count);

XD_END_DECLS

#endif
