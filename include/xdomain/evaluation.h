/* libxdomain: how good a mapping is.
 *
 * Four figures that only together say something (accuracy alone is highest for a
 * mapping that has collapsed to one picture a class):
 *   acc   share of translated source pictures that the judge puts in a paired class; the
 *         judge knows all classes of the target set, and any other class is wrong
 *   div   mean pairwise L2 distance of the accepted pictures of a class (the first 400),
 *         over that of real pictures of the class; mean over target classes
 *   ediv  the same for one source picture and 24 noises, 8 sources a source class
 *   fd    Frechet distance of the judge's features, translated against real pictures
 * and beside them the ceiling: the target VAE's reconstructions of the real pictures
 * under the same judge. Accepted: judged to be of a paired class, that is of any class that
 * pairs link with the source's (see xd_pairing). A class with fewer than two accepted pictures
 * counts as 0 in div and ediv. With the pairing "*:*" each domain is one class and every
 * picture is right: acc, reconstruction_acc and judge_acc are 1. */
#ifndef XDOMAIN_EVALUATION_H
#define XDOMAIN_EVALUATION_H

#include "dataset.h"
#include "judge.h"
#include "model.h"

XD_BEGIN_DECLS

typedef struct xd_evaluation_options {
  size_t struct_size; /* sizeof(xd_evaluation_options) */
  uint64_t seed; /* of the noise [0] */
  float temperature; /* [1] */
  uint32_t skip_reconstruction; /* 1: leave the ceiling out (during training) [0] */
} xd_evaluation_options;

#define XD_EVALUATION_OPTIONS_INIT \
  { sizeof(xd_evaluation_options), 0, 1.0f, 0 }
XD_API void xd_evaluation_options_init(xd_evaluation_options *options, size_t struct_size);

typedef struct xd_evaluation {
  size_t struct_size; /* sizeof(xd_evaluation), set by the caller */
  double acc, div, ediv, fd;
  double reconstruction_acc, reconstruction_fd; /* the target VAE's ceiling and floor */
  double judge_acc; /* the judge on the real target pictures */
  uint32_t count; /* translated pictures */
  uint32_t real_count; /* real target pictures */
  double class_acc[XD_CLASS_LIMIT]; /* acc of each source class */
  uint32_t class_count[XD_CLASS_LIMIT]; /* its pictures; 0: not in the pairing or set */
} xd_evaluation;

/* Translates `source`'s pictures of the pairing's source classes and judges them; `target` holds
 * real pictures of the other domain. In XD_DIRECTION_2TO1 the pairing is read backwards: source is
 * a set of domain 2. Use pictures that neither the model nor the judge was trained on.
 * XD_ERROR_SHAPE_MISMATCH: judge, sets and model do not fit; XD_ERROR_NOT_FOUND: a paired class
 * without pictures; XD_ERROR_UNSUPPORTED: no such direction in the model; XD_ERROR_CANCELLED. */
XD_API xd_status xd_evaluate(xd_evaluation *out, xd_context *context, const xd_model *model,
                             xd_direction direction, const xd_judge *judge,
                             const xd_dataset *source, const xd_dataset *target,
                             const xd_pairing *pairing, const xd_evaluation_options *options);

XD_END_DECLS

#endif
