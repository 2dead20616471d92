/* Pictures side by side: threads that live for one list, since starting one takes less than a picture does. The
 * library's own threads sleep meanwhile, so that no more run than --threads says. */
#include <signal.h>
#include <stdatomic.h>

#include "lanes.h"

/* ---- Contexts ---- */

void open_lanes(lanes *l, const runtime *r) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  const uint32_t threads = xd_context_threads(r->context), most = threads < LANES_MOST ? threads : LANES_MOST;
  options.backend = "reference"; /* no networks run here */
  for (l->count = 0; l->count < most; l->count++)
    if (xd_context_create(&l->contexts[l->count], &options))
      break;
}

void close_lanes(lanes *l) {
  for (uint32_t i = 0; i < l->count; i++)
    xd_context_destroy(l->contexts[i]);
  l->count = 0;
}

/* ---- Loops ---- */

typedef struct loop {
  lane_task task;
  void *user;
  uint32_t count;
  atomic_uint next;
} loop;

typedef struct lane {
  loop *loop;
  xd_context *context;
  pthread_t thread;
} lane;

static void *serve(void *argument) {
  const lane *l = argument;
  while (!signal_received()) {
    const uint32_t index = atomic_fetch_add(&l->loop->next, 1);
    if (index >= l->loop->count)
      break;
    l->loop->task(l->loop->user, l->context, index);
  }
  return NULL;
}

bool start_thread(pthread_t *out, void *(*body)(void *), void *argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = pthread_create(out, NULL, body, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

void run_lanes(const lanes *l, lane_task task, void *user, uint32_t count) {
  lane all[LANES_MOST];
  loop work = {.task = task, .user = user, .count = count};
  const uint32_t most = l->count < count ? l->count : count;
  uint32_t started = 1; /* the caller's own */
  for (uint32_t i = 0; i < most; i++)
    all[i] = (lane){.loop = &work, .context = l->contexts[i]};
  while (started < most && start_thread(&all[started].thread, serve, &all[started]))
    started++;
  if (most)
    serve(&all[0]);
  for (uint32_t i = 1; i < started; i++)
    pthread_join(all[i].thread, NULL);
}
