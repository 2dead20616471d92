/* What xdomain train and map write beside the model: the losses of every step as CSV, and a report as JSON. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
               {"fd", "fd", true}};

int open_training_log(training *t) {
  t->log = t->log_path ? fopen(t->log_path, "w") : NULL;
  if (!t->log)
    return t->log_path ? failure("cannot write the log '%s': %s", t->log_path, strerror(errno)) : EXIT_DONE;
  fputs("stage,step", t->log);
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    fprintf(t->log, ",%s", columns[i].title);
  fputc('\n', t->log);
  return EXIT_DONE;
}

/* A log that cannot be written on does not end the training; it is said once, and in the exit code. */
static void note_loss(training *t) {
  if (t->log_lost)
    return;
  t->log_lost = true;
  failure("cannot write the log '%s': %s", t->log_path, strerror(errno));
}

void log_training_step(training *t, const xd_train_progress *p) {
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

/* ---- The history of validations ---- */

bool note_validation(training *t, const xd_train_progress *p) {
  training_history *h = &t->history[p->stage == XD_STAGE_MAPPING_2TO1];
  if (h->count == h->room) {
    const size_t room = h->room ? 2 * h->room : 64;
    training_record *items = realloc(h->items, room * sizeof *items);
    if (!items)
      return false;
    h->items = items;
    h->room = room;
  }
  h->items[h->count++] = (training_record){.step = p->step,
                                           .acc = value_of(p->validation, "acc"),
                                           .div = value_of(p->validation, "div"),
                                           .ediv = value_of(p->validation, "ediv"),
                                           .fd = value_of(p->validation, "fd"),
                                           .score = value_of(p->validation, "score")};
  return true;
}

/* ---- The report ---- */

static void print_history(FILE *to, const training_history *h) {
  fputs("\"history\": [", to);
  for (size_t i = 0; i < h->count; i++) {
    const training_record *r = &h->items[i];
    const struct {
      const char *name;
      double value;
    } fields[] = {{"acc", r->acc}, {"div", r->div}, {"ediv", r->ediv}, {"fd", r->fd}, {"score", r->score}};
    fprintf(to, "%s\n  {\"step\": %u", i ? "," : "", r->step);
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
      fputs(", ", to);
      print_json_number(to, fields[k].name, fields[k].value);
    }
    fputc('}', to);
  }
  fputc(']', to);
}

static void print_direction(FILE *to, const training *t, uint32_t direction) {
  char name[32];
  snprintf(name, sizeof name, "kept_step%u", direction + 1);
  const double kept = value_of(t->report, name);
  fprintf(to, "{\"kept_step\": %.0f, ", isfinite(kept) ? kept : 0.0);
  print_history(to, &t->history[direction]);
  snprintf(name, sizeof name, "validation%u.", direction + 1);
  if (has_measures(t->report, name)) {
    fputs(",\n  \"validation\": ", to);
    print_measures_json(to, t->report, name);
  }
  fputc('}', to);
}

static bool print_report(FILE *to, const training *t, xd_status status) {
  const double seconds = value_of(t->report, "seconds");
  fprintf(to, "{\"status\": \"%s\", \"seconds\": %.3f", xd_status_name(status),
          isfinite(seconds) ? seconds : 0.0);
  for (uint32_t i = 0; i < 2; i++)
    if (t->directions >> i & 1) {
      fprintf(to, ",\n \"%s\": ", i ? "2to1" : "1to2");
      print_direction(to, t, i);
    }
  fputs("}\n", to);
  return fflush(to) == 0 && !ferror(to);
}

/* Beside the path and then renamed, so that an old report is replaced whole; what is no plain file, such as a link, a
 * device or a pipe, is written to. */
static bool save_report(const training *t, xd_status status) {
  struct stat info;
  const bool whole = lstat(t->report_path, &info) != 0 || S_ISREG(info.st_mode);
  char *temporary = whole ? join_texts(t->report_path, ".XXXXXX", "") : NULL;
  if (whole && !temporary)
    return false;
  FILE *to = whole ? open_temporary(temporary) : fopen(t->report_path, "w");
  bool good = to && print_report(to, t, status);
  good = to && fclose(to) == 0 && good;
  if (whole && good)
    good = rename(temporary, t->report_path) == 0;
  if (whole && to && !good) {
    const int error = errno;
    unlink(temporary);
    errno = error;
  }
  free(temporary);
  return good;
}

int write_training_report(const training *t, xd_status status) {
  if (!t->report_path || save_report(t, status))
    return EXIT_DONE;
  return failure("cannot write the report '%s': %s", t->report_path, strerror(errno));
}
