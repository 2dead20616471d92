/* The measures that a page tells: those that were taken for it or, without sets, those of the training's report. */
#include <math.h>

#include "page.h"

static figures scored_figures(const page *p, int source) {
  const xd_values *v = p->scored.measures[source];
  return (figures){.acc = value_of(v, "acc"),
                   .div = value_of(v, "div"),
                   .ediv = value_of(v, "ediv"),
                   .fd = value_of(v, "fd"),
                   .style = value_of(v, "style"),
                   .sharpness = value_of(v, "sharpness"),
                   .judge_acc = value_of(v, "judge_acc"),
                   .ceiling = value_of(v, "reconstruction_acc"),
                   .floor = value_of(v, "reconstruction_fd"),
                   .count = value_of(v, "pictures"),
                   .sound = is_sound(&p->scored.worth[1 - source])};
}

/* NaN for what no measure can be: a report may come from anywhere. */
static double reported(const json_document *d, const json_value *validation, const char *name) {
  const double value = json_number(d, validation, name);
  return fabs(value) < 1e9 ? value : NAN;
}

/* Of the report's last validation; a distance is told by a sound judge alone. */
static figures trained_figures(const page *p, int source) {
  const json_document *d = &p->training;
  const json_value *v = json_member(
      d, json_member(d, json_whole(d), xd_direction_name((xd_direction)source + 1)), "validation");
  return (figures){.acc = reported(d, v, "acc"),
                   .div = reported(d, v, "div"),
                   .ediv = reported(d, v, "ediv"),
                   .fd = reported(d, v, "fd"),
                   .style = reported(d, v, "style"),
                   .sharpness = reported(d, v, "sharpness"),
                   .judge_acc = reported(d, v, "judge_acc"),
                   .ceiling = reported(d, v, "reconstruction_acc"),
                   .floor = reported(d, v, "reconstruction_fd"),
                   .count = reported(d, v, "count"),
                   .sound = isfinite(reported(d, v, "fd")),
                   .trained = true};
}

void find_figures(page *p) {
  for (int source = 0; source < 2; source++) {
    figures *f = &p->figures[source];
    *f = p->scored.measures[source] ? scored_figures(p, source) : trained_figures(p, source);
    f->known = isfinite(f->acc);
  }
}
