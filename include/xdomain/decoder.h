/* libxdomain: the decoder g of a variational auto-encoder, code -> picture.
 *
 * Handles are reference-counted; see network.h for sharing and freezing. */
#ifndef XDOMAIN_DECODER_H
#define XDOMAIN_DECODER_H

#include "network.h"
#include "options.h"

XD_BEGIN_DECLS

/* A VAE's second half. */
typedef struct xd_decoder xd_decoder;

/* Makes a decoder with initial weights, the mirror image of the encoder of the same options; it
 * goes from codes to pictures and ends in a sigmoid. Otherwise as xd_encoder_create. */
XD_API xd_status xd_decoder_create(xd_decoder **out, xd_context *context,
                                   const xd_options *options);

/* The same from layers of one's own, which go from a code (1 x 1 x latent_dim, 1 to 1024) to a
 * picture (sides 8 to 256, 1 or 3 channels) through a sigmoid. Otherwise as
 * xd_encoder_create_layers. */
XD_API xd_status xd_decoder_create_layers(xd_decoder **out, xd_context *context,
                                          const xd_network_layers *layers);

/* One more owner; returns the decoder. Callable from any thread; NULL is legal. */
XD_API xd_decoder *xd_decoder_retain(const xd_decoder *decoder);
/* One owner less; NULL is legal. */
XD_API void xd_decoder_release(const xd_decoder *decoder);

/* Makes its parameters immutable for good. NULL is legal. */
XD_API void xd_decoder_freeze(xd_decoder *decoder);
/* Its network, borrowed; NULL of NULL. */
XD_API const xd_network *xd_decoder_network(const xd_decoder *decoder);
/* Its network to be written to, borrowed; NULL once it is frozen, and of NULL. */
XD_API xd_network *xd_decoder_network_mutable(xd_decoder *decoder);

/* The size of the codes that it takes; 0 of NULL. */
XD_API uint32_t xd_decoder_latent_dim(const xd_decoder *decoder);

/* pictures[count][height][width][channels] in 0..1 of codes[count][latent_dim]. XD_ERROR_NUMERIC
 * for a code or a result that is not finite, XD_ERROR_CANCELLED. */
XD_API xd_status xd_decoder_decode(const xd_decoder *decoder, xd_context *context, float *pictures,
                                   const float *codes, uint32_t count);

XD_END_DECLS

#endif
