/* A pool of threads for loops of 10 to 100 microseconds.
 *
 * One 64-bit word `state` holds the number of the loop (high half) and how many indices were claimed
 * from either end: the caller takes them from the front, the pool's threads from the back. So two
 * threads that share one loop after the other meet near the middle, and each finds in its own cache
 * what it wrote there. An index is claimed by compare-and-swap, so that a thread which wakes late,
 * with a loop in mind that has ended, claims nothing. The caller works too and waits for the indices
 * that others have claimed, never for a thread to wake: on busy processors it does all the work
 * itself. Threads without work spin for a moment, then sleep.
 *
 * A child of fork() has the pool's memory, but none of its threads, and perhaps a lock that nobody will open.
 * So it runs loops on the calling thread and touches no lock. It finds out by a page that is empty there. */

#include "base/runner.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/owners.h"
#include "base/system.h"

#define SPIN_SECONDS 2e-4
#define SPINS_BETWEEN_CLOCKS 32

/* As the low half of `state`: nothing to claim, the loop is being set up. */
#define CLOSED UINT32_MAX

/* Longer loops run in pieces, so that both ends fit the word. */
#define PIECE 32768u

struct xd_pool {
  alignas(64) _Atomic uint64_t state;
  _Atomic uint32_t first, count; /* the indices [first, first + count) */
  _Atomic(xd_task) task;
  void *_Atomic argument;
  alignas(64) _Atomic uint32_t finished; /* indices of the current loop that have ended */
  alignas(64) atomic_bool busy;          /* a loop is running */
  atomic_bool caller_sleeps;
  atomic_bool stop;
  _Atomic uint32_t sleepers;
  bool may_spin; /* every thread can have a processor */
  xdi_birth birth;
  pthread_mutex_t mutex;
  pthread_cond_t news;
  pthread_cond_t done;
  xd_allocator allocator;
  xdi_owners references;
  uint32_t threads; /* the caller too */
  uint32_t started;
  pthread_t workers[XDI_THREADS_MOST - 1];
};

/* What a claim adds to `state`. */
enum { FROM_FRONT = 1, FROM_BACK = 1 << 16 };

static uint64_t make_state(uint32_t loop, uint32_t claims) {
  return ((uint64_t)loop << 32) | claims;
}
static uint32_t loop_of(uint64_t state) {
  return (uint32_t)(state >> 32);
}
static bool is_closed(uint64_t state) {
  return (uint32_t)state == CLOSED;
}
static uint32_t front_claims(uint64_t state) {
  return (uint32_t)state & 0xFFFF;
}
static uint32_t back_claims(uint64_t state) {
  return (uint32_t)state >> 16;
}

/* ---- spinning ---- */

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
  __asm__ __volatile__("yield");
#endif
}

/* Waits for ready(pool, value) for a moment; whether it came true. */
static bool spin(xd_pool *pool, bool (*ready)(xd_pool *pool, uint32_t value), uint32_t value) {
  if (ready(pool, value))
    return true;
  if (!pool->may_spin)
    return false;
  const double end = xdi_clock() + SPIN_SECONDS;
  do {
    for (int i = 0; i < SPINS_BETWEEN_CLOCKS; i++) {
      if (ready(pool, value))
        return true;
      relax();
    }
  } while (xdi_clock() < end);
  return false;
}

/* ---- working ---- */

/* Claims and runs indices from one end until none is left; how many it ran. *total is the loop's size,
 * for whoever ran any: a loop stays open until all who ran an index of it have reported. */
static uint32_t work(xd_pool *pool, uint32_t end, uint32_t *total) {
  uint32_t ran = 0;
  uint64_t state = atomic_load_explicit(&pool->state, memory_order_acquire);
  while (!is_closed(state)) {
    /* May already be the next loop's fields; then the state has moved and the claim fails. */
    uint32_t first = atomic_load_explicit(&pool->first, memory_order_acquire);
    uint32_t count = atomic_load_explicit(&pool->count, memory_order_acquire);
    xd_task task = atomic_load_explicit(&pool->task, memory_order_acquire);
    void *argument = atomic_load_explicit(&pool->argument, memory_order_acquire);
    if (front_claims(state) + back_claims(state) >= count)
      break;
    if (!atomic_compare_exchange_weak_explicit(&pool->state, &state, state + end, memory_order_acq_rel,
                                               memory_order_acquire))
      continue;
    task(argument, first + (end == FROM_FRONT ? front_claims(state) : count - 1 - back_claims(state)));
    ran++;
    *total = count;
    state = atomic_load_explicit(&pool->state, memory_order_acquire);
  }
  return ran;
}

/* ---- the workers ---- */

/* Something to do for a worker that knows the loop `seen`. */
static bool has_news(xd_pool *pool, uint32_t seen) {
  uint64_t state = atomic_load(&pool->state);
  return (loop_of(state) != seen && !is_closed(state)) || atomic_load(&pool->stop);
}

static void sleep_until_news(xd_pool *pool, uint32_t seen) {
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1); /* before it looks again: see wake_workers */
  while (!has_news(pool, seen))
    pthread_cond_wait(&pool->news, &pool->mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

static void report_finished(xd_pool *pool, uint32_t ran, uint32_t total) {
  if (ran == 0 || atomic_fetch_add(&pool->finished, ran) + ran != total)
    return;
  if (!atomic_load(&pool->caller_sleeps))
    return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_signal(&pool->done);
  pthread_mutex_unlock(&pool->mutex);
}

static void *serve(void *argument) {
  xd_pool *pool = argument;
  uint32_t seen = 0;
  for (;;) {
    if (!spin(pool, has_news, seen))
      sleep_until_news(pool, seen);
    if (atomic_load(&pool->stop))
      return NULL;
    uint64_t state = atomic_load(&pool->state);
    if (is_closed(state))
      continue; /* the next loop is about to open */
    seen = loop_of(state);
    uint32_t total = 0;
    uint32_t ran = work(pool, FROM_BACK, &total);
    report_finished(pool, ran, total);
  }
}

/* ---- the caller ---- */

static void open_loop(xd_pool *pool, xd_task task, void *argument, uint32_t first, uint32_t count) {
  uint32_t loop = loop_of(atomic_load_explicit(&pool->state, memory_order_relaxed)) + 1;
  atomic_store(&pool->state, make_state(loop, CLOSED));
  atomic_store_explicit(&pool->finished, 0, memory_order_release);
  atomic_store_explicit(&pool->first, first, memory_order_release);
  atomic_store_explicit(&pool->count, count, memory_order_release);
  atomic_store_explicit(&pool->task, task, memory_order_release);
  atomic_store_explicit(&pool->argument, argument, memory_order_release);
  atomic_store(&pool->state, make_state(loop, 0));
}

/* A worker raises `sleepers` before it looks at the state for the last time, and we set the state
 * before we look at `sleepers`: one of the two sees the other. Taking the mutex waits out a worker
 * that has looked and is about to sleep. */
static void wake_workers(xd_pool *pool, uint32_t wanted) {
  uint32_t sleepers = atomic_load(&pool->sleepers);
  if (sleepers == 0)
    return;
  pthread_mutex_lock(&pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
  if (wanted >= sleepers) {
    pthread_cond_broadcast(&pool->news);
    return;
  }
  for (uint32_t i = 0; i < wanted; i++)
    pthread_cond_signal(&pool->news);
}

static bool is_finished(xd_pool *pool, uint32_t count) {
  return atomic_load(&pool->finished) == count;
}

static void wait_for_others(xd_pool *pool, uint32_t count) {
  if (spin(pool, is_finished, count))
    return;
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->caller_sleeps, true);
  while (!is_finished(pool, count))
    pthread_cond_wait(&pool->done, &pool->mutex);
  atomic_store(&pool->caller_sleeps, false);
  pthread_mutex_unlock(&pool->mutex);
}

static void run_piece(xd_pool *pool, xd_task task, void *argument, uint32_t first, uint32_t count) {
  uint32_t total = 0;
  open_loop(pool, task, argument, first, count);
  wake_workers(pool, count - 1);
  atomic_fetch_add(&pool->finished, work(pool, FROM_FRONT, &total));
  wait_for_others(pool, count);
}

/* ---- loops ---- */

static int run_in_pool(void *user, xd_task task, void *argument, uint32_t count) {
  xd_pool *pool = user;
  /* Within a task of ours, or from a second thread: no waiting, the calling thread does it. */
  if (count == 1 || xdi_birth_is_inherited(&pool->birth) || atomic_exchange(&pool->busy, true))
    return xdi_serial_runner.run(NULL, task, argument, count);
  for (uint32_t first = 0, piece; first < count; first += piece) {
    piece = count - first < PIECE ? count - first : PIECE;
    run_piece(pool, task, argument, first, piece);
  }
  atomic_store(&pool->busy, false);
  return 0;
}

xd_runner xdi_pool_runner(const xd_pool *pool) {
  xd_pool *shared = (xd_pool *)pool; /* loops are no part of what const promises */
  return (xd_runner){
      .struct_size = sizeof(xd_runner), .user = shared, .run = run_in_pool, .threads = pool->threads};
}

/* ---- life ---- */

static bool create_locks(xd_pool *pool) {
  if (pthread_mutex_init(&pool->mutex, NULL) != 0)
    return false;
  if (pthread_cond_init(&pool->news, NULL) == 0) {
    if (pthread_cond_init(&pool->done, NULL) == 0)
      return true;
    pthread_cond_destroy(&pool->news);
  }
  pthread_mutex_destroy(&pool->mutex);
  return false;
}

xd_status xd_pool_create(xd_pool **out, uint32_t threads, const xd_allocator *allocator) {
  xd_allocator from = xdi_heap;
  if (!out)
    return XD_ERROR_INVALID_ARGUMENT;
  *out = NULL;
  if (threads < 1 || threads > XDI_THREADS_MOST)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status = allocator ? xdi_allocator_read(NULL, &from, allocator) : XD_OK;
  if (status != XD_OK)
    return status;
  xd_pool *pool = xdi_allocate_zeroed(&from, 1, sizeof *pool);
  if (!pool)
    return XD_ERROR_OUT_OF_MEMORY;
  pool->allocator = from;
  pool->threads = threads;
  pool->may_spin = xd_usable_threads() >= threads;
  xdi_owners_begin(&pool->references);
  atomic_init(&pool->state, make_state(0, CLOSED));
  if (!create_locks(pool)) {
    xdi_release(&from, pool);
    return XD_ERROR_OUT_OF_MEMORY;
  }
  pool->birth = xdi_birth_note();
  /* Where the system refuses one, the pool has those that it got. */
  pool->started = xdi_system_start_threads(pool->workers, threads - 1, serve, pool);
  pool->threads = pool->started + 1;
  *out = pool;
  return XD_OK;
}

uint32_t xd_pool_threads(const xd_pool *pool) {
  return pool ? pool->threads : 0;
}

static void stop_workers(xd_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->stop, true);
  pthread_cond_broadcast(&pool->news);
  pthread_mutex_unlock(&pool->mutex);
  for (uint32_t i = 0; i < pool->started; i++)
    pthread_join(pool->workers[i], NULL);
}

xd_pool *xd_pool_retain(const xd_pool *pool) {
  xd_pool *shared = (xd_pool *)pool; /* the count is no part of what const promises */
  if (shared)
    xdi_owners_add(&shared->references);
  return shared;
}

void xd_pool_release(const xd_pool *pool) {
  xd_pool *shared = (xd_pool *)pool;
  if (!shared || !xdi_owners_drop(&shared->references))
    return;
  if (!xdi_birth_is_inherited(&shared->birth)) {
    stop_workers(shared);
    pthread_cond_destroy(&shared->done);
    pthread_cond_destroy(&shared->news);
    pthread_mutex_destroy(&shared->mutex);
  }
  xdi_birth_forget(&shared->birth);
  const xd_allocator allocator = shared->allocator;
  xdi_release(&allocator, shared);
}
