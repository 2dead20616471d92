/* Evaluations of one mapping after another, as validation makes them. */
#ifndef XDI_EVALUATE_EVALUATION_H
#define XDI_EVALUATE_EVALUATION_H

#include <stdbool.h>

#include "evaluate/frechet.h"
#include "xdomain/evaluation.h"

/* What is found of the real target pictures alone: the same for every generator, and a good part of the
 * work. */
typedef struct xdi_real_figures {
  bool known;
  double judge_acc;
  double distance[XD_CLASS_LIMIT]; /* mean pairwise, of each target class; 0: cannot be measured */
  xdi_moments moments;             /* of their features */
} xdi_real_figures;

void xdi_real_figures_close(xdi_real_figures *real); /* a zeroed one is legal */

/* xd_evaluate, which finds the real figures once: *real begins zeroed, and belongs to one target set, judge,
 * pairing and direction from then on. */
xd_status xdi_evaluate(xd_evaluation *out, xd_context *context, const xd_model *model, xd_direction direction,
                       const xd_judge *judge, const xd_dataset *source, const xd_dataset *target,
                       const xd_pairing *pairing, const xd_evaluation_options *options,
                       xdi_real_figures *real);

/* Refuses what xd_evaluate would refuse of these, without measuring anything. */
xd_status xdi_evaluation_check(xd_context *context, const xd_model *model, xd_direction direction,
                               const xd_judge *judge, const xd_dataset *source, const xd_dataset *target,
                               const xd_pairing *pairing);

#endif
