/* libxdomain: training, from single steps to the whole schedule.
 *
 * Three levels, each built on the public parts of the one below:
 *   xd_vae_trainer       one optimiser step of one domain's VAE on a batch of pictures
 *   xd_mapping_trainer   one step of a generator and its discriminator on codes
 *   xd_train, xd_map     two datasets (and VAEs) in, a model out
 *
 * The method is arXiv 1805.10130; the recipe and where it leaves the paper's letter are
 * described in docs/method.md. Trainers belong to their context's thread, own the networks
 * they train, and after the first step of a batch size allocate nothing. The same seed gives
 * the same model, byte for byte, on the same backend and processor type at any number of
 * threads. */
#ifndef XDOMAIN_TRAINER_H
#define XDOMAIN_TRAINER_H

#include "dataset.h"
#include "evaluation.h"
#include "judge.h"
#include "model.h"

XD_BEGIN_DECLS

/* ---- One VAE
 * ---------------------------------------------------------------------------------- */

typedef uint32_t xd_likelihood;
enum {
  /* log p(x|z) = -|x - x_hat|^2 / (2 sigma_x^2), up to a constant */
  XD_LIKELIHOOD_GAUSSIAN = 0,
  /* log p(x|z) = sum x log x_hat + (1 - x) log(1 - x_hat) */
  XD_LIKELIHOOD_BERNOULLI = 1
};

/* L = mean over pictures of  lambda1 |x - x_hat|^2 - lambda2 ELBO,
 * ELBO = log p(x|z) - kl_weight KL(q(z|x) || N(0, I)).
 * Behind a field, its range, unless it is 0..1 or a switch, and in brackets its default. What lies
 * outside is XD_ERROR_INVALID_ARGUMENT, and the message names the field. */
typedef struct xd_vae_options {
  size_t struct_size; /* sizeof(xd_vae_options) */
  const xd_vae_architecture *architecture; /* borrowed during the call; NULL: the defaults.
                                              Pictures' shape 0 x 0 x 0 takes the training set's */
  uint32_t likelihood; /* xd_likelihood [Gaussian] */
  float lambda1, lambda2; /* 0..10^6; the paper's own are 1 and 1 [0, 1] */
  float sigma_x; /* 10^-4..10^3 [0.1] */
  float kl_weight; /* 0..10^6 [1] */
  float learning_rate; /* Adam (0.9, 0.999), 0..10 [0.001] */
  float final_rate; /* share of it at the end of the cosine [0.02] */
  uint32_t batch; /* 1..65536 [128] */
  uint32_t epochs; /* 0 only where min_steps is not [12] */
  uint32_t min_steps; /* small sets go on until so many steps [0] */
  float augment; /* strength of random affine maps of the training pictures, 0: none, 1: up to 15
                              degrees, 15% scale and shear, 2 pixels in 28 shift; 0..4 [0] */
  float augment_colour; /* strength of a random gamma, contrast, brightness and gain of each
                           channel, 1: gamma 0.5..2, contrast 0.6..1.6, brightness +-0.2, gains
                           0.8..1.2; the encoder reads such pictures, but is to reconstruct them
                           without, so that codes do not tell the light; 0..4 [0] */
  float augment_blur; /* likewise a Gaussian blur up to that deviation, in pixels of 28; 0..4 [0] */
  uint32_t
      window_weight; /* 1: an architecture's window weights the errors of reconstruction, scaled to
                        a mean weight of 1; without a window it changes nothing [1] */
  uint32_t raw_codes; /* 1: do not standardise the codes at freezing [0] */
  uint32_t reserved; /* 0 */
  uint64_t seed; /* [1] */
} xd_vae_options;

#define XD_VAE_OPTIONS_INIT \
  { \
    sizeof(xd_vae_options), NULL, XD_LIKELIHOOD_GAUSSIAN, 0.0f, 1.0f, 0.1f, 1.0f, 0.001f, 0.02f, \
        128, 12, 0, 0.0f, 0.0f, 0.0f, 1, 0, 0, 1 \
  }
XD_API void xd_vae_options_init(xd_vae_options *options, size_t struct_size);

/* Means over the batch's pictures; with window_weight of weighted errors. */
typedef struct xd_vae_losses {
  double total; /* what is minimised */
  double pixel_cost; /* |x - x_hat|^2 */
  double log_likelihood; /* log p(x|z), without its constant */
  double kl; /* KL(q(z|x) || N(0, I)) */
  double elbo; /* log_likelihood - kl */
} xd_vae_losses;

typedef struct xd_vae_trainer xd_vae_trainer;

XD_API xd_status xd_vae_trainer_create(xd_vae_trainer **out, xd_context *context,
                                       const xd_vae_options *options);
XD_API void xd_vae_trainer_destroy(xd_vae_trainer *trainer); /* NULL is legal */

/* One Adam step at a learning rate on pictures[count][height][width][channels] in 0..1, count at
 * most the options' batch; losses where not NULL. XD_ERROR_NUMERIC: the loss is not finite (nothing
 * was updated); XD_ERROR_BAD_DATA: a pixel is not finite. */
XD_API xd_status xd_vae_trainer_step(xd_vae_trainer *trainer, xd_vae_losses *losses,
                                     const float *pictures, uint32_t count, float learning_rate);

/* The same, but what is to be reconstructed are the targets, laid out as the pictures: an encoder
 * learns to overlook what pictures have and targets have not. NULL targets are the pictures. Where
 * the architecture has a window, the target is in both calls what the window makes of it. */
XD_API xd_status xd_vae_trainer_step_toward(xd_vae_trainer *trainer, xd_vae_losses *losses,
                                            const float *pictures, const float *targets,
                                            uint32_t count, float learning_rate);

/* The frozen networks, their codes standardised over `set` (unless raw_codes). The trainer can go
 * on afterwards. The caller owns both. */
XD_API xd_status xd_vae_trainer_finish(xd_vae_trainer *trainer, xd_encoder **encoder,
                                       xd_decoder **decoder, const xd_dataset *set);

/* ---- One mapping
 * ------------------------------------------------------------------------------ */

/* L_D = softplus(-D(c, positive)) + softplus(D(c, G)) + softplus(D(c, noise))
 *       + mismatch softplus(D(c, mismatched)),    c a real code of the paired class,
 *                                            or the scaled mean of some (condition_codes),
 * L_G = softplus(-D(c, G)) + lambda_reg / n |epsilon - G|^2 + generated_mismatch softplus(D(wrong
 * c, G)). Ranges and defaults as above. */
typedef struct xd_mapping_options {
  size_t struct_size; /* sizeof(xd_mapping_options) */
  uint32_t source_dim, target_dim; /* latent sizes; 0: the model's [0] */
  uint32_t hidden_width; /* of generator and discriminator, 1..8192 [256] */
  uint32_t hidden_layers; /* 1..8 [3] */
  uint32_t dropout_millionths; /* in the generator, 0..999999 [0] */
  uint32_t same_code_positive; /* 1: the real pair is one code twice, as the paper prints it; 0: two
                                  codes of the class [0] */
  float mismatch; /* weight of real codes of a wrong class, 0..1000; 0: none, the paper [1] */
  float generated_mismatch; /* weight of generated codes against a wrong class's condition, 0..1000
                               [0] */
  float lambda_reg; /* 0..10^6; see final_lambda [0.1] */
  uint32_t spectral_norm; /* 1: on all of the discriminator's layers [1] */
  float ema_decay; /* of the generator that is kept, below 1; 0: the last one itself [0.999] */
  float learning_rate; /* Adam (beta1, beta2), both networks; 0..10 [0.001] */
  float final_rate; /* share of it at the end; constant for the first half, then linear [0.02] */
  float beta1, beta2; /* below 1 [0.5, 0.99] */
  uint32_t batch; /* 1..65536 [128] */
  uint32_t steps; /* 1 or more [8000] */
  float mixing; /* share of source codes that are convex mixtures of two of one class [0] */
  uint32_t codes_per_picture; /* posterior samples cached of each picture, 0..1024, alike in both
                                 directions; 0: drawn anew each time [0] */
  float augment, augment_colour,
      augment_blur; /* as in xd_vae_options, of the pictures whose codes the mapping
                                 leaves: codes_per_picture (not 0) changed copies of each are
                       encoded in place of the picture. Codes of the domain it leads to are those of
                       the pictures [0] */
  float noise_scale; /* deviation of the noise that the finished generator draws for N(0, I), folded
                        into its first layer: below 1 it gives up a little variety for accuracy, 1
                        is the training distribution; 0..4 [0.7] */
  uint32_t linear_skip; /* 1: the generator has one, see xd_latent_generator_options [0] */
  uint32_t
      condition_codes; /* K: c is s times the mean of K posterior samples of pictures of one paired
                          class, s = sqrt(n / (mean over classes of |class mean|^2 + n / K)) so that
                          conditions keep unit order; 1: one code, s = 1. Read by xd_train and
                          xd_map, 1..1024; above 1 it excludes same_code_positive [1] */
  float final_lambda; /* share of lambda_reg at the end; all of it for the first half of `steps`,
                         then linear. With 0 the tie to the noise shapes the generator, but does not
                         hold it off the codes' distribution in the end [1] */
  uint64_t seed; /* [1] */
} xd_mapping_options;

#define XD_MAPPING_OPTIONS_INIT \
  { \
    sizeof(xd_mapping_options), 0, 0, 256, 3, 0, 0, 1.0f, 0.0f, 0.1f, 1, 0.999f, 0.001f, 0.02f, \
        0.5f, 0.99f, 128, 8000, 0.0f, 0, 0.0f, 0.0f, 0.0f, 0.7f, 0, 1, 1.0f, 1 \
  }
XD_API void xd_mapping_options_init(xd_mapping_options *options, size_t struct_size);

/* One step's codes, row i of each array belonging together. `mismatched` may be NULL when the
 * options give mismatches no weight. */
typedef struct xd_mapping_batch {
  /* sizeof(xd_mapping_batch) */
  size_t struct_size;
  /* rows, at most the options' batch */
  uint32_t count;
  /* 0 */
  uint32_t reserved;
  /* [count][source_dim] codes of the domain that is left */
  const float *source;
  /* [count][target_dim] real codes of the paired class */
  const float *condition;
  /* [count][target_dim] further codes of that class; ignored with same_code_positive */
  const float *positive;
  /* [count][target_dim] real codes of another target class */
  const float *mismatched;
  /* [count][target_dim] conditions of another target class, for generated_mismatch; NULL:
   * `mismatched` */
  const float *wrong_condition;
} xd_mapping_batch;

#define XD_MAPPING_BATCH_INIT \
  { sizeof(xd_mapping_batch), 0, 0, NULL, NULL, NULL, NULL, NULL }
XD_API void xd_mapping_batch_init(xd_mapping_batch *batch, size_t struct_size);

/* Means over the batch. */
typedef struct xd_mapping_losses {
  double discriminator, generator; /* L_D and L_G */
  double real, generated, noise, mismatched; /* the terms of L_D, unweighted */
  double adversarial, regularisation; /* of L_G: softplus(-D), mean (epsilon - G)^2 */
} xd_mapping_losses;

typedef struct xd_mapping_trainer xd_mapping_trainer;

XD_API xd_status xd_mapping_trainer_create(xd_mapping_trainer **out, xd_context *context,
                                           const xd_mapping_options *options);
XD_API void xd_mapping_trainer_destroy(xd_mapping_trainer *trainer); /* NULL is legal */

/* One update of the discriminator, then one of the generator, at a learning rate; noise is drawn
 * from the options' seed. losses where not NULL. XD_ERROR_NUMERIC: a loss is not finite (the step
 * is to be given up). */
XD_API xd_status xd_mapping_trainer_step(xd_mapping_trainer *trainer, xd_mapping_losses *losses,
                                         const xd_mapping_batch *batch, float learning_rate);

/* The frozen networks: the averaged generator, and the discriminator with its spectral norms folded
 * into the weights. The trainer can go on afterwards. The caller owns both; either may be NULL. */
XD_API xd_status xd_mapping_trainer_finish(xd_mapping_trainer *trainer,
                                           xd_latent_generator **generator,
                                           xd_pair_discriminator **discriminator);

/* ---- The whole schedule
 * ----------------------------------------------------------------------- */

typedef uint32_t xd_train_stage;
enum {
  XD_STAGE_VAE1 = 1,
  XD_STAGE_VAE2 = 2,
  XD_STAGE_CODES = 3, /* encoding both sets */
  XD_STAGE_MAPPING_1TO2 = 4,
  XD_STAGE_MAPPING_2TO1 = 5
};

typedef struct xd_train_progress {
  size_t struct_size; /* of the library's struct */
  uint32_t stage; /* xd_train_stage */
  uint32_t step, steps; /* within the stage, from 1 */
  uint32_t reserved;
  double
      overall; /* share of all the work that is done, 0..1, by a fixed estimate of each stage's */
  xd_vae_losses vae; /* of this step, in the VAE stages; else zeros */
  xd_mapping_losses mapping; /* of this step, in the mapping stages; else zeros */
  const xd_evaluation *validation; /* measured after this step (see validate_every), or NULL */
} xd_train_progress;

/* Called after every step on the context's thread; nonzero stops with XD_ERROR_CANCELLED. */
typedef int (*xd_train_callback)(void *user, const xd_train_progress *progress);

typedef struct xd_train_options {
  size_t struct_size; /* sizeof(xd_train_options) */
  const xd_vae_options *vae[2]; /* of each domain; NULL: the defaults. Borrowed during the call */
  const xd_mapping_options *mapping[2]; /* [0] 1 to 2, [1] 2 to 1; NULL: the defaults */
  uint64_t seed; /* of everything; the seeds in the options above are not read [1] */
  uint32_t directions; /* bit 0: 1 to 2, bit 1: 2 to 1; of xd_train also 0: the VAEs alone, for
                          xd_map [3] */
  uint32_t validate_every; /* mapping steps between validations; 0: only after the last [0]. It
                              changes which step's networks the model gets, see XD_VALIDATION_DIV;
                              the training itself stays the same */
  const xd_dataset *validation[2]; /* pictures of each domain that are not trained on, and */
  const xd_judge *judge[2]; /* the judge of each domain as a target; a direction is validated when
                               both sets and its target's judge are given [NULL] */
  uint32_t allow_collapse; /* 0: two validations in a row of a mapping's second half, or its last
                              one, that accept 50% or more but have div below 0.1 stop the run with
                              XD_ERROR_COLLAPSED; 1: it goes on [0] */
  uint32_t reserved; /* 0 */
  const char *name[2]; /* of the domains, for the model; may be NULL */
  xd_train_callback callback; /* may be NULL */
  void *user;
} xd_train_options;

#define XD_TRAIN_OPTIONS_INIT \
  { \
    sizeof(xd_train_options), {NULL, NULL}, {NULL, NULL}, 1, 3, 0, {NULL, NULL}, {NULL, NULL}, 0, \
        0, {NULL, NULL}, NULL, NULL \
  }
XD_API void xd_train_options_init(xd_train_options *options, size_t struct_size);

/* The options of a known experiment, to be changed and handed to xd_train. */
typedef struct xd_preset {
  size_t struct_size; /* sizeof(xd_preset), set by the caller; no other size is taken */
  xd_vae_architecture
      architecture[2]; /* of each domain, for pictures of the training set's shape */
  xd_vae_options vae[2]; /* their architecture points into this struct: set it again in a copy */
  xd_mapping_options mapping[2]; /* [0] 1 to 2, [1] 2 to 1 */
} xd_preset;

/* Fills *out from a name; NULL gives the defaults of all options. The context gets the message and
 * may be NULL. mnist    digits to digits fashion  domain 1 MNIST, domain 2 Fashion-MNIST svhn
 * domain 1 SVHN in colour, domain 2 MNIST; the way 1 to 2 chosen on a validation split
 * (docs/method.md), the way back with the same numbers but for changed copies paper    the letter
 * of arXiv 1805.10130: plain MLPs of 512 and 256, lambda1 = lambda2 = 1, Gaussian with sigma_x 1,
 * raw codes, the real pair one code twice, no mismatches, no spectral norm, no average, lambda_reg
 * 0.1, Adam (0.9, 0.999) at a constant rate, noise scale 1 All of them take 500 steps of each VAE
 * at least, svhn 1,500 of SVHN's. XD_ERROR_NOT_FOUND: no such name. */
XD_API xd_status xd_train_preset(xd_preset *out, xd_context *context, const char *name);
XD_API const char *xd_train_preset_name(uint32_t index); /* NULL beyond the last */

/* The model gets the networks of the validated step with the highest
 *   score = acc * min(1, div / XD_VALIDATION_DIV) * min(1, ediv / XD_VALIDATION_EDIV),
 * of equals the later: accuracy that was bought with variety, as by a collapse, loses. Where
 * nothing is validated, it gets those of the last step. What is measured is the finished form:
 * weights averaged, the noise scale folded in. */
#define XD_VALIDATION_DIV 0.75
#define XD_VALIDATION_EDIV 0.6

typedef struct xd_train_record {
  uint32_t step; /* of the mapping, from 1 */
  uint32_t reserved;
  double acc, div, ediv, fd, score;
} xd_train_record;

/* What came of it; what is reproducible of it is also kept in the model's properties. The caller
 * sets struct_size, and the history's place and capacity or zeros. */
typedef struct xd_train_report {
  size_t struct_size; /* sizeof(xd_train_report), set by the caller */
  xd_vae_losses vae[2]; /* means over the last epoch */
  xd_mapping_losses mapping[2]; /* means over the last 100 steps */
  double seconds[6]; /* wall time of each stage, indexed by xd_train_stage; [0] is all of it */
  uint32_t validated[2]; /* 1: validation[i] below was measured */
  xd_evaluation validation[2]; /* of the networks that are kept; [0] 1 to 2. The ceiling in it is
                                  measured after the last step */
  xd_train_record *history[2]; /* the caller's, borrowed during the call: room for the validations,
                                  in order; NULL: not wanted */
  uint32_t history_capacity; /* records in each; further ones are only counted */
  uint32_t history_count[2]; /* validations that were made */
  uint32_t kept_step[2]; /* the step, from 1, whose networks are kept; 0: none was */
  uint32_t reserved;
  double probe[2]; /* accuracy, on the validation set of domain i + 1, of a small classifier of
                      posterior means that was trained on the codes that the mappings are: what a
                      mapping can know of the class, and so about the most its acc can be. 0: no
                      validation set, or one class */
} xd_train_report;

/* Trains both VAEs, each on its own set and without labels, freezes them, and trains the mappings
 * between the paired classes. The pictures' labels are used for the mappings alone. *report is
 * filled where not NULL, also with what was done before a failure. The caller owns *out.
 * XD_ERROR_NOT_FOUND: the pairing names a class that has no picture; XD_ERROR_INVALID_ARGUMENT
 * names the option; XD_ERROR_SHAPE_MISMATCH: pictures, architectures, latent sizes or judges that
 * do not fit together; these three come before the first step. XD_ERROR_NUMERIC: training diverged;
 * XD_ERROR_COLLAPSED; XD_ERROR_CANCELLED; XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_train(xd_model **out, xd_context *context, const xd_dataset *set1,
                          const xd_dataset *set2, const xd_pairing *pairing,
                          const xd_train_options *options, xd_train_report *report);

/* Trains only the mappings, on the frozen VAEs of `model`: the result shares them. Directions that
 * are not trained are dropped, since they belonged to the old pairing. Otherwise as xd_train. */
XD_API xd_status xd_map(xd_model **out, xd_context *context, const xd_model *model,
                        const xd_dataset *set1, const xd_dataset *set2, const xd_pairing *pairing,
                        const xd_train_options *options, xd_train_report *report);

XD_END_DECLS

#endif
