/* The report of xdomain train and map as JSON: every validation, which step was kept, and its measures. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
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

static bool is_before(const xd_progress *p, int direction, uint32_t step) {
  const xd_stage stage = direction ? XD_STAGE_MAPPING2 : XD_STAGE_MAPPING1;
  return stage < p->stage || (stage == p->stage && step < p->step);
}

static bool take_up_history(training *t, const xd_progress *p, int direction, const json_document *d) {
  const json_value *of = json_member(d, json_whole(d), xd_direction_name((xd_direction)direction + 1));
  bool good = true;
  for (const json_value *v = json_first(d, json_member(d, of, "history")); v && good; v = json_next(d, v)) {
    const double step = json_number(d, v, "step");
    if (step >= 0.0 && step <= UINT32_MAX && is_before(p, direction, (uint32_t)step))
      good = add_record(&t->history[direction], (training_record){.step = (uint32_t)step,
                                                                  .acc = json_number(d, v, "acc"),
                                                                  .div = json_number(d, v, "div"),
                                                                  .ediv = json_number(d, v, "ediv"),
                                                                  .style = json_number(d, v, "style"),
                                                                  .fd = json_number(d, v, "fd"),
                                                                  .score = json_number(d, v, "score")});
  }
  return good;
}

bool is_file(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

void take_up_report(training *t, const xd_progress *p) {
  json_document document = {.bytes = NULL};
  const bool there = t->report_path && t->checkpoint.resume && is_file(t->report_path);
  bool good = there && read_json(&document, t->report_path) == EXIT_DONE;
  for (int direction = 0; direction < 2 && good; direction++)
    good = take_up_history(t, p, direction, &document);
  free_json(&document);
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
  snprintf(name, sizeof name, "ended_step%u", direction + 1);
  const double ended = value_of(t->report, name);
  if (isfinite(ended))
    fprintf(to, "\"ended_step\": %.0f, ", ended);
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
