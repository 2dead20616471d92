/* Who shares the trainings of this process. */
#include "sharing.h"

static const sharing alone = {.program = "xdomain", .ranks = 1};
static const sharing *current = &alone;

void set_sharing(const sharing *with) {
  current = with;
}

const sharing *get_sharing(void) {
  return current;
}

xd_status share_trainings(xd_context *context) {
  return current->share ? current->share(current->user, context) : XD_OK;
}

void say_sums(double seconds) {
  if (current->say_sums)
    current->say_sums(current->user, seconds);
}
