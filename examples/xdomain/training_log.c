/* The losses of every step as CSV, which xdomain train and map write beside the model. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "training.h"

/* ---- The log ---- */

/* A column and the value that fills it; empty where a step has none of that name. */
static const struct {
  const char *title, *value;
  bool validation;
} columns[] = {{"vae_loss", "total", false},
               {"pixel_cost", "pixel_cost", false},
               {"kl", "kl", false},
               {"discriminator", "discriminator", false},
               {"generator", "generator", false},
               {"real", "real", false},
               {"generated", "generated", false},
               {"noise", "noise", false},
               {"regularisation", "regularisation", false},
               {"acc", "acc", true},
               {"div", "div", true},
               {"ediv", "ediv", true},
               {"style", "style", true},
               {"fd", "fd", true}};

static void print_header(FILE *to) {
  fputs("stage,step", to);
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    fprintf(to, ",%s", columns[i].title);
  fputc('\n', to);
}

/* A log that cannot be written on does not end the training; it is said once, and in the exit code. */
static void note_loss(training *t) {
  if (t->log_lost)
    return;
  t->log_lost = true;
  failure("cannot write the log '%s': %s", t->log_path, strerror(errno));
}

/* Where the rows of this step and later ones begin, which an interrupted training may have written after its last
 * checkpoint. 0: it is no log. */
static long find_step(FILE *log, const xd_progress *p) {
  char line[512];
  long at = 0;
  rewind(log);
  if (!fgets(line, sizeof line, log) || strncmp(line, "stage,step", strlen("stage,step")))
    return 0;
  for (at = ftell(log); fgets(line, sizeof line, log); at = ftell(log)) {
    unsigned stage, step;
    const bool whole = sscanf(line, "%u,%u,", &stage, &step) == 2 && strchr(line, '\n');
    if (!whole || stage > p->stage || (stage == p->stage && step >= p->step))
      break;
  }
  return at;
}

/* The log of a training that is resumed goes on, if it is a file that was written. */
static bool take_up_log(training *t, const xd_progress *p) {
  t->log = t->checkpoint.resume && is_file(t->log_path) ? fopen(t->log_path, "r+") : NULL;
  if (!t->log)
    return false;
  const long at = find_step(t->log, p);
  if (fseek(t->log, at, SEEK_SET) != 0 || ftruncate(fileno(t->log), at) != 0)
    note_loss(t);
  return at > 0;
}

void open_training_log(training *t, const xd_progress *p) {
  if (!t->log_path || take_up_log(t, p))
    return;
  if (!t->log)
    t->log = fopen(t->log_path, "w");
  if (t->log)
    print_header(t->log);
  else
    note_loss(t);
}

void log_training_step(training *t, const xd_progress *p) {
  if (!t->log || t->log_lost)
    return;
  fprintf(t->log, "%u,%u", p->stage, p->step);
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    const double value = value_of(columns[i].validation ? p->validation : p->losses, columns[i].value);
    fputc(',', t->log);
    if (isfinite(value))
      fprintf(t->log, "%.6g", value);
  }
  fputc('\n', t->log);
  if ((p->validation && fflush(t->log)) || ferror(t->log))
    note_loss(t);
}

int close_training_log(training *t) {
  if (t->log && fclose(t->log) != 0)
    note_loss(t);
  t->log = NULL;
  return t->log_lost ? EXIT_FAILED : EXIT_DONE;
}
