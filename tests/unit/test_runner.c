/* The parallel loop: the pool under many short loops, the serial runner, a host's runner. */
#include "support.h"

#include <pthread.h>
#include <time.h>

#include "base/memory.h"
#include "base/runner.h"

#define MOST 5000

/* How often each index ran: plain integers on purpose, so that ThreadSanitizer sees a double claim or
 * a missing happens-before. */
typedef struct tally {
  uint32_t runs[MOST];
} tally;

static void count_run(void *argument, uint32_t index) {
  tally *counts = argument;
  counts->runs[index]++;
}

static void run_and_check(const xd_runner *runner, tally *counts, uint32_t count) {
  memset(counts, 0, sizeof counts->runs[0] * (count + 1));
  if (xdi_run(runner, count_run, counts, count) != 0)
    ck_abort_msg("the runner failed at %u", (unsigned)count);
  for (uint32_t i = 0; i < count; i++)
    if (counts->runs[i] != 1)
      ck_abort_msg("index %u of %u ran %u times", (unsigned)i, (unsigned)count, (unsigned)counts->runs[i]);
  if (counts->runs[count] != 0)
    ck_abort_msg("index %u of as many ran", (unsigned)count);
}

static void pause_for(long microseconds) {
  struct timespec time = {0, microseconds * 1000};
  nanosleep(&time, NULL);
}

static xd_pool *make_pool(uint32_t threads) {
  xd_pool *pool = NULL;
  assert_status(xd_pool_create(&pool, threads, NULL), XD_OK);
  ck_assert_uint_eq(xdi_pool_runner(pool).threads, threads);
  return pool;
}

START_TEST(serial_runner__runs_all_in_order_on_the_caller) {
  static tally counts;
  ck_assert_uint_eq(xdi_serial_runner.threads, 1);
  for (uint32_t count = 0; count < 50; count++)
    run_and_check(&xdi_serial_runner, &counts, count);
}
END_TEST

START_TEST(pool__runs_every_index_once) {
  static tally counts;
  const uint32_t threads[] = {2, 3, 5, 16};
  const uint32_t sizes[] = {0, 1, 2, 3, 5, 7, 13, 16, 17, 64, 99, 1000, MOST - 1};
  for (int t = 0; t < 4; t++) {
    xd_pool *pool = make_pool(threads[t]);
    xd_runner runner = xdi_pool_runner(pool);
    for (int s = 0; s < 13; s++)
      run_and_check(&runner, &counts, sizes[s]);
    xd_pool_release(pool);
  }
}
END_TEST

START_TEST(pool__survives_many_short_loops_in_a_row) {
  static tally counts;
  xd_pool *pool = make_pool(4);
  xd_runner runner = xdi_pool_runner(pool);
  for (uint32_t i = 0; i < 20000; i++)
    run_and_check(&runner, &counts, i % 9);
  xd_pool_release(pool);
}
END_TEST

/* Pauses around the time for which idle threads spin: they are met awake, falling asleep and asleep. */
START_TEST(pool__wakes_threads_that_fell_asleep) {
  static tally counts;
  xd_pool *pool = make_pool(2);
  xd_runner runner = xdi_pool_runner(pool);
  for (uint32_t i = 0; i < 300; i++) {
    pause_for((long)(i % 60) * 10);
    run_and_check(&runner, &counts, 2 + i % 20);
  }
  xd_pool_release(pool);
}
END_TEST

typedef struct crowd {
  pthread_mutex_t mutex;
  pthread_t seen[64];
  uint32_t count;
} crowd;

static void join_crowd(void *argument, uint32_t index) {
  crowd *people = argument;
  (void)index;
  pause_for(200);
  pthread_mutex_lock(&people->mutex);
  uint32_t i = 0;
  while (i < people->count && !pthread_equal(people->seen[i], pthread_self()))
    i++;
  if (i == people->count && i < 64)
    people->seen[people->count++] = pthread_self();
  pthread_mutex_unlock(&people->mutex);
}

START_TEST(pool__uses_all_its_threads_and_no_more) {
  crowd people = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  xd_pool *pool = make_pool(3);
  xd_runner runner = xdi_pool_runner(pool);
  for (int i = 0; i < 1000 && people.count < 3; i++)
    ck_assert_int_eq(xdi_run(&runner, join_crowd, &people, 30), 0);
  ck_assert_int_eq(xdi_run(&runner, join_crowd, &people, 30), 0);
  ck_assert_uint_eq(people.count, 3);
  xd_pool_release(pool);
}
END_TEST

/* The longest index runs elsewhere, perhaps: the caller has to wait for it, asleep in the end. */
static void finish_late(void *argument, uint32_t index) {
  uint32_t *done = argument;
  pause_for(index % 2 ? 3000 : 0);
  done[index]++;
}

START_TEST(pool__returns_when_the_slowest_index_has_ended) {
  xd_pool *pool = make_pool(2);
  xd_runner runner = xdi_pool_runner(pool);
  for (int round = 0; round < 20; round++) {
    uint32_t done[3] = {0};
    ck_assert_int_eq(xdi_run(&runner, finish_late, done, 3), 0);
    ck_assert(done[0] == 1 && done[1] == 1 && done[2] == 1);
  }
  xd_pool_release(pool);
}
END_TEST

typedef struct nest {
  const xd_runner *runner;
  tally inner[8];
  int failures[8];
} nest;

static void run_nested(void *argument, uint32_t index) {
  nest *outer = argument;
  outer->failures[index] = xdi_run(outer->runner, count_run, &outer->inner[index], 40);
}

START_TEST(pool__runs_a_loop_within_a_loop) {
  static nest outer;
  xd_pool *pool = make_pool(2);
  xd_runner runner = xdi_pool_runner(pool);
  outer.runner = &runner;
  ck_assert_int_eq(xdi_run(&runner, run_nested, &outer, 8), 0);
  for (int i = 0; i < 8; i++) {
    ck_assert_int_eq(outer.failures[i], 0);
    for (int j = 0; j < 40; j++)
      ck_assert_uint_eq(outer.inner[i].runs[j], 1);
  }
  xd_pool_release(pool);
}
END_TEST

typedef struct client {
  const xd_runner *runner; /* shared, or NULL: a pool of its own */
  uint32_t loops;
  uint32_t wrong;
} client;

static void *use_runner(void *argument) {
  client *self = argument;
  tally *counts = calloc(1, sizeof *counts);
  xd_pool *own = NULL;
  self->wrong += !self->runner && xd_pool_create(&own, 2, NULL) != XD_OK;
  xd_runner runner = self->runner ? *self->runner : xdi_pool_runner(own);
  for (uint32_t i = 1; i <= self->loops; i++) {
    self->wrong += xdi_run(&runner, count_run, counts, 20) != 0;
    for (int j = 0; j < 20; j++)
      self->wrong += counts->runs[j] != i;
  }
  xd_pool_release(own);
  free(counts);
  return NULL;
}

static void run_clients(client clients[2]) {
  pthread_t threads[2];
  for (int i = 0; i < 2; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, use_runner, &clients[i]), 0);
  for (int i = 0; i < 2; i++)
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
  ck_assert_uint_eq(clients[0].wrong + clients[1].wrong, 0);
}

START_TEST(pool__of_one_thread_does_not_disturb_anothers) {
  client clients[2] = {{NULL, 2000, 0}, {NULL, 2000, 0}};
  run_clients(clients);
}
END_TEST

START_TEST(pool__stays_right_when_two_threads_use_it) {
  xd_pool *pool = make_pool(2);
  xd_runner runner = xdi_pool_runner(pool);
  client clients[2] = {{&runner, 3000, 0}, {&runner, 3000, 0}};
  run_clients(clients);
  xd_pool_release(pool);
}
END_TEST

START_TEST(pool_create__refuses_odd_sizes) {
  const uint32_t wrong[] = {0, 257, UINT32_MAX};
  for (int i = 0; i < 3; i++) {
    xd_pool *pool = (xd_pool *)(uintptr_t)1;
    assert_status(xd_pool_create(&pool, wrong[i], NULL), XD_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(pool);
  }
  assert_status(xd_pool_create(NULL, 2, NULL), XD_ERROR_INVALID_ARGUMENT);
  xd_pool_release(NULL);
  ck_assert_ptr_null(xd_pool_retain(NULL));
  ck_assert_uint_eq(xd_pool_threads(NULL), 0);
}
END_TEST

START_TEST(pool_create__gives_null_without_memory) {
  counting_allocator counter = {0};
  xd_allocator allocator = counting_allocator_hooks(&counter);
  xd_pool *pool = NULL;
  counter.fail_at = 1;
  assert_status(xd_pool_create(&pool, 2, &allocator), XD_ERROR_OUT_OF_MEMORY);
  ck_assert_ptr_null(pool);
  ck_assert_uint_eq(counter.live_blocks, 0);
}
END_TEST

START_TEST(pool__allocates_nothing_in_a_loop_and_returns_all) {
  static tally counts;
  counting_allocator counter = {0};
  xd_allocator allocator = counting_allocator_hooks(&counter);
  xd_pool *pool = NULL;
  assert_status(xd_pool_create(&pool, 3, &allocator), XD_OK);
  xd_runner runner = xdi_pool_runner(pool);
  size_t before = counter.total;
  for (int i = 0; i < 100; i++)
    run_and_check(&runner, &counts, 50);
  ck_assert_uint_eq(counter.total, before);
  xd_pool_release(pool);
  ck_assert_uint_eq(counter.live_blocks, 0);
}
END_TEST

START_TEST(pool__can_be_destroyed_at_any_moment_between_loops) {
  static tally counts;
  for (uint32_t i = 0; i < 300; i++) {
    xd_pool *pool = make_pool(2 + i % 3);
    xd_runner runner = xdi_pool_runner(pool);
    for (uint32_t loop = 0; loop < i % 4; loop++)
      run_and_check(&runner, &counts, 10);
    if (i % 10 == 0)
      pause_for(400);
    xd_pool_release(pool);
  }
}
END_TEST

typedef struct host {
  uint32_t calls;
  int answer;
} host;

static int run_backwards(void *user, xd_task task, void *argument, uint32_t count) {
  host *self = user;
  self->calls++;
  for (uint32_t i = count; i > 0; i--)
    task(argument, i - 1);
  return self->answer;
}

START_TEST(run__calls_the_hosts_runner_and_hands_on_its_answer) {
  static tally counts;
  host self = {0, 0};
  xd_runner runner = XD_RUNNER_INIT;
  runner.user = &self, runner.run = run_backwards, runner.threads = 7;
  run_and_check(&runner, &counts, 33);
  ck_assert_uint_eq(self.calls, 1);
  run_and_check(&runner, &counts, 0); /* not worth a call */
  run_and_check(&runner, &counts, 1);
  ck_assert_uint_eq(self.calls, 1);
  self.answer = 5;
  ck_assert_int_eq(xdi_run(&runner, count_run, &counts, 2), 5);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("runner");
  add_case(suite, serial_runner__runs_all_in_order_on_the_caller);
  add_case(suite, pool__runs_every_index_once);
  add_case(suite, pool__survives_many_short_loops_in_a_row);
  add_case(suite, pool__wakes_threads_that_fell_asleep);
  add_case(suite, pool__uses_all_its_threads_and_no_more);
  add_case(suite, pool__returns_when_the_slowest_index_has_ended);
  add_case(suite, pool__runs_a_loop_within_a_loop);
  add_case(suite, pool__of_one_thread_does_not_disturb_anothers);
  add_case(suite, pool__stays_right_when_two_threads_use_it);
  add_case(suite, pool_create__refuses_odd_sizes);
  add_case(suite, pool_create__gives_null_without_memory);
  add_case(suite, pool__allocates_nothing_in_a_loop_and_returns_all);
  add_case(suite, pool__can_be_destroyed_at_any_moment_between_loops);
  add_case(suite, run__calls_the_hosts_runner_and_hands_on_its_answer);
  return suite;
}

XD_SUITE_MAIN(make_suite)
