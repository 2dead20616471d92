/* Progress on standard error: a bar with the time left on a terminal, plain lines elsewhere. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define BAR_WIDTH 24
#define BAR_INTERVAL 0.1   /* seconds between redraws */
#define LINE_INTERVAL 15.0 /* seconds between plain lines */

double now_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void progress_start(progress *p) {
  memset(p, 0, sizeof *p);
  p->terminal = isatty(STDERR_FILENO) != 0;
  p->started = now_seconds();
}

static void draw_bar(const char *stage, double overall, double left, const char *detail) {
  char bar[BAR_WIDTH + 1];
  int filled = (int)(overall * BAR_WIDTH);
  for (int i = 0; i < BAR_WIDTH; i++)
    bar[i] = i < filled ? '#' : '.';
  bar[BAR_WIDTH] = '\0';
  fprintf(stderr, "\r\033[K[%s] %3.0f%%  %s  %s  ETA %d:%02d", bar, 100.0 * overall, stage, detail,
          (int)(left / 60.0), (int)left % 60);
  fflush(stderr);
}

void progress_show(progress *p, const char *stage, uint32_t step, uint32_t steps, double overall,
                   const char *detail) {
  double now = now_seconds(), spent = now - p->started;
  double left = overall > 0.01 ? spent * (1.0 - overall) / overall : 0.0;
  bool changed = strncmp(p->stage, stage, sizeof p->stage - 1) != 0;
  if (!changed && step < steps && now - p->shown < (p->terminal ? BAR_INTERVAL : LINE_INTERVAL))
    return;
  p->shown = now;
  snprintf(p->stage, sizeof p->stage, "%s", stage);
  if (p->terminal)
    draw_bar(stage, overall, left, detail);
  else
    fprintf(stderr, "%s: step %u of %u, %s, %.0f s\n", stage, step, steps, detail, spent);
}

void progress_end(progress *p) {
  if (p->terminal)
    fputs("\r\033[K", stderr);
}
