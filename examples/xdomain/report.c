/* Results as JSON and as text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

double value_of(const xd_values *values, const char *prefix, const char *name) {
  char full[64];
  double number = 0.0;
  snprintf(full, sizeof full, "%s%s", prefix, name);
  xd_values_find(values, &number, full);
  return number;
}

/* JSON knows no NaN. */
static void print_number(FILE *to, const char *name, double value) {
  if (isfinite(value))
    fprintf(to, "\"%s\": %.6g", name, value);
  else
    fprintf(to, "\"%s\": null", name);
}

/* The class of a value "acc.5" behind the prefix, or NULL. */
static const char *class_of(const xd_values *values, uint32_t index, const char *prefix) {
  static const char start[] = "acc.";
  const char *name = xd_values_name(values, index);
  if (strncmp(name, prefix, strlen(prefix)) != 0)
    return NULL;
  name += strlen(prefix);
  return strncmp(name, start, sizeof start - 1) == 0 ? name + sizeof start - 1 : NULL;
}

void print_evaluation_json(FILE *to, const xd_values *values, const char *prefix) {
  static const char *const figures[] = {
      "acc", "div", "ediv", "fd", "reconstruction_acc", "reconstruction_fd", "judge_acc"};
  fputc('{', to);
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
    print_number(to, figures[i], value_of(values, prefix, figures[i]));
    fputs(", ", to);
  }
  fprintf(to, "\"count\": %.0f, \"real_count\": %.0f, \"per_class\": {", value_of(values, prefix, "pictures"),
          value_of(values, prefix, "real_pictures"));
  for (uint32_t i = 0, shown = 0; i < xd_values_count(values); i++) {
    const char *class = class_of(values, i, prefix);
    if (!class)
      continue;
    if (shown++)
      fputs(", ", to);
    print_number(to, class, xd_values_number(values, i));
  }
  fputs("}}", to);
}

void print_evaluation(FILE *to, const char *title, const xd_values *values, const char *prefix) {
  fprintf(to, "%s: %.0f translated pictures, %.0f real ones\n", title, value_of(values, prefix, "pictures"),
          value_of(values, prefix, "real_pictures"));
  fprintf(to, "  accuracy   %.4f   (judge on real pictures %.4f, on reconstructions %.4f)\n",
          value_of(values, prefix, "acc"), value_of(values, prefix, "judge_acc"),
          value_of(values, prefix, "reconstruction_acc"));
  fprintf(to, "  diversity  %.3f    of one source picture %.3f\n", value_of(values, prefix, "div"),
          value_of(values, prefix, "ediv"));
  fprintf(to, "  Frechet    %.2f    (reconstructions %.2f)\n", value_of(values, prefix, "fd"),
          value_of(values, prefix, "reconstruction_fd"));
  fputs("  per class ", to);
  for (uint32_t i = 0; i < xd_values_count(values); i++) {
    const char *class = class_of(values, i, prefix);
    if (class)
      fprintf(to, "  %s: %.4f", class, xd_values_number(values, i));
  }
  fputc('\n', to);
}

/* ---- The history of validations ---- */

bool note_validation(history *h, uint32_t step, const xd_values *validation) {
  static const char *const names[HISTORY_FIGURES] = HISTORY_NAMES;
  if (h->count == h->room) {
    const size_t room = h->room ? 2 * h->room : 16;
    history_record *records = realloc(h->records, room * sizeof *records);
    if (!records)
      return false;
    h->records = records;
    h->room = room;
  }
  history_record *record = &h->records[h->count++];
  record->step = step;
  for (size_t i = 0; i < HISTORY_FIGURES; i++)
    record->figures[i] = value_of(validation, "", names[i]);
  return true;
}

void print_history_json(FILE *to, const history *h, const xd_values *report, int direction) {
  static const char *const names[HISTORY_FIGURES] = HISTORY_NAMES;
  const char *prefix = direction ? "validation2." : "validation1.";
  fprintf(to, "{\"kept_step\": %.0f, \"history\": [", value_of(report, "kept_step", direction ? "2" : "1"));
  for (size_t i = 0; i < h->count; i++) {
    fprintf(to, "%s\n  {\"step\": %u", i ? "," : "", h->records[i].step);
    for (size_t k = 0; k < HISTORY_FIGURES; k++) {
      fputs(", ", to);
      print_number(to, names[k], h->records[i].figures[k]);
    }
    fputc('}', to);
  }
  fputs("]", to);
  if (h->count > 0) {
    fputs(",\n  \"validation\": ", to);
    print_evaluation_json(to, report, prefix);
  }
  fputc('}', to);
}
