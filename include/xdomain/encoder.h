/* libxdomain: the encoder f of a variational auto-encoder, picture -> posterior.
 *
 * q(z|x) = N(mean, exp(log_variance)), diagonal. The codes of a trained encoder are
 * standardised: over the training pictures each dimension has mean 0 and variance 1
 * (folded into the last dense layer when training ends).
 *
 * Handles are reference-counted; see network.h for sharing and freezing. */
#ifndef XDOMAIN_ENCODER_H
#define XDOMAIN_ENCODER_H

#include "network.h"
#include "options.h"

XD_BEGIN_DECLS

/* A VAE's first half. */
typedef struct xd_encoder xd_encoder;

/* Makes an encoder with initial weights, which the caller owns. Options: group "vae", of which
 * width, height and channels must be given and the architecture's numbers, latent_dim and seed
 * are read. The network goes from pictures to 2 * latent_dim values, [mean | log variance]. The
 * context is only borrowed. XD_ERROR_INVALID_ARGUMENT names the option or argument;
 * XD_ERROR_TOO_LARGE; XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_encoder_create(xd_encoder **out, xd_context *context,
                                   const xd_options *options);

/* The same from layers of one's own, which go from a picture (sides 8 to 256, 1 or 3 channels)
 * to 2 * latent_dim values (latent_dim 1 to 1024) without an activation.
 * XD_ERROR_SHAPE_MISMATCH: they do not; XD_ERROR_UNSUPPORTED: nobody knows a layer. */
XD_API xd_status xd_encoder_create_layers(xd_encoder **out, xd_context *context,
                                          const xd_network_layers *layers);

/* One more owner; returns the encoder. Callable from any thread; NULL is legal. */
XD_API xd_encoder *xd_encoder_retain(const xd_encoder *encoder);
/* One owner less; NULL is legal. */
XD_API void xd_encoder_release(const xd_encoder *encoder);

/* Makes its parameters immutable for good. NULL is legal. */
XD_API void xd_encoder_freeze(xd_encoder *encoder);
/* Its network, borrowed; NULL of NULL. */
XD_API const xd_network *xd_encoder_network(const xd_encoder *encoder);
/* Its network to be written to, borrowed; NULL once it is frozen, and of NULL. */
XD_API xd_network *xd_encoder_network_mutable(xd_encoder *encoder);

/* The size of the codes that it makes; 0 of NULL. */
XD_API uint32_t xd_encoder_latent_dim(const xd_encoder *encoder);

/* mean[count][latent_dim] and, where not NULL, log_variance[count][latent_dim] of
 * pictures[count][height][width][channels] in 0..1. XD_ERROR_BAD_DATA for pixels that are not
 * finite, XD_ERROR_NUMERIC where a result is not, XD_ERROR_CANCELLED. This and the other one-call
 * functions prepare the network anew each time: for many small calls use a translator. */
XD_API xd_status xd_encoder_encode(const xd_encoder *encoder, xd_context *context, float *mean,
                                   float *log_variance, const float *pictures, uint32_t count);

/* codes[count][latent_dim]: one sample of each picture's posterior, picture i drawn from (seed, i).
 * Errors as of xd_encoder_encode. */
XD_API xd_status xd_encoder_sample(const xd_encoder *encoder, xd_context *context, float *codes,
                                   const float *pictures, uint32_t count, uint64_t seed);

XD_END_DECLS

#endif
