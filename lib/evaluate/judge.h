/* A classifier ready to judge batches: what an evaluation runs thousands of pictures through. */
#ifndef XDI_EVALUATE_JUDGE_H
#define XDI_EVALUATE_JUDGE_H

#include "layer/executor.h"
#include "xdomain/classifier.h"

#define XDI_JUDGE_BATCH 256u

typedef struct xdi_judge {
  xd_context *context;
  xdi_executor *executor;
  uint32_t classes, feature_dim;
  size_t size;                      /* floats of a picture */
  float *logits;                    /* [batch][classes] */
  uint32_t labels[XDI_JUDGE_BATCH]; /* of the last batch */
} xdi_judge;

/* On failure the judge may, and need not, be closed. */
xd_status xdi_judge_open(xdi_judge *judge, xd_context *context, const xd_classifier *classifier);
void xdi_judge_close(xdi_judge *judge); /* a zeroed one is legal */

/* At most XDI_JUDGE_BATCH pictures; features[count][feature_dim] where not NULL. The labels stand in the
 * judge. */
xd_status xdi_judge_run(xdi_judge *judge, float *features, const float *pictures, uint32_t count);

#endif
