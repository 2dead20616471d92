/* A process is killed while it saves: what lies there afterwards is the old file or the new one, whole. The
 * child saves two models in turn over the same file until it is killed at a random moment. */
#include "faults.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { KILLS = 120 };

/* Asserts nothing: Check notes each assertion in a file that parent and child share, and a note would be cut off. */
static void save_forever(const fixture *with, xd_context *context, const char *path) {
  xd_save_options half = XD_SAVE_OPTIONS_INIT;
  half.half = 1;
  for (;;) {
    if (xd_model_save(with->model, context, path, NULL) != XD_OK ||
        xd_model_save(with->model, context, path, &half) != XD_OK)
      _exit(1);
  }
}

/* Up to 4 milliseconds, some with nothing in between. */
static void wait_a_moment(uint64_t number) {
  const struct timespec moment = {0, (long)(number * UINT64_C(0x9e3779b97f4a7c15) >> 42)};
  nanosleep(&moment, NULL);
}

void sweep_kills(const sweep *of, const fixture *with) {
  char path[TEST_PATH_SIZE];
  xd_save_options half = XD_SAVE_OPTIONS_INIT;
  uint64_t whole[2], seen[2] = {0, 0};
  xd_context *context = test_context("reference");
  half.half = 1;
  path_in(path, with->folder, "killed.xdm");
  assert_ok(context, xd_model_save(with->model, context, path, NULL));
  whole[0] = hash_file(path);
  assert_ok(context, xd_model_save(with->model, context, path, &half));
  whole[1] = hash_file(path);
  const int kills = of->all ? 10 * KILLS : KILLS;
  for (int i = 0; i < kills; i++) {
    const pid_t child = fork();
    demand(child >= 0, "kill %d: no process", i);
    if (child == 0)
      save_forever(with, context, path);
    wait_a_moment(of->seed + (uint64_t)i);
    int ended;
    demand(kill(child, SIGKILL) == 0 && waitpid(child, &ended, 0) == child && WIFSIGNALED(ended),
           "kill %d: the child ended by itself", i);
    const uint64_t hash = hash_file(path);
    demand(hash == whole[0] || hash == whole[1], "kill %d: the file is neither the old nor the new one", i);
    seen[hash == whole[1]]++;
  }
  xd_context_destroy(context);
  printf("all          %6d kills while saving: %llu times one file, %llu times the other\n", kills,
         (unsigned long long)seen[0], (unsigned long long)seen[1]);
}
