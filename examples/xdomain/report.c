/* Results as JSON and as text. */
#include <math.h>

#include "command.h"

/* JSON knows no NaN. */
static void print_number(FILE *to, const char *name, double value) {
  if (isfinite(value))
    fprintf(to, "\"%s\": %.6g", name, value);
  else
    fprintf(to, "\"%s\": null", name);
}

void print_evaluation_json(FILE *to, const xd_evaluation *e) {
  const struct {
    const char *name;
    double value;
  } figures[] = {{"acc", e->acc},
                 {"div", e->div},
                 {"ediv", e->ediv},
                 {"fd", e->fd},
                 {"reconstruction_acc", e->reconstruction_acc},
                 {"reconstruction_fd", e->reconstruction_fd},
                 {"judge_acc", e->judge_acc}};
  fputc('{', to);
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
    print_number(to, figures[i].name, figures[i].value);
    fputs(", ", to);
  }
  fprintf(to, "\"count\": %u, \"real_count\": %u, \"per_class\": {", e->count, e->real_count);
  for (uint32_t c = 0, shown = 0; c < XD_CLASS_LIMIT; c++) {
    if (!e->class_count[c])
      continue;
    char name[16];
    snprintf(name, sizeof name, "%u", c);
    if (shown++)
      fputs(", ", to);
    print_number(to, name, e->class_acc[c]);
  }
  fputs("}}", to);
}

void print_evaluation(FILE *to, const char *title, const xd_evaluation *e) {
  fprintf(to, "%s: %u translated pictures, %u real ones\n", title, e->count, e->real_count);
  fprintf(to, "  accuracy   %.4f   (judge on real pictures %.4f, on reconstructions %.4f)\n", e->acc,
          e->judge_acc, e->reconstruction_acc);
  fprintf(to, "  diversity  %.3f    of one source picture %.3f\n", e->div, e->ediv);
  fprintf(to, "  Frechet    %.2f    (reconstructions %.2f)\n", e->fd, e->reconstruction_fd);
  fputs("  per class ", to);
  for (uint32_t c = 0; c < XD_CLASS_LIMIT; c++)
    if (e->class_count[c])
      fprintf(to, "  %u: %.4f", c, e->class_acc[c]);
  fputc('\n', to);
}

void print_history_json(FILE *to, const xd_train_report *report, int direction) {
  const xd_train_record *records = report->history[direction];
  uint32_t count = report->history_count[direction];
  if (count > report->history_capacity)
    count = report->history_capacity;
  fprintf(to, "{\"kept_step\": %u, \"history\": [", report->kept_step[direction]);
  for (uint32_t i = 0; i < count; i++) {
    const double values[] = {records[i].acc, records[i].div, records[i].ediv, records[i].fd,
                             records[i].score};
    static const char *const names[] = {"acc", "div", "ediv", "fd", "score"};
    fprintf(to, "%s\n  {\"step\": %u", i ? "," : "", records[i].step);
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
      fputs(", ", to);
      print_number(to, names[k], values[k]);
    }
    fputc('}', to);
  }
  fputs("]", to);
  if (report->validated[direction]) {
    fputs(",\n  \"validation\": ", to);
    print_evaluation_json(to, &report->validation[direction]);
  }
  fputc('}', to);
}
