/* libxdomain: whole trainings, from two sets of pictures to a model.
 *
 *   xd_train            both VAEs, each on its own set and without labels, then the mappings
 *                       between the paired classes
 *   xd_map              the mappings alone, on the frozen VAEs of a model
 *   xd_train_vae        one VAE alone
 *   xd_judge_train      a judge of one domain's pictures
 *   xd_train_generator  a generator of pictures from labels or vectors, on one frozen VAE
 *
 * The method is arXiv 1805.10130; the recipe and where it leaves the paper's letter stand in
 * docs/method.md. What is trained lies in an xd_train_input; how, in options of group "train", of
 * xd_train_vae "vae", of xd_judge_train "judge" (options.h lists them and the presets). The same
 * options, sets and seed give the same model, byte for byte, on the same backend and processor type
 * at any number of threads.
 *
 * These calls take long: run.h tells how they are watched, stopped and resumed. What a late
 * stage would refuse is refused before the first step. */
#ifndef XDOMAIN_TRAIN_H
#define XDOMAIN_TRAIN_H

#include "dataset.h"
#include "judge.h"
#include "model.h"
#include "options.h"
#include "run.h"
#include "values.h"

XD_BEGIN_DECLS

/* ---- Two domains ---- */

/* What is trained on and with; all is borrowed during the call. [0] is domain 1, or the
 * direction 1 to 2. */
typedef struct xd_train_input {
  /* sizeof(xd_train_input). */
  size_t struct_size;
  /* The pictures of each domain; neither NULL nor empty. Their labels are used for the mappings
   * alone. */
  const xd_dataset *set[2];
  /* The classes that belong together; not NULL, also where no mapping is trained: "*:*" asks
   * nothing of the sets. */
  const xd_pairing *pairing;
  /* Pictures of each domain that are not trained on; two at least of each paired class, as variety
   * is measured in them. NULL: no mapping is validated, and the report has no probe of the
   * domain. */
  const xd_dataset *validation[2];
  /* The judge of each domain as a target. NULL: the direction into that domain is not validated,
   * and gets the networks of its last step. */
  const xd_judge *judge[2];
  /* Networks to start from, with layers of one's own, which stay as they are. As in
   * xd_model_parts, generator[0] is G1 (1 to 2) and discriminator[1], D2, judges its codes. xd_map
   * does not read those of the VAEs, which are the model's. NULL, each by itself: made from the
   * options. */
  const xd_encoder *encoder[2];
  const xd_decoder *decoder[2];
  const xd_latent_generator *generator[2];
  const xd_pair_discriminator *discriminator[2];
  /* The domains' names, for the model; xd_map keeps its model's. NULL: "". */
  const char *name[2];
  /* Further pictures of each domain, whose labels are not read, or NULL (see below). */
  const xd_dataset *unlabelled[2];
} xd_train_input;

#define XD_TRAIN_INPUT_INIT \
  { \
    sizeof(xd_train_input), {NULL, NULL}, NULL, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, \
        {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, { \
      NULL, NULL \
    } \
  }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_train_input_init(xd_train_input *input, size_t struct_size);

/* Few labels: a domain's VAE sees the pictures of its set and the unlabelled ones alike. When it is
 * trained, labels spread from the set's pictures to the others along their codes' nearest
 * neighbours (docs/method.md), and the mappings are trained on the set and on those of the
 * unlabelled pictures whose class is surest: the option unlabelled_share says how many. The report
 * has, of domain N, unlabelledN, how many were taken, and confidenceN, the least share that their
 * class has of all that reaches them, 1 where none was taken. Ten pictures of a class can be
 * enough. Pictures of classes that the set has none of are better left out.
 * XD_ERROR_INVALID_ARGUMENT: the set itself has no labels; XD_ERROR_SHAPE_MISMATCH: pictures of
 * another shape than the set's. */

/* Of the steps that are validated, the model gets the networks of that with the highest score, of
 * equals the later: accuracy that was bought with variety, as by a collapse, loses. What the score
 * is made of stands in docs/method.md and unstable/validation.h. Where nothing is validated, the
 * model gets the networks of the last step. What is measured is the finished form: weights
 * averaged, the noise scaled. */

/* Trains both VAEs, freezes them, and trains the mappings that the option directions names. The
 * caller owns *out. Options: group "train"; NULL means the defaults. The report, where not NULL,
 * also tells what was done before a failure; N is 1 or 2, the domain or the domain that a
 * mapping leaves:
 *   seconds, seconds.vaeN, seconds.codes, seconds.mappingN  wall time of all and of each stage
 *   vaeN.NAME         losses of the VAE, means over the last epoch
 *   vaeN.pixel_cost_before, vaeN.pixel_cost_last
 *                     means over the last tenth but one and the last tenth of the steps,
 *                     sharpening left out: where the second is lower by a hundredth of the
 *                     first, more steps would help
 *   mappingN.NAME     losses of the mapping, means over the last 100 steps; of the last one where
 *                     it ended before its time
 *   validationN.NAME  measures of the networks that are kept, and their score; the ceiling in it is
 *                     measured where the mapping ends
 *   validationsN      how many validations were made
 *   kept_stepN        the step, from 1, whose networks are kept
 *   ended_stepN       the step after which the mapping ended before its time, since the best one
 *                     lay half of the steps back and the score was a tenth lower; absent else
 *   lightN            the share of domain N's variance that was light and was taken from it
 *                     (option light_share); absent where none was
 *   probeN            what can be known of the class: the accuracy, on the validation set of
 *                     domain N, of a small classifier of posterior means that was trained on the
 *                     codes that the mappings are; about the most that a mapping's acc can be.
 *                     Absent without a validation set, or with one class
 * What is reproducible of it also stands in the model's properties. Domains of the same pictures,
 * validation on those that are trained on, and light that is taken are told to the log. Before the
 * first step: XD_ERROR_INVALID_ARGUMENT names the option or argument; XD_ERROR_NOT_FOUND: the
 * pairing names a class that has no picture; XD_ERROR_SHAPE_MISMATCH: pictures, networks, latent
 * sizes or judges that do not fit together. Later: XD_ERROR_NUMERIC: training diverged;
 * XD_ERROR_COLLAPSED (unless the option allow_collapse is 1): two validations in a row of a
 * mapping's second half, or its last one, accept 50% or more but have div below 0.1; or a VAE or
 * a mapping, once it is trained, gives nearly the same picture for all pictures it was trained on;
 * XD_ERROR_CANCELLED; XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_train(xd_model **out, xd_context *context, xd_values *report,
                          const xd_train_input *input, const xd_run *run,
                          const xd_options *options);

/* Trains only the mappings, on the frozen VAEs of `model`: the result shares them. Directions
 * that are not trained are dropped, since they belonged to the old pairing; the option
 * directions cannot be 0. Options of the VAEs are not read. Where a class has one name in a set and
 * another in the model, XD_ERROR_SHAPE_MISMATCH names both (xd_dataset_match_classes gives a set
 * the model's numbers). XD_ERROR_UNSUPPORTED: a domain of the model holds conditions. A VAE that
 * lost its light and is to be drawn by, or to give its style, is told to the log. Otherwise as
 * xd_train. */
XD_API xd_status xd_map(xd_model **out, xd_context *context, xd_values *report,
                        const xd_model *model, const xd_train_input *input, const xd_run *run,
                        const xd_options *options);

/* The model that a checkpoint already holds: both VAEs, and of each mapping the finished
 * networks, or else the best of the validated steps. So no failure of a late stage takes away
 * what was finished. The caller owns *out; the property "mapping.recovered" of one with a
 * mapping tells where its training was. XD_ERROR_NOT_FOUND: no such file, or no two VAEs in it that
 * are trained; other errors as of xd_model_load. */
XD_API xd_status xd_train_recover(xd_model **out, xd_context *context, const char *checkpoint);

/* ---- One VAE ---- */

/* Trains one VAE on a set's pictures and gives its frozen networks; the caller owns both.
 * Options: group "vae"; NULL means the defaults; width, height and channels are the set's where
 * they are 0. Run may be NULL; its callback hears of XD_STAGE_VAE1. The report, where not NULL,
 * has "seconds", "seconds.vae1" and the losses' means over the last epoch. Errors as of
 * xd_train. */
XD_API xd_status xd_train_vae(xd_encoder **encoder, xd_decoder **decoder, xd_context *context,
                              xd_values *report, const xd_dataset *set, const xd_run *run,
                              const xd_options *options);

/* ---- A judge ---- */

/* Trains a judge on a set by a whole schedule: shuffled epochs of changed pictures, the learning
 * rate falling along a cosine to 0. The caller owns *out. Options: group "judge"; NULL means the
 * defaults; sizes that are 0 are the set's. Run may be NULL; its callback hears of XD_STAGE_JUDGE.
 * The report, where not NULL, has "seconds", "seconds.judge" and the losses' means over the last
 * epoch. XD_ERROR_INVALID_ARGUMENT: also a set with labels beyond the option classes;
 * XD_ERROR_SHAPE_MISMATCH: sizes that are not the set's; XD_ERROR_NUMERIC: training diverged;
 * XD_ERROR_CANCELLED; XD_ERROR_OUT_OF_MEMORY; and those of checkpoints (run.h). */
XD_API xd_status xd_judge_train(xd_judge **out, xd_context *context, xd_values *report,
                                const xd_dataset *set, const xd_run *run,
                                const xd_options *options);

/* ---- Conditions ---- */

/* What a generator from conditions is trained on; all is borrowed during the call. */
typedef struct xd_generator_input {
  /* sizeof(xd_generator_input). */
  size_t struct_size;
  /* A VAE, as xd_train_vae or a model gives it. */
  const xd_encoder *encoder;
  const xd_decoder *decoder;
  /* Pictures of its domain. */
  const xd_dataset *set;
  /* The condition that each picture meets, [pictures][vector_dim], values of the order of 1; NULL:
   * the pictures' labels, as vectors of zeros with a 1 at the label. */
  const float *vectors;
  /* 1..1024; 0 where vectors is NULL. */
  uint32_t vector_dim;
  /* 0. */
  uint32_t reserved;
  /* The domain's name, for the model, or NULL. */
  const char *name;
} xd_generator_input;

#define XD_GENERATOR_INPUT_INIT \
  { sizeof(xd_generator_input), NULL, NULL, NULL, NULL, 0, 0, NULL }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_generator_input_init(xd_generator_input *input, size_t struct_size);

/* Trains a generator G1 that makes codes of the VAE from noise and a condition (Latent Constraints,
 * arXiv 1711.05772), and gives a model whose domain 2 is the VAE's and whose domain 1 holds the
 * conditions (model.h); its classes are the set's where the conditions are labels. The
 * discriminator, which judges whether codes are real and meet their condition, is not kept. Every
 * different condition is drawn alike often; where all are the same, as those of a set without
 * labels, G1 makes codes of whatever the set holds. Options: group "mapping"; NULL means the
 * defaults; mixing, anchor_codes, invariance, invariance_target, style and the changes of copies
 * (augment and so on) are not read; where steps is 0, a label counts as a pair of classes, and all
 * vectors as one. Nothing is validated: the last step's averaged weights are taken. The report,
 * where not NULL, is as xd_train's of mapping 1. Run may be NULL; its callback hears of
 * XD_STAGE_CODES and XD_STAGE_MAPPING1. It takes little time and has no checkpoints: with one,
 * XD_ERROR_UNSUPPORTED.
 * XD_ERROR_INVALID_ARGUMENT (a part is missing, the set is empty, vector_dim, the option
 * same_code_positive); XD_ERROR_SHAPE_MISMATCH (pictures, VAE and options that do not fit);
 * XD_ERROR_NUMERIC (a vector has a value that is not finite; training diverged);
 * XD_ERROR_UNSUPPORTED; XD_ERROR_CANCELLED; XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_train_generator(xd_model **out, xd_context *context, xd_values *report,
                                    const xd_generator_input *input, const xd_run *run,
                                    const xd_options *options);

XD_END_DECLS

#endif
