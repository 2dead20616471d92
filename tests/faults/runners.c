/* The n-th loop that the host's runner is asked for fails: before any piece ran, or after half of them. */
#include "faults.h"

typedef struct failing_runner {
  uint64_t count, fail_at;
  bool halfway;
} failing_runner;

static int run_loop(void *user, xd_task task, void *argument, uint32_t count) {
  failing_runner *runner = user;
  const bool failing = ++runner->count == runner->fail_at;
  const uint32_t ends = !failing ? count : runner->halfway ? count / 2 : 0;
  for (uint32_t i = ends; i-- > 0;)
    task(argument, i);
  return failing ? -1 : 0;
}

static bool try(const scenario *what, const fixture *with, uint64_t n, bool halfway) {
  counting_allocator counter = {0};
  failing_runner runner = {0, n, halfway};
  const xd_allocator hooks = counting_allocator_hooks(&counter);
  const xd_runner host = {.struct_size = sizeof host, .user = &runner, .run = run_loop, .threads = 4};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.allocator = &hooks;
  options.runner = &host;
  xd_status status = xd_context_create(&context, &options);
  if (status == XD_OK) {
    status = what->run(context, with);
    demand(status == XD_OK || xd_context_message(context)[0], "%s: loop %llu", what->name,
           (unsigned long long)n);
  }
  const bool met = runner.count >= n;
  demand(status == (n > 0 && met ? XD_ERROR_INTERNAL : XD_OK), "%s: loop %llu: %s", what->name,
         (unsigned long long)n, xd_status_name(status));
  xd_context_destroy(context);
  demand(atomic_load(&counter.live_blocks) == 0, "%s: loop %llu: memory is still held", what->name,
         (unsigned long long)n);
  return met;
}

void sweep_runners(const sweep *of, const fixture *with) {
  uint64_t total = 0;
  for (const scenario *what = sweep_scenario(of, fault_scenarios); what->name;
       what = sweep_scenario(of, what + 1)) {
    uint64_t faults = 0;
    try(what, with, 0, false);
    for (uint64_t n = 1;; n = sweep_next(of, n)) {
      if (!try(what, with, n, n % 2 == 0))
        break;
      faults++;
    }
    printf("%-12s %6llu loops failed\n", what->name, (unsigned long long)faults);
    total += faults;
  }
  printf("all          %6llu loops failed\n", (unsigned long long)total);
}
