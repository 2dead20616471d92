/* What the machine can do: dnnl_sgemm on square matrices. Reads lines of one number, the seconds to
 * measure for, and answers each with GFLOP/s. OMP_NUM_THREADS says on how many threads.
 * usage: peak [SIDE]    1024 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <dnnl.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static float *make_matrix(size_t side) {
  float *cells = aligned_alloc(64, side * side * sizeof *cells);
  for (size_t i = 0; cells && i < side * side; i++)
    cells[i] = (float)(i % 7) * 0.1f - 0.3f;
  return cells;
}

int main(int argc, char **argv) {
  const long side = argc > 1 ? atol(argv[1]) : 1024;
  if (side < 16 || side > 16384 || side % 16) {
    fprintf(stderr, "peak: a side of %ld\n", side);
    return 2;
  }
  float *a = make_matrix((size_t)side), *b = make_matrix((size_t)side), *c = make_matrix((size_t)side);
  if (!a || !b || !c)
    return 1;
  double seconds;
  while (scanf("%lf", &seconds) == 1) {
    const double begun = now();
    long products = 0;
    do {
      if (dnnl_sgemm('N', 'N', side, side, side, 1.0f, a, side, b, side, 0.0f, c, side) != dnnl_success)
        return 1;
      products++;
    } while (now() - begun < seconds);
    printf("%.6g\n", (double)products * 2e-9 * (double)side * (double)side * (double)side / (now() - begun));
    fflush(stdout);
  }
  free(a), free(b), free(c);
  return 0;
}
