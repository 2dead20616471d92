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

void progress_await(progress *p, const char *stage) {
  progress_start(p);
  p->shown = p->started;
  snprintf(p->stage, sizeof p->stage, "%s", stage);
}

void progress_count(progress *p, const char *stage, uint32_t pictures, uint32_t all) {
  char detail[32];
  snprintf(detail, sizeof detail, "%u pictures", pictures);
  if (pictures < all)
    progress_show(p, stage, pictures, all, (double)pictures / all, -1.0, detail);
}

void spell_duration(char text[DURATION_SIZE], double seconds) {
  const double minutes = seconds / 60.0;
  if (minutes < 1.0)
    snprintf(text, DURATION_SIZE, "less than a minute");
  else if (minutes < 100.0)
    snprintf(text, DURATION_SIZE, "about %.0f min", minutes);
  else
    snprintf(text, DURATION_SIZE, "about %.1f h", minutes / 60.0);
}

static void draw_bar(const char *stage, double overall, double left, const char *detail) {
  char bar[BAR_WIDTH + 1];
  int filled = (int)(overall * BAR_WIDTH);
  for (int i = 0; i < BAR_WIDTH; i++)
    bar[i] = i < filled ? '#' : '.';
  bar[BAR_WIDTH] = '\0';
  fprintf(stderr, "\r\033[K[%s] %3.0f%%  %s  %s", bar, 100.0 * overall, stage, detail);
  if (left >= 0.0)
    fprintf(stderr, "  ETA %d:%02d", (int)(left / 60.0), (int)left % 60);
  fflush(stderr);
}

static void print_line(const char *stage, uint32_t step, uint32_t steps, const char *detail, double spent,
                       double left) {
  fprintf(stderr, "%s: step %u of %u, %s, %.0f s", stage, step, steps, detail, spent);
  if (left >= 0.0) {
    char duration[DURATION_SIZE];
    spell_duration(duration, left);
    fprintf(stderr, ", %s left", duration);
  }
  fputc('\n', stderr);
}

static double guess_left(double spent, double overall) {
  return overall > 0.01 ? spent * (1.0 - overall) / overall : -1.0;
}

static void note_shown(progress *p, const char *stage, double now) {
  p->shown = now;
  snprintf(p->stage, sizeof p->stage, "%s", stage);
}

void progress_show(progress *p, const char *stage, uint32_t step, uint32_t steps, double overall, double left,
                   const char *detail) {
  const double now = now_seconds(), spent = now - p->started;
  const bool changed = strncmp(p->stage, stage, sizeof p->stage - 1) != 0;
  if (!changed && step < steps && now - p->shown < (p->terminal ? BAR_INTERVAL : LINE_INTERVAL))
    return;
  if (left < 0.0)
    left = guess_left(spent, overall);
  note_shown(p, stage, now);
  if (p->terminal)
    draw_bar(stage, overall, left, detail);
  else
    print_line(stage, step, steps, detail, spent, left);
}

void progress_clear(const progress *p) {
  if (p->terminal)
    fputs("\r\033[K", stderr);
}

/* A line that stays, on a terminal too. */
static void keep_line(progress *p, const char *stage, uint32_t step, uint32_t steps, double overall,
                      double left, const char *detail) {
  const double now = now_seconds(), spent = now - p->started;
  progress_clear(p);
  print_line(stage, step, steps, detail, spent, left < 0.0 ? guess_left(spent, overall) : left);
  note_shown(p, stage, now);
}

static void tell_losses(char *detail, size_t size, const xd_progress *p) {
  if (p->validation)
    snprintf(detail, size, "validation acc %.4f div %.3f ediv %.3f style %.3f",
             value_of(p->validation, "acc"), value_of(p->validation, "div"), value_of(p->validation, "ediv"),
             value_of(p->validation, "style"));
  else if (p->stage == XD_STAGE_JUDGE)
    snprintf(detail, size, "loss %.4f", value_of(p->losses, "loss"));
  else if (p->stage >= XD_STAGE_MAPPING1)
    snprintf(detail, size, "D %.3f G %.3f", value_of(p->losses, "discriminator"),
             value_of(p->losses, "generator"));
  else if (p->stage == XD_STAGE_CODES)
    snprintf(detail, size, "codes");
  else
    snprintf(detail, size, "pixels %.2f KL %.2f", value_of(p->losses, "pixel_cost"),
             value_of(p->losses, "kl"));
}

void progress_step(progress *shown, const char *stage, const xd_progress *p, double left) {
  char detail[128];
  tell_losses(detail, sizeof detail, p);
  (p->validation ? keep_line : progress_show)(shown, stage, p->step, p->steps, p->overall, left, detail);
}

void progress_end(progress *p) {
  progress_clear(p);
}
