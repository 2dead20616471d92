/* A judge ready for batches: what an evaluation runs thousands of pictures through. */
#ifndef XDI_EVALUATE_JUDGE_SESSION_H
#define XDI_EVALUATE_JUDGE_SESSION_H

#include "layer/session.h"
#include "xdomain/dataset.h"
#include "xdomain/judge.h"

#define XDI_JUDGE_BATCH 256u

typedef struct xdi_judge_session {
  xdi_session network;
  uint32_t classes, feature_dim;
  float *logits;                    /* [batch][classes] */
  uint32_t labels[XDI_JUDGE_BATCH]; /* of the last batch */
} xdi_judge_session;

/* XD_ERROR_SHAPE_MISMATCH where a class has another name in the set than in the judge. */
xd_status xdi_check_judge_names(xd_context *context, const xd_judge *judge, const xd_dataset *set);

/* For batches of at most `batch`, which is at most XDI_JUDGE_BATCH. On failure the session is to be
 * closed. */
xd_status xdi_judge_session_open(xdi_judge_session *session, xd_context *context, const xd_judge *judge,
                                 uint32_t batch);
void xdi_judge_session_close(xdi_judge_session *session); /* a zeroed one is legal */

/* At most a batch of pictures; features[count][feature_dim] where not NULL. The labels stand in the
 * session. */
xd_status xdi_judge_session_run(xdi_judge_session *session, float *features, const float *pictures,
                                uint32_t count);

#endif
