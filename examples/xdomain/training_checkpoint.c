/* What a training that ends early has finished. */
#include <stdlib.h>

#include "sharing.h"
#include "training.h"

char *partial_path(const char *out) {
  return path_beside(out, ".xdm", ".partial.xdm");
}

/* Both VAEs, and the mappings as far as validation knows them. */
static void save_recovered(training *t) {
  char *path = partial_path(t->out);
  if (path && xd_train_recover(&t->model, t->run.context, t->checkpoint.paths[CHECKPOINT_OWN]) == XD_OK) {
    const xd_status status = save_model(&t->run, t->model, t->half, path);
    if (status)
      report_failure(&t->run, status);
    else
      notice("what was finished is the model '%s'", path);
  }
  free(path);
}

void keep_finished(training *t, xd_status why) {
  if (!is_first_rank() || !can_go_on(&t->checkpoint, why))
    return;
  xd_context_clear_cancel(t->run.context);
  save_recovered(t);
  if (why == XD_ERROR_NUMERIC) {
    notice("as it stands it would fail again: begin anew with a lower learning rate or another --seed");
    return;
  }
  tell_checkpoint(&t->checkpoint);
  if (why == XD_ERROR_COLLAPSED)
    notice("as it stands it would collapse again: add --allow-collapse, or begin anew with another --seed");
}
