/* What the processor can do at most: multiply-adds on registers alone, in chains that do not wait for one another. Reads
 * lines of one number, the seconds to measure for, and answers each with GFLOP/s, two for a multiply-add.
 * usage: peak SET THREADS    avx512, avx2, neon or portable, the instructions; 1 to 64 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHAINS = 12, ROUNDS = 100000, MAX_THREADS = 64 };

/* CHAINS * ROUNDS multiply-adds of vectors of SIZE bytes. The chains begin apart, so that no compiler makes them one. */
#define DEFINE_LOOP(NAME, ATTRIBUTE, SIZE) \
  ATTRIBUTE static float NAME(float factor) { \
    typedef float vector __attribute__((vector_size(SIZE))); \
    vector scale, step, chains[CHAINS]; \
    for (size_t lane = 0; lane < sizeof scale / sizeof(float); lane++) { \
      scale[lane] = factor; \
      step[lane] = 0.25f; \
      for (int i = 0; i < CHAINS; i++) \
        chains[i][lane] = (float)i; \
    } \
    for (long round = 0; round < ROUNDS; round++) { \
      _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) chains[i] = chains[i] * scale + step; \
    } \
    for (int i = 1; i < CHAINS; i++) \
      chains[0] += chains[i]; \
    return chains[0][0]; \
  }

#if defined __x86_64__
DEFINE_LOOP(run_avx512, __attribute__((target("avx512f"))), 64)
DEFINE_LOOP(run_avx2, __attribute__((target("avx2,fma"))), 32)
#endif
DEFINE_LOOP(run_plain, , 16)

typedef struct instructions {
  const char *name;
  float (*run)(float factor);
  int lanes;
} instructions;

static const instructions sets[] = {
#if defined __x86_64__
    {"avx512", run_avx512, 16},
    {"avx2", run_avx2, 8},
#endif
    {"neon", run_plain, 4},
    {"portable", run_plain, 4}};

static const instructions *set;
static atomic_long runs;
static atomic_int stopped;
static volatile float unread; /* so that no compiler leaves the sums out */

static void *work(void *unused) {
  float sum = 0;
  while (!atomic_load(&stopped)) {
    sum += set->run(0.5f);
    atomic_fetch_add(&runs, 1);
  }
  unread = sum;
  return unused;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* GFLOP/s; negative where a thread cannot be started. */
static double measure(int threads, double seconds) {
  pthread_t others[MAX_THREADS];
  int started = 0;
  const struct timespec pause = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
  const double begun = now();
  atomic_store(&runs, 0);
  atomic_store(&stopped, 0);
  while (started < threads && pthread_create(&others[started], NULL, work, NULL) == 0)
    started++;
  nanosleep(&pause, NULL);
  atomic_store(&stopped, 1);
  for (int i = 0; i < started; i++)
    pthread_join(others[i], NULL);
  return started < threads
             ? -1
             : (double)atomic_load(&runs) * 2e-9 * CHAINS * ROUNDS * set->lanes / (now() - begun);
}

int main(int argc, char **argv) {
  const int threads = argc == 3 ? atoi(argv[2]) : 0;
  for (size_t i = 0; argc == 3 && i < sizeof sets / sizeof *sets; i++)
    if (strcmp(sets[i].name, argv[1]) == 0)
      set = &sets[i];
  if (!set || threads < 1 || threads > MAX_THREADS) {
    fputs("usage: peak SET THREADS\n", stderr);
    return 2;
  }
  double seconds;
  while (scanf("%lf", &seconds) == 1) {
    const double rate = measure(threads, seconds);
    if (rate < 0)
      return 1;
    printf("%.6g\n", rate);
    fflush(stdout);
  }
  return 0;
}
