/* libxdomain: the latent generator G, (noise, code of one domain) -> code of the other.
 *
 * z2' = G1(epsilon, z1), epsilon ~ N(0, I) of domain 2's latent size (arXiv 1805.10130,
 * section 3.2). A multi-layer perceptron on [epsilon, z1].
 *
 * Handles are reference-counted; see network.h for sharing and freezing. */
#ifndef XDOMAIN_LATENT_GENERATOR_H
#define XDOMAIN_LATENT_GENERATOR_H

#include "network.h"
#include "options.h"

XD_BEGIN_DECLS

/* The network that maps codes to codes. */
typedef struct xd_latent_generator xd_latent_generator;

/* Makes a generator with initial weights, which the caller owns. Options: group "mapping", of
 * which source_dim and target_dim must be given, and hidden_width, hidden_layers, dropout,
 * linear_skip and seed are read. With linear_skip G ends in a linear map of [epsilon, z1]
 * besides, which starts as epsilon, while the last dense layer's weights start at a tenth. The
 * context is only borrowed. XD_ERROR_INVALID_ARGUMENT names the option or argument;
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_latent_generator_create(xd_latent_generator **out, xd_context *context,
                                            const xd_options *options);

/* The same from layers of one's own, which go from 1 x 1 x (target_dim + source_dim), rows of
 * [noise | code], to target_dim values without an activation. XD_ERROR_SHAPE_MISMATCH: they do not;
 * XD_ERROR_UNSUPPORTED: nobody knows a layer. */
XD_API xd_status xd_latent_generator_create_layers(xd_latent_generator **out, xd_context *context,
                                                   const xd_network_layers *layers);

/* One more owner; returns the generator. Callable from any thread; NULL is legal. */
XD_API xd_latent_generator *xd_latent_generator_retain(const xd_latent_generator *generator);
/* One owner less; NULL is legal. */
XD_API void xd_latent_generator_release(const xd_latent_generator *generator);

/* Makes its parameters immutable for good. NULL is legal. */
XD_API void xd_latent_generator_freeze(xd_latent_generator *generator);
/* Its network, borrowed; NULL of NULL. */
XD_API const xd_network *xd_latent_generator_network(const xd_latent_generator *generator);
/* Its network to be written to, borrowed; NULL once it is frozen, and of NULL. */
XD_API xd_network *xd_latent_generator_network_mutable(xd_latent_generator *generator);

/* The size of the codes that it takes; 0 of NULL. */
XD_API uint32_t xd_latent_generator_source_dim(const xd_latent_generator *generator);

/* The size of the noise that it takes and of the codes that it makes; 0 of NULL. */
XD_API uint32_t xd_latent_generator_target_dim(const xd_latent_generator *generator);

/* out[count][target_dim] = G(noise[count][target_dim], codes[count][source_dim]). XD_ERROR_NUMERIC
 * for a code, a noise or a result that is not finite, XD_ERROR_CANCELLED. */
XD_API xd_status xd_latent_generator_generate(const xd_latent_generator *generator,
                                              xd_context *context, float *out, const float *noise,
                                              const float *codes, uint32_t count);

/* The noise that a translator uses for pictures first .. first+count-1:
 * to[count][latent_dim] = temperature * N(0, 1), drawn from (seed, picture). Needs no context;
 * callable from any thread. Any temperature, which translators hold to 0..4; NULL does nothing. */
XD_API void xd_latent_noise(float *to, uint32_t count, uint32_t latent_dim, uint64_t seed,
                            uint64_t first, float temperature);

/* out[latent_dim], the code at `position`, 0..1, of the way from one code to another, on the great
 * circle, as suits codes that are normal: interpolations that cut the corner are shorter than codes
 * are. With the lengths |a| and |b| of `from` and `towards`, the angle w between them and p the
 * position,
 *   ((1 - p) |a| + p |b|) * (sin((1 - p) w) a / |a| + sin(p w) b / |b|) / sin w
 * so that 0 gives `from` and 1 `towards`. Where there is no one such way, since a code is zero or
 * the sine is below 1e-6 (they point the same way, or opposite ways), it is the straight line
 * (1 - p) a + p b. `out` may be either code. XD_ERROR_INVALID_ARGUMENT (NULL, latent_dim 0, the
 * position); XD_ERROR_NUMERIC for a code or a result that is not finite; XD_ERROR_CANCELLED. */
XD_API xd_status xd_latent_interpolate(xd_context *context, float *out, const float *from,
                                       const float *towards, uint32_t latent_dim, double position);

XD_END_DECLS

#endif
