/* How the training went: losses by its log, validations by its report. */
#include <math.h>
#include <string.h>

#include "chart.h"
#include "page.h"

static const char *const directions[] = {"1 → 2", "2 → 1"}, *const domains[] = {"domain 1", "domain 2"};

/* ---- What the report says ---- */

static const json_value *direction_report(const page *p, int source) {
  return json_member(&p->training, json_whole(&p->training), xd_direction_name((xd_direction)source + 1));
}

static const json_value *history(const page *p, int source) {
  return json_member(&p->training, direction_report(p, source), "history");
}

static double kept_step(const page *p, int source) {
  const double step = json_number(&p->training, direction_report(p, source), "kept_step");
  return step > 0.0 ? step : NAN;
}

static void put_summary(const page *p) {
  char text[DURATION_SIZE];
  const double seconds = json_number(&p->training, json_whole(&p->training), "seconds");
  const json_value *status = json_member(&p->training, json_whole(&p->training), "status");
  put(p, "<p>");
  if (seconds > 0.0 && seconds < 1e9) {
    spell_duration(text, seconds);
    fprintf(p->to, "The training took %s. ", text);
  }
  if (status && status->kind == JSON_TEXT && strcmp(status->text, xd_status_name(XD_OK))) {
    const bool running = !strcmp(status->text, "running");
    put(p, running ? "It was still running when this was written" : "It ended early: ");
    put_escaped(p, running ? "" : status->text);
    put(p, ". ");
  }
  for (int source = 0; source < 2; source++)
    if (isfinite(kept_step(p, source))) {
      fprintf(p->to, "Of the mapping %s, the weights of step ", directions[source]);
      put_count(p, kept_step(p, source));
      put(p, " were kept. ");
    }
  put(p, "</p>\n");
}

/* ---- Charts ---- */

static void put_losses(const page *p) {
  static const struct {
    const char *title, *unit;
    const char *const *names;
  } of[LOSS_COUNT] = {[LOSS_PIXELS] = {"Error of reconstructions", "auto-encoders; low is good", domains},
                      [LOSS_KL] = {"KL divergence", "auto-encoders; what codes hold", domains},
                      [LOSS_DISCRIMINATOR] = {"Discriminator’s loss", "mappings; level is good", directions},
                      [LOSS_GENERATOR] = {"Generator’s loss", "mappings; level is good", directions}};
  for (int loss = 0; loss < LOSS_COUNT; loss++)
    print_chart(p->to, &(chart){.title = of[loss].title,
                                .unit = of[loss].unit,
                                .lines = {&p->curves.losses[loss][0], &p->curves.losses[loss][1]},
                                .names = {of[loss].names[0], of[loss].names[1]},
                                .marks = {NAN, NAN}});
}

/* False without memory. */
static bool read_history(const page *p, int source, const char *name, curve *to) {
  const json_document *d = &p->training;
  bool good = true;
  for (const json_value *v = json_first(d, history(p, source)); v && good; v = json_next(d, v))
    good = add_point(to, json_number(d, v, "step"), json_number(d, v, name));
  return good;
}

static void put_validations(const page *p) {
  static const struct {
    const char *name, *title, *unit;
    bool share;
  } of[] = {{"acc", "Right class", "high is good", true},
            {"div", "Variety within a class", "near 1 is good", true},
            {"ediv", "Variety of one source", "near 1 is good", true},
            {"fd", "Fréchet distance", "low is good", false},
            {"style", "Style kept", "of the source", true}};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    curve lines[2] = {{NULL, NULL, 0, 0}, {NULL, NULL, 0, 0}};
    if (read_history(p, 0, of[i].name, &lines[0]) && read_history(p, 1, of[i].name, &lines[1]))
      print_chart(p->to, &(chart){.title = of[i].title,
                                  .unit = of[i].unit,
                                  .lines = {&lines[0], &lines[1]},
                                  .names = {directions[0], directions[1]},
                                  .marks = {kept_step(p, 0), kept_step(p, 1)},
                                  .share = of[i].share});
    free_curve(&lines[0]);
    free_curve(&lines[1]);
  }
}

bool has_training(const page *p) {
  return p->report_path || p->log_path;
}

xd_status write_training(const page *p) {
  if (p->report_path)
    put_summary(p);
  put(p, "<div class=\"charts\">\n");
  put_validations(p);
  put_losses(p);
  put(p, "</div>\n");
  if (p->report_path)
    put(p,
        "<p class=\"note\">Measures are those of held-out pictures at each validation; an upright rule marks the "
        "step whose weights were kept.</p>\n");
  return XD_OK;
}
