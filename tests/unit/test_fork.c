/* Forked children of a program with a pool: they go on alone, with the same results, at any moment of the
 * pool's; a context that a child makes has threads of its own. */
#include "network_support.h"
#include "tiny_model.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include "base/context.h"
#include "base/runner.h"

enum { FORKS = 1000, COUNT = 16, IN = 8 * 8, OUT = 10 * 9 * 3, PATIENCE = 20 };

static xd_context *context;
static xd_model *model;
static xd_translator *translator;
static float inputs[COUNT * IN], expected[COUNT * OUT];

static void set_up(void) {
  context = test_context_with(NULL, 4, NULL);
  model = tiny_model(context, true);
  assert_ok(context, xd_translator_create(&translator, context, model, NULL));
  for (int i = 0; i < COUNT * IN; i++)
    inputs[i] = (float)(i * 29 % 101) / 100.0f;
  assert_ok(context, xd_translator_run_floats(translator, expected, NULL, inputs, COUNT));
}

static void tear_down(void) {
  xd_translator_destroy(translator);
  xd_model_release(model);
  xd_context_destroy(context);
}

static void add_one(void *argument, uint32_t index) {
  ((atomic_int *)argument)[index]++;
}

/* 0 when all went well. Nothing here may use Check, whose pipe is the parent's. */
static int translate_alone(void) {
  float outputs[COUNT * OUT];
  atomic_int counts[100];
  memset(outputs, 0, sizeof outputs);
  if (xd_translator_run_floats(translator, outputs, NULL, inputs, COUNT) != XD_OK)
    return 1;
  if (memcmp(outputs, expected, sizeof outputs) != 0)
    return 2;
  for (int i = 0; i < 100; i++)
    atomic_init(&counts[i], 0);
  if (xdi_run(&context->runner, add_one, counts, 100) != 0)
    return 3;
  for (int i = 0; i < 100; i++)
    if (counts[i] != 1)
      return 4;
  return 0;
}

static int work_with_threads_of_its_own(void) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *own = NULL;
  xd_translator *second = NULL;
  float outputs[COUNT * OUT];
  options.threads = 3;
  if (xd_context_create(&own, &options) != XD_OK || xd_context_threads(own) != 3)
    return 5;
  if (xd_translator_create(&second, own, model, NULL) != XD_OK ||
      xd_translator_run_floats(second, outputs, NULL, inputs, COUNT) != XD_OK)
    return 6;
  if (memcmp(outputs, expected, sizeof outputs) != 0)
    return 7;
  xd_translator_destroy(second);
  xd_context_destroy(own);
  return 0;
}

static int child(int number) {
  alarm(PATIENCE);
  int answer = translate_alone();
  if (answer == 0 && number % 10 == 0)
    answer = work_with_threads_of_its_own();
  if (answer == 0)
    tear_down();
  return answer;
}

static void fork_once(int number) {
  int status;
  const pid_t process = fork();
  if (process == 0)
    _exit(child(number));
  ck_assert_int_gt(process, 0);
  ck_assert_int_eq(waitpid(process, &status, 0), process);
  if (!WIFEXITED(status))
    ck_abort_msg("fork %d: signal %d%s", number, WTERMSIG(status),
                 WTERMSIG(status) == SIGALRM ? ", it hung" : "");
  if (WEXITSTATUS(status) != 0)
    ck_abort_msg("fork %d: the child answered %d", number, WEXITSTATUS(status));
}

/* Pauses around the time for which idle threads spin, so that forks meet them awake, falling asleep and
 * asleep. */
START_TEST(fork__leaves_a_context_that_works) {
  for (int i = 0; i < FORKS; i++) {
    const struct timespec pause = {0, i % 30 * 20000};
    float outputs[COUNT * OUT];
    assert_ok(context, xd_translator_run_floats(translator, outputs, NULL, inputs, COUNT));
    if (i % 3 == 0)
      nanosleep(&pause, NULL);
    fork_once(i);
  }
  ck_assert_int_eq(translate_alone(), 0); /* the parent as before */
}
END_TEST

typedef struct neighbour {
  xd_pool *pool;
  atomic_bool stop;
} neighbour;

static void *keep_busy(void *argument) {
  neighbour *of = argument;
  const xd_runner runner = xdi_pool_runner(of->pool);
  atomic_int counts[50];
  for (int i = 0; i < 50; i++)
    atomic_init(&counts[i], 0);
  while (!atomic_load(&of->stop))
    xdi_run(&runner, add_one, counts, 50);
  return NULL;
}

/* Another thread's loop is under way in the same pool: its locks and counters are caught in any state. */
START_TEST(fork__bears_a_pool_that_others_are_using) {
  neighbour of = {.pool = NULL};
  pthread_t thread;
  assert_status(xd_pool_create(&of.pool, 3, NULL), XD_OK);
  atomic_init(&of.stop, false);
  ck_assert_int_eq(pthread_create(&thread, NULL, keep_busy, &of), 0);
  for (int i = 0; i < 200; i++) {
    int status;
    const pid_t process = fork();
    if (process == 0) {
      const xd_runner runner = xdi_pool_runner(of.pool);
      atomic_int counts[50];
      int wrong = 0;
      alarm(PATIENCE);
      for (int k = 0; k < 50; k++)
        atomic_init(&counts[k], 0);
      wrong += xdi_run(&runner, add_one, counts, 50) != 0;
      for (int k = 0; k < 50; k++)
        wrong += counts[k] != 1;
      xd_pool_release(of.pool);
      _exit(wrong);
    }
    ck_assert_int_gt(process, 0);
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "fork %d: %x", i, (unsigned)status);
  }
  atomic_store(&of.stop, true);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  xd_pool_release(of.pool);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("fork");
  add_checked_case(suite, "fork__leaves_a_context_that_works", fork__leaves_a_context_that_works, set_up,
                   tear_down);
  add_case(suite, fork__bears_a_pool_that_others_are_using);
  return suite;
}

XD_SUITE_MAIN(make_suite)
