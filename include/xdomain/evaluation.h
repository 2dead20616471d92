/* libxdomain: how good a mapping is.
 *
 * Figures that only together say something (accuracy alone is highest for a
 * mapping that has collapsed to one picture a class):
 *   acc   share of translated source pictures that the judge puts in a paired class; the
 *         judge knows all classes of the target set, and any other class is wrong
 *   div   mean pairwise L2 distance of the accepted pictures of a class (the first 400),
 *         over that of real pictures of the class; mean over target classes
 *   ediv  the same for one source picture and 24 noises, 8 sources a source class
 *   fd    Frechet distance of the judge's features, translated against real pictures
 *   sharpness  mean energy of the pictures' gradient, the squared differences of neighbours, over
 *              that of the real ones: below 1 for blur
 *   detail     the same of the Laplacian; above 1 for noise and dots
 *   style      how much of the source's variation within its class can be read back from the
 *              translation, 0..1: R^2 of the source codes' first principal components, as many as
 *              hold half of the variance, read linearly from the codes that the target's encoder
 *              gives the translations. Codes are posterior means without their class's mean; one
 *              half of the pictures is read by the ridge regression that fits the other half
 *   ink, slant the same for two things one sees: correlation, within classes, between source and
 *              translation of how much is drawn (the mean difference from the ground, which is the
 *              median of the outermost pixels) and of how far it leans. -1..1
 * and beside them the ceiling: the target VAE's reconstructions of the real pictures
 * under the same judge. Accepted: judged to be of a paired class, that is of any class that
 * pairs link with the source's (see xd_pairing). A class with fewer than two accepted pictures
 * counts as 0 in div and ediv; one whose real pictures are one, or all alike, in neither. With the
 * pairing "*:*" each domain is one class and every picture is right: acc, reconstruction_acc and
 * judge_acc are 1. */
#ifndef XDOMAIN_EVALUATION_H
#define XDOMAIN_EVALUATION_H

#include "dataset.h"
#include "judge.h"
#include "model.h"
#include "options.h"
#include "progress.h"
#include "values.h"

XD_BEGIN_DECLS

/* What is measured and with what; all is borrowed during the call. */
typedef struct xd_evaluation_input {
  /* sizeof(xd_evaluation_input). */
  size_t struct_size;
  /* The judge of the target domain. */
  const xd_judge *judge;
  /* Pictures of the domain that the direction leaves, and real ones of the domain it enters. Use
   * pictures that neither the model nor the judge was trained on. */
  const xd_dataset *source;
  const xd_dataset *target;
  /* The classes that belong together; from domain 2 to 1 it is read backwards. */
  const xd_pairing *pairing;
  /* Hears, in stage XD_STAGE_EVALUATION, of each batch of pictures. NULL: not wanted; `user` is
   * handed to it. */
  xd_progress_callback callback;
  void *user;
} xd_evaluation_input;

#define XD_EVALUATION_INPUT_INIT \
  { sizeof(xd_evaluation_input), NULL, NULL, NULL, NULL, NULL, NULL }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_evaluation_input_init(xd_evaluation_input *input, size_t struct_size);

/* Translates the source's pictures of the paired classes and judges them. Options: group
 * "evaluation"; NULL means the defaults. The measures are
 *   acc, div, ediv, fd, sharpness, detail, style, ink, slant
 *   reconstruction_acc, reconstruction_fd, reconstruction_sharpness, reconstruction_detail
 *                                          of the target VAE's reconstructions: the ceiling and the
 *                                          floor; absent with the option skip_reconstruction
 *   judge_acc                              of the judge on the real target pictures
 *   pictures, real_pictures                how many were translated, and how many real ones are
 *   acc.N, pictures.N                      of source class N, where it is paired and has pictures
 * Where the direction leaves a domain of labels (model.h), only labels are read of the source's
 * set, and style, ink and slant are absent; where it leaves vectors, XD_ERROR_UNSUPPORTED. On
 * failure they are empty. XD_ERROR_INVALID_ARGUMENT; XD_ERROR_SHAPE_MISMATCH: judge, sets and
 * model do not fit, also where a class has one name in a set and another in the model or the judge
 * (xd_dataset_match_classes gives a set the numbers of a model's classes); XD_ERROR_NOT_FOUND: a
 * paired class without pictures; XD_ERROR_UNSUPPORTED: the model has no such direction;
 * XD_ERROR_NUMERIC; XD_ERROR_CANCELLED; XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_evaluate(xd_context *context, xd_values *measures, const xd_model *model,
                             xd_direction direction, const xd_evaluation_input *input,
                             const xd_options *options);

/* Share of a set's pictures whose predicted class is their label; 0 on failure. The set's shape
 * is the judge's, and so are the names of its classes, else XD_ERROR_SHAPE_MISMATCH.
 * XD_ERROR_INVALID_ARGUMENT (an argument is NULL, the set is empty), XD_ERROR_CANCELLED,
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_judge_accuracy(const xd_judge *judge, xd_context *context, double *accuracy,
                                   const xd_dataset *set);

XD_END_DECLS

#endif
