/* libxdomain, unstable: one step of a latent generator G and its pair
 * discriminator D, on codes alone.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. What is
 * minimised is the method's, which grows.
 *
 * With epsilon and noise from N(0, I), c a real code of the paired class (or the scaled mean of
 * some) and G = G(epsilon, source), D is moved to lower L_D, then G to lower L_G (arXiv
 * 1805.10130, section 3.2, and docs/method.md):
 *
 *   L_D = softplus(-D(c, positive)) + softplus(D(c, G)) + softplus(D(c, noise))
 *         + mismatch softplus(D(c, mismatched))
 *   L_G = softplus(-D(c, G)) + lambda / n |epsilon - G|^2
 *         + generated_mismatch softplus(D(wrong_anchor, G))
 *         + (1 - style) invariance / n |G - G(epsilon, twin)|^2
 *         + style / k |G style_reader - wanted|^2
 *
 * n is the target's latent size, k style_dim, wanted the batch's style. The numbers are options
 * of group "mapping" (options.h). A trainer belongs to its context's thread; after the first step
 * it takes no memory. The same seed gives the same weights, byte for byte, on the same backend and
 * processor type at any number of threads. */
#ifndef XDOMAIN_UNSTABLE_MAPPING_TRAINER_H
#define XDOMAIN_UNSTABLE_MAPPING_TRAINER_H

#include "../latent_generator.h"
#include "../options.h"
#include "../pair_discriminator.h"
#include "../values.h"

XD_BEGIN_DECLS

/* One step's codes, row i of each array belonging together; all borrowed during the call. */
typedef struct xd_mapping_batch {
  /* sizeof(xd_mapping_batch). */
  size_t struct_size;
  /* [count][source_dim], codes of the domain that is left. */
  const float *source;
  /* [count][source_dim], further codes of the source's class; may be NULL where the options give
   * invariance no weight, or style 1. No gradient flows through what G makes of them. */
  const float *twin;
  /* [count][target_dim], real codes of the paired class, or scaled means of some. */
  const float *anchor;
  /* [count][target_dim], further codes of that class; not read, and may be NULL, with the option
   * same_code_positive. */
  const float *positive;
  /* [count][target_dim], real codes of another target class; may be NULL where the options give
   * mismatches no weight. */
  const float *mismatched;
  /* [count][target_dim], anchors of another target class, for the option generated_mismatch;
   * NULL: `mismatched`. */
  const float *wrong_anchor;
  /* Rows, from 1 to the option batch, which the option parts divides. */
  uint32_t count;
  /* Numbers of a style, at most target_dim; 0: this step asks for none. */
  uint32_t style_dim;
  /* [target_dim][style_dim], which reads a style from a code, and [count][style_dim], what is to be
   * read from G. Like style_dim not read, and may be NULL, where the option style is 0. */
  const float *style_reader;
  const float *style;
} xd_mapping_batch;

#define XD_MAPPING_BATCH_INIT \
  { sizeof(xd_mapping_batch), NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_mapping_batch_init(xd_mapping_batch *batch, size_t struct_size);

/* A latent generator in training, against its discriminator. */
typedef struct xd_mapping_trainer xd_mapping_trainer;

/* Makes a trainer; the caller destroys it. It starts from the weights of `generator` and
 * `discriminator`, which stay as they are; where one is NULL, from what
 * xd_latent_generator_create or xd_pair_discriminator_create makes of the options. Options:
 * group "mapping"; NULL means the defaults. The latent sizes are those of a given network where
 * the options source_dim and target_dim are 0. What draws the codes (mixing, anchor_codes,
 * codes_per_picture, augment, augment_elastic, augment_colour, augment_blur) and the learning rates
 * are those of schedules and not read here; steps (ten times steps_per_pair where it is 0) is where
 * the tie to the noise has fallen.
 * XD_ERROR_INVALID_ARGUMENT: out or context is NULL, options of another group, a latent size that
 * nothing gives, or anchor_codes above 1 beside same_code_positive. XD_ERROR_SHAPE_MISMATCH:
 * networks or sizes that do not fit together. XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_mapping_trainer_create(xd_mapping_trainer **out, xd_context *context,
                                           const xd_latent_generator *generator,
                                           const xd_pair_discriminator *discriminator,
                                           const xd_options *options);

/* NULL is legal. */
XD_API void xd_mapping_trainer_destroy(xd_mapping_trainer *trainer);

/* Updates the discriminator once, then the generator, at a learning rate, 0 or more; noise is
 * drawn from the option seed. The losses, where not NULL, are means over the batch:
 *   discriminator, generator  L_D and L_G
 *   real, generated, noise, mismatched  the terms of L_D, unweighted
 *   adversarial, regularisation  of L_G: softplus(-D), and the mean of (epsilon - G)^2
 *   invariance                   of L_G: the mean of (G - G(epsilon, twin))^2
 *   invariance_weight            of L_G: its weight, which invariance_target adapts
 *   style                        of L_G: the mean of (G style_reader - wanted)^2
 * On failure they are empty. XD_ERROR_INVALID_ARGUMENT; XD_ERROR_NUMERIC: a code or a loss is
 * not finite (of a loss, the step is to be given up); XD_ERROR_CANCELLED. */
XD_API xd_status xd_mapping_trainer_step(xd_mapping_trainer *trainer, xd_values *losses,
                                         const xd_mapping_batch *batch, float learning_rate);

/* Gives the networks as they are now, frozen: the averaged generator, whose noise is scaled by
 * the option noise_scale, and the discriminator with its spectral norms divided out. The trainer
 * can go on afterwards. The caller owns both; either may be NULL; on failure both are NULL.
 * XD_ERROR_NUMERIC: a weight is not finite. */
XD_API xd_status xd_mapping_trainer_finish(xd_mapping_trainer *trainer,
                                           xd_latent_generator **generator,
                                           xd_pair_discriminator **discriminator);

XD_END_DECLS

#endif
