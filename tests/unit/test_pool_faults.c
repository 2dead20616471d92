/* Pools of threads when the system refuses what they need: each call that a pool makes of it, caught here, since a
 * program's own definitions come before the C library's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT, sched_getaffinity */
#endif

#include "support.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "base/runner.h"

/* The call that fails from now on, the n-th of its name; NULL for none. */
static const char *failing;
static int failing_at, met;

static bool fails(const char *call) {
  return failing && strcmp(call, failing) == 0 && ++met >= failing_at;
}

static void refuse(const char *call, int at) {
  failing = call;
  failing_at = at;
  met = 0;
}

/* dlsym's result as a function, which ISO C cannot convert. */
#define FIND(type, name) \
  static type next; \
  if (!next) \
  *(void **)&next = dlsym(RTLD_NEXT, name)

typedef int (*mutex_function)(pthread_mutex_t *, const pthread_mutexattr_t *);
typedef int (*condition_function)(pthread_cond_t *, const pthread_condattr_t *);
typedef int (*mask_function)(int, const sigset_t *, sigset_t *);
typedef int (*advise_function)(void *, size_t, int);
typedef int (*affinity_function)(pid_t, size_t, cpu_set_t *);
typedef long (*sysconf_function)(int);

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
  FIND(mutex_function, "pthread_mutex_init");
  return fails("mutex") ? ENOMEM : next(mutex, attributes);
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes) {
  FIND(condition_function, "pthread_cond_init");
  return fails("condition") ? ENOMEM : next(condition, attributes);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) {
  FIND(mask_function, "pthread_sigmask");
  return fails("mask") ? EINVAL : next(how, set, before);
}

int madvise(void *memory, size_t size, int advice) {
  FIND(advise_function, "madvise");
  if (!fails("advice"))
    return next(memory, size, advice);
  errno = EINVAL;
  return -1;
}

int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set) {
  FIND(affinity_function, "sched_getaffinity");
  if (!fails("affinity") && !fails("processors"))
    return next(process, size, set);
  errno = EINVAL;
  return -1;
}

long sysconf(int name) {
  FIND(sysconf_function, "sysconf");
  return fails("processors") ? -1 : next(name);
}

/* ---- the tests ---- */

static void count_run(void *argument, uint32_t index) {
  atomic_fetch_add(&((atomic_int *)argument)[index], 1);
}

static void assert_runs_all(const xd_pool *pool) {
  atomic_int counts[50];
  const xd_runner runner = xdi_pool_runner(pool);
  for (int i = 0; i < 50; i++)
    atomic_init(&counts[i], 0);
  ck_assert_int_eq(runner.run(runner.user, count_run, counts, 0), 0);
  ck_assert_int_eq(runner.run(runner.user, count_run, counts, 50), 0);
  for (int i = 0; i < 50; i++)
    ck_assert_int_eq(counts[i], 1);
}

START_TEST(pool_create__needs_its_locks) {
  static const struct {
    const char *call;
    int at;
  } calls[] = {{"mutex", 1}, {"condition", 1}, {"condition", 2}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    counting_allocator counter = {0};
    const xd_allocator hooks = counting_allocator_hooks(&counter);
    xd_pool *pool = (xd_pool *)&counter;
    refuse(calls[i].call, calls[i].at);
    assert_status(xd_pool_create(&pool, 3, &hooks), XD_ERROR_OUT_OF_MEMORY);
    refuse(NULL, 0);
    ck_assert_ptr_null(pool);
    ck_assert_uint_eq(counter.live_blocks, 0);
  }
}
END_TEST

/* Without a page that children lose, a pool asks the system for the process. */
START_TEST(pool_create__does_without_a_mark_for_children) {
  xd_pool *pool = NULL;
  refuse("advice", 1);
  assert_status(xd_pool_create(&pool, 3, NULL), XD_OK);
  refuse(NULL, 0);
  assert_runs_all(pool);
  xd_pool_release(pool);
}
END_TEST

/* Workers that would take the host's signals are not started. */
START_TEST(pool_create__starts_no_thread_that_takes_signals) {
  xd_pool *pool = NULL;
  refuse("mask", 1);
  assert_status(xd_pool_create(&pool, 3, NULL), XD_OK);
  refuse(NULL, 0);
  ck_assert_uint_eq(xd_pool_threads(pool), 1);
  assert_runs_all(pool);
  xd_pool_release(pool);
}
END_TEST

START_TEST(usable_threads__is_one_where_the_system_tells_nothing) {
  refuse("affinity", 1); /* the processors that are online */
  const uint32_t online = xd_usable_threads();
  refuse("processors", 1);
  const uint32_t unknown = xd_usable_threads();
  refuse(NULL, 0);
  ck_assert_uint_ge(online, 1);
  ck_assert_uint_eq(unknown, 1);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("pool_faults");
  add_case(suite, pool_create__needs_its_locks);
  add_case(suite, pool_create__does_without_a_mark_for_children);
  add_case(suite, pool_create__starts_no_thread_that_takes_signals);
  add_case(suite, usable_threads__is_one_where_the_system_tells_nothing);
  return suite;
}
XD_SUITE_MAIN(make_suite)
