/* The judge's forward pass, its most likely classes and its features. */
#include "evaluate/judge_session.h"

#include <string.h>

#include "base/memory.h"
#include "model/judge.h"

xd_status xdi_judge_session_open(xdi_judge_session *session, xd_context *context, const xd_judge *judge,
                                 uint32_t batch) {
  memset(session, 0, sizeof *session);
  session->network = xdi_session_of(context, xd_judge_network(judge), 0, 0);
  session->classes = xd_judge_class_count(judge);
  session->feature_dim = xd_judge_feature_dim(judge);
  session->logits = xdi_allocate(&context->allocator, batch, session->classes * sizeof *session->logits);
  if (!session->logits)
    return xdi_fail_memory(context, "preparing the judge");
  return xdi_session_reserve(&session->network, batch);
}

void xdi_judge_session_close(xdi_judge_session *session) {
  if (!session->network.context)
    return;
  xdi_release(&session->network.context->allocator, session->logits);
  xdi_session_close(&session->network);
  session->logits = NULL;
}

xd_status xdi_judge_session_run(xdi_judge_session *session, float *features, const float *pictures,
                                uint32_t count) {
  xd_status status = xdi_session_run(&session->network, pictures, NULL, count);
  if (status == XD_OK)
    status = xdi_session_read(&session->network, session->logits, NULL, count, "the judge's results");
  if (status == XD_OK)
    status = xdi_session_read_last_input(&session->network, features, session->feature_dim, count,
                                         "the judge's features");
  if (status == XD_OK)
    xdi_judge_choose(session->labels, session->logits, count, session->classes);
  return status;
}
