/* libxdomain, unstable: one optimiser step of a VAE.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. What is
 * minimised is the method's, which grows.
 *
 * Minimised is the mean over a batch's pictures x, each with one sample z of its posterior
 * q(z|x) and the reconstruction x_hat that the decoder makes of z:
 *
 *   L = lambda1 |x - x_hat|^2 - lambda2 (log p(x|z) - kl_weight KL(q(z|x) || N(0, I)))
 *
 * where log p(x|z) is -|x - x_hat|^2 / (2 sigma_x^2), up to a constant, or Bernoulli's
 * sum x log x_hat + (1 - x) log(1 - x_hat). The option sigma_x 0 has it solved for: its square is
 * the moving mean of a pixel's squared error. With kl_weight 1 the bracket is the ELBO,
 *
 *   ELBO = log p(x|z) - KL(q(z|x) || N(0, I))
 *
 * The numbers are options of group "vae" (options.h). A trainer belongs to its context's thread;
 * after the first step it takes no memory. The same seed gives the same weights, byte for byte,
 * on the same backend and processor type at any number of threads. xd_train_vae (train.h) runs a
 * whole schedule. */
#ifndef XDOMAIN_UNSTABLE_VAE_TRAINER_H
#define XDOMAIN_UNSTABLE_VAE_TRAINER_H

#include "../dataset.h"
#include "../decoder.h"
#include "../encoder.h"
#include "../options.h"
#include "../values.h"

XD_BEGIN_DECLS

/* An encoder and its decoder in training. */
typedef struct xd_vae_trainer xd_vae_trainer;

/* Makes a trainer; the caller destroys it. It starts from the weights of `encoder` and
 * `decoder`, which stay as they are; where one is NULL, from what xd_encoder_create or
 * xd_decoder_create makes of the options. Options: group "vae"; NULL means the defaults. Epochs,
 * learning rates, augmentation and sharpening are those of schedules and not read here.
 * XD_ERROR_INVALID_ARGUMENT: out or context is NULL, options of another group, or width, height
 * or channels are 0 where a network has to be made. XD_ERROR_SHAPE_MISMATCH: encoder and decoder
 * do not fit together. XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_vae_trainer_create(xd_vae_trainer **out, xd_context *context,
                                       const xd_encoder *encoder, const xd_decoder *decoder,
                                       const xd_options *options);

/* NULL is legal. */
XD_API void xd_vae_trainer_destroy(xd_vae_trainer *trainer);

/* Makes one Adam step at a learning rate, 0 or more, on pictures[count][height][width][channels]
 * in 0..1, count from 1 to the option batch. What is to be reconstructed are the targets, laid
 * out as the pictures: an encoder learns to overlook what pictures have and targets have not.
 * NULL targets are the pictures. Where the encoder begins with a window, the target is what the
 * window makes of it. The losses, where not NULL, are means over the pictures (with the option
 * window_weight, of weighted errors):
 *   total           L
 *   pixel_cost      |x - x_hat|^2
 *   log_likelihood  log p(x|z), without its constant
 *   kl              KL(q(z|x) || N(0, I))
 *   elbo            ELBO
 *   sigma_x         that of the step
 * and, in schedules that sharpen,
 *   critic          the loss of the critic of patches, 0 before it has begun
 * On failure they are empty. XD_ERROR_INVALID_ARGUMENT; XD_ERROR_BAD_DATA: a pixel is not
 * finite; XD_ERROR_NUMERIC: the loss is not finite (nothing was updated); XD_ERROR_CANCELLED. */
XD_API xd_status xd_vae_trainer_step(xd_vae_trainer *trainer, xd_values *losses,
                                     const float *pictures, const float *targets, uint32_t count,
                                     float learning_rate);

/* Gives the networks as they are now, frozen, with the option averaging the average of their
 * weights over the last steps. Their codes are standardised over `set` unless the option
 * raw_codes says otherwise (then `set` may be NULL): over the set's pictures, each
 * dimension of the aggregate posterior gets mean 0 and deviation 1. The trainer can go on
 * afterwards. The caller owns both; on failure both are NULL. XD_ERROR_SHAPE_MISMATCH: the set's
 * pictures do not fit; XD_ERROR_UNSUPPORTED: the encoder does not end, or the decoder not begin,
 * in a dense layer; XD_ERROR_NUMERIC: a weight or a deviation is not finite, or a deviation is
 * 0; XD_ERROR_CANCELLED. */
XD_API xd_status xd_vae_trainer_finish(xd_vae_trainer *trainer, xd_encoder **encoder,
                                       xd_decoder **decoder, const xd_dataset *set);

XD_END_DECLS

#endif
