/* The n-th call of a backend fails, of its kernels and of its buffers' writes and reads alike. */
#include "faults.h"

#include "../unit/failing_backend.h"

static bool try(const scenario *what, const fixture *with, uint64_t n) {
  const xd_backend_table table = failing_table(xd_backend_builtin(xd_context_builtin_backend(0))),
                         *const tables[] = {&table};
  counting_allocator counter = {0};
  const xd_allocator hooks = counting_allocator_hooks(&counter);
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.allocator = &hooks;
  options.backend = "failing";
  options.backends = tables, options.backend_count = 1;
  called = 0;
  fail_at = n;
  demand(xd_context_create(&context, &options) == XD_OK, "%s: call %llu", what->name, (unsigned long long)n);
  const xd_status status = what->run(context, with);
  const bool met = called >= n;
  /* A checkpoint that cannot be written is a warning, and the training goes on. */
  const bool may_go_on = !met || n == 0 || strncmp(what->name, "resume", 6) == 0;
  demand(status == XD_ERROR_INTERNAL ? n > 0 && met : status == XD_OK && may_go_on, "%s: call %llu: %s",
         what->name, (unsigned long long)n, xd_status_name(status));
  demand(status == XD_OK || xd_context_message(context)[0], "%s: call %llu", what->name,
         (unsigned long long)n);
  xd_context_destroy(context);
  demand(atomic_load(&counter.live_blocks) == 0, "%s: call %llu: memory is still held", what->name,
         (unsigned long long)n);
  return met;
}

void sweep_kernels(const sweep *of, const fixture *with) {
  uint64_t total = 0;
  for (const scenario *what = sweep_scenario(of, fault_scenarios); what->name;
       what = sweep_scenario(of, what + 1)) {
    uint64_t faults = 0;
    try(what, with, 0);
    for (uint64_t n = 1; try(what, with, n); n = sweep_next(of, n))
      faults++;
    printf("%-12s %6llu calls of the backend failed\n", what->name, (unsigned long long)faults);
    total += faults;
  }
  printf("all          %6llu calls of the backend failed\n", (unsigned long long)total);
}
