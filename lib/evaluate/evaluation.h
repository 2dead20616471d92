/* Evaluations of one mapping after another, as validation makes them. */
#ifndef XDI_EVALUATE_EVALUATION_H
#define XDI_EVALUATE_EVALUATION_H

#include <stdbool.h>

#include "evaluate/frechet.h"
#include "evaluate/sharpness.h"
#include "evaluate/style.h"
#include "options/settings.h"
#include "xdomain/evaluation.h"

/* The measures; see xdomain/evaluation.h. */
typedef struct xdi_evaluation {
  double acc, div, ediv, fd, sharpness, detail;
  xdi_style_figures kept; /* of the sources */
  double judge_acc;
  bool has_reconstruction, has_style;
  double reconstruction_acc, reconstruction_fd, reconstruction_sharpness, reconstruction_detail;
  uint32_t count, real_count;
  double class_acc[XD_CLASS_LIMIT];
  uint32_t class_count[XD_CLASS_LIMIT]; /* 0: not in the pairing or set */
} xdi_evaluation;

/* Adds the measures under their names; on failure the values are empty. */
xd_status xdi_evaluation_tell(const xdi_evaluation *evaluation, xd_context *context, xd_values *to);

/* What is found of the real target pictures alone: the same for every generator, and a good part of the
 * work. */
typedef struct xdi_real_figures {
  bool known;
  double judge_acc;
  xdi_edges edges;
  double distance[XD_CLASS_LIMIT]; /* mean pairwise, of each target class; 0: cannot be measured */
  xdi_moments moments;             /* of their features */
} xdi_real_figures;

void xdi_real_figures_close(xdi_real_figures *real); /* a zeroed one is legal */

/* Measures what complete arguments ask for, zeros on failure. The real figures are found once: *real begins
 * zeroed, and belongs to one target set, judge, pairing and direction from then on. */
xd_status xdi_evaluate(xdi_evaluation *out, xd_context *context, const xd_model *model,
                       xd_direction direction, const xd_evaluation_input *input,
                       const xdi_evaluation_settings *settings, xdi_real_figures *real);

/* Refuses what xd_evaluate would refuse of these, without measuring anything. */
xd_status xdi_evaluation_check(xd_context *context, const xd_model *model, xd_direction direction,
                               const xd_evaluation_input *input);

#endif
