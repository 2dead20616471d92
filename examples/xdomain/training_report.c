/* The report of xdomain train and map as JSON: every validation, which step was kept, and its measures. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pending.h"
#include "training.h"

/* ---- The history of validations ---- */

static bool add_record(training_history *h, training_record record) {
  if (h->count == h->room) {
    const size_t room = h->room ? 2 * h->room : 64;
    training_record *items = realloc(h->items, room * sizeof *items);
    if (!items)
      return false;
    h->items = items;
    h->room = room;
  }
  h->items[h->count++] = record;
  return true;
}

bool note_validation(training *t, const xd_progress *p) {
  const int direction = p->stage == XD_STAGE_MAPPING2;
  const bool sound = is_sound(&t->judge_worth[1 - direction]);
  return add_record(&t->history[direction],
                    (training_record){.step = p->step,
                                      .acc = value_of(p->validation, "acc"),
                                      .div = value_of(p->validation, "div"),
                                      .ediv = value_of(p->validation, "ediv"),
                                      .style = value_of(p->validation, "style"),
                                      .fd = sound ? value_of(p->validation, "fd") : NAN,
                                      .score = value_of(p->validation, "score")});
}

/* ---- Taking up a report ---- */

static double read_number(const char *line, const char *name) {
  const char *at = strstr(line, name);
  double value;
  return at && sscanf(at + strlen(name), "\": %lf", &value) == 1 ? value : NAN;
}

/* A line of the history, as print_history writes it. */
static bool read_record(const char *line, training_record *out) {
  unsigned step;
  if (sscanf(line, "  {\"step\": %u", &step) != 1)
    return false;
  *out = (training_record){.step = step,
                           .acc = read_number(line, "\"acc"),
                           .div = read_number(line, "\"div"),
                           .ediv = read_number(line, "\"ediv"),
                           .style = read_number(line, "\"style"),
                           .fd = read_number(line, "\"fd"),
                           .score = read_number(line, "\"score")};
  return true;
}

static bool is_before(const xd_progress *p, int direction, uint32_t step) {
  const xd_stage stage = direction ? XD_STAGE_MAPPING2 : XD_STAGE_MAPPING1;
  return stage < p->stage || (stage == p->stage && step < p->step);
}

void take_up_report(training *t, const xd_progress *p) {
  FILE *from = t->report_path && t->checkpoint.resume ? fopen(t->report_path, "r") : NULL;
  char line[512];
  int direction = 0;
  while (from && fgets(line, sizeof line, from)) {
    training_record record;
    if (strstr(line, "\"1to2\": "))
      direction = 0;
    if (strstr(line, "\"2to1\": "))
      direction = 1;
    if (read_record(line, &record) && is_before(p, direction, record.step) &&
        !add_record(&t->history[direction], record))
      break;
  }
  if (from)
    fclose(from);
}

/* ---- The report ---- */

static void print_history(FILE *to, const training_history *h) {
  fputs("\"history\": [", to);
  for (size_t i = 0; i < h->count; i++) {
    const training_record *r = &h->items[i];
    const struct {
      const char *name;
      double value;
    } fields[] = {{"acc", r->acc},     {"div", r->div}, {"ediv", r->ediv},
                  {"style", r->style}, {"fd", r->fd},   {"score", r->score}};
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
    print_measures_json(to, t->report, name, &t->judge_worth[1 - direction]);
  }
  fputc('}', to);
}

static bool print_report(FILE *to, const training *t, const char *status) {
  const double seconds = value_of(t->report, "seconds");
  fprintf(to, "{\"status\": \"%s\", \"seconds\": %.3f", status, isfinite(seconds) ? seconds : 0.0);
  for (uint32_t i = 0; i < 2; i++)
    if (t->directions >> i & 1) {
      fprintf(to, ",\n \"%s\": ", xd_direction_name(i + 1));
      print_direction(to, t, i);
    }
  fputs("}\n", to);
  return fflush(to) == 0 && !ferror(to);
}

/* Beside the path and then renamed, so that an old report is replaced whole; what is no plain file, such as a link, a
 * device or a pipe, is written to. */
static bool is_whole_file(const char *path) {
  struct stat info;
  return lstat(path, &info) != 0 || S_ISREG(info.st_mode);
}

static bool save_report(const training *t, const char *status) {
  pending_file file = {NULL, NULL};
  const bool whole = is_whole_file(t->report_path);
  FILE *to = whole ? open_pending(&file, t->report_path) : fopen(t->report_path, "w");
  if (!to)
    return false;
  bool good = print_report(to, t, status);
  if (whole)
    good = keep_pending(&file, to, good);
  else
    good = fclose(to) == 0 && good;
  drop_pending(&file);
  return good;
}

void update_training_report(const training *t) {
  if (t->report_path && is_whole_file(t->report_path))
    (void)save_report(t, "running"); /* the end tells failures */
}

int write_training_report(const training *t, const char *status) {
  if (!t->report_path || save_report(t, status))
    return EXIT_DONE;
  return failure("cannot write the report '%s': %s", t->report_path, strerror(errno));
}
