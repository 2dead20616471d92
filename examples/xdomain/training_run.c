/* The run of xdomain train and map: progress, the training itself, and that nothing of it is lost. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sets.h"
#include "sharing.h"
#include "training.h"
#include <xdomain/unstable/validation.h>

/* ---- Progress ---- */

static const char *stage_name(xd_stage stage) {
  static const char *const names[] = {"",         "VAE of domain 1", "VAE of domain 2",
                                      "encoding", "mapping 1 to 2",  "mapping 2 to 1"};
  return stage < sizeof names / sizeof *names ? names[stage] : "";
}

/* Whether --effort best is more, and goes with what was given. */
static bool takes_more_effort(const training *t) {
  return t->effort ? strcmp(t->effort, "best") != 0 : !t->settings.preset;
}

/* Whether a VAE that was trained to its end would learn from more steps; said once. */
static void say_trend(training *t, int domain) {
  static const char *const before[] = {"vae1.pixel_cost_before", "vae2.pixel_cost_before"},
                           *const last[] = {"vae1.pixel_cost_last", "vae2.pixel_cost_last"};
  const double first = value_of(t->report, before[domain]),
               fall = 1.0 - value_of(t->report, last[domain]) / first;
  if (t->trend_said[domain] || !isfinite(fall))
    return;
  t->trend_said[domain] = true;
  progress_clear(&t->progress);
  if (fall >= XD_STILL_FALLING)
    fprintf(
        stderr,
        "VAE of domain %d: its error was still falling, by %.1f%% in the last tenth of the steps: more (%s--min-steps) "
        "would help\n",
        domain + 1, 100.0 * fall, takes_more_effort(t) ? "--effort best, " : "");
  else
    fprintf(stderr, "VAE of domain %d: its error is flat, %+.1f%% in the last tenth of the steps\n",
            domain + 1, -100.0 * fall);
}

static void say_trends(training *t, xd_stage stage) {
  for (int d = 0; d < 2; d++)
    if (stage > XD_STAGE_VAE1 + (uint32_t)d)
      say_trend(t, d);
}

static int show_step(void *user, const xd_progress *p) {
  training *t = user;
  if (!t->stage) { /* the first shows where a resumed training goes on */
    open_training_log(t, p);
    take_up_report(t, p);
  }
  say_trends(t, p->stage);
  progress_step(&t->progress, stage_name(p->stage), p, seconds_left(t, p));
  t->stage = p->stage;
  t->step = p->step;
  log_training_step(t, p);
  if (p->model && (p->validation || p->step == p->steps))
    draw_previews(t, p->model);
  if (!p->validation)
    return 0;
  if (!note_validation(t, p))
    return 1;
  update_training_report(t); /* a run that is killed leaves what it measured */
  return 0;
}

/* ---- What came of it ---- */

static void print_seconds(const training *t) {
  fprintf(stderr, "trained in %.1f s (", value_of(t->report, "seconds"));
  static const char *const names[] = {"seconds.vae1", "seconds.vae2", "seconds.mapping1", "seconds.mapping2"},
                           *const titles[] = {"VAE 1", "VAE 2", "mapping 1 to 2", "2 to 1"};
  for (size_t i = 0, shown = 0; i < sizeof names / sizeof *names; i++) {
    double seconds;
    if (xd_values_find(t->report, &seconds, names[i]) == XD_OK)
      fprintf(stderr, "%s%s %.1f s", shown++ ? ", " : "", titles[i], seconds);
  }
  fputs(")\n", stderr);
}

static void print_summary(training *t) {
  static const char *const
      titles[] = {"validation 1 to 2", "validation 2 to 1"},
      *const prefixes[] = {"validation1.", "validation2."}, *const kept[] = {"kept_step1", "kept_step2"},
      *const ended[] = {"ended_step1", "ended_step2"}, *const probes[] = {"probe1", "probe2"},
      *const counts[] = {"unlabelled1", "unlabelled2"}, *const bounds[] = {"confidence1", "confidence2"};
  double probe;
  say_trends(t, XD_STAGE_MAPPING2);
  print_seconds(t);
  say_sums(value_of(t->report, "seconds"));
  for (int i = 0; i < 2; i++)
    if (xd_values_find(t->report, &probe, counts[i]) == XD_OK)
      fprintf(
          stderr,
          "unlabelled pictures of domain %d that were given a class: %.0f of %u, confidence %.4f or more\n",
          i + 1, probe, xd_dataset_count(t->unlabelled[i]), value_of(t->report, bounds[i]));
  for (int i = 0; i < 2; i++)
    if (xd_values_find(t->report, &probe, probes[i]) == XD_OK)
      fprintf(stderr, "classes read from validation codes of domain %d: %.4f\n", i + 1, probe);
  for (int i = 0; i < 2; i++) {
    if (!has_measures(t->report, prefixes[i]))
      continue;
    const class_names names = names_of_set(t->validation[i]);
    print_measures(stderr, titles[i], t->report, prefixes[i], &t->judge_worth[1 - i], &names);
    fprintf(stderr, "  kept       step %.0f", value_of(t->report, kept[i]));
    if (t->history[i].count) /* those before a --resume are known by --report alone */
      fprintf(stderr, ", the best of %zu validations", t->history[i].count);
    if (xd_values_find(t->report, &probe, ended[i]) == XD_OK)
      fprintf(stderr, "; ended at step %.0f, since the score had fallen", probe);
    fputc('\n', stderr);
  }
}

static int finish_model(training *t) {
  if (!is_first_rank())
    return EXIT_DONE;
  const int code = keep_model(&t->run, t->model, t->half, t->out);
  const char *kept = t->checkpoint.paths[CHECKPOINT_OWN];
  if (code && kept)
    notice("the training is kept in '%s' as it was when that was written last", kept);
  if (code)
    return code;
  drop_checkpoint(&t->checkpoint);
  draw_previews(t, t->model);
  print_summary(t);
  say_previews(t);
  fputs("wrote ", stderr);
  print_text(stderr, t->out);
  fputc('\n', stderr);
  return EXIT_DONE;
}

/* ---- The run ---- */

static xd_status train(training *t) {
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  const xd_run run = run_with_checkpoint(&t->checkpoint, CHECKPOINT_OWN, show_step, t);
  for (int d = 0; d < 2; d++) {
    input.set[d] = t->sets[d];
    input.validation[d] = t->validation[d];
    input.unlabelled[d] = t->unlabelled[d];
    input.judge[d] = t->judges[d];
  }
  input.pairing = t->pairing;
  progress_start(&t->progress);
  xd_status status = share_trainings(t->run.context);
  if (!status)
    status = t->mapping_only ? xd_map(&t->model, t->run.context, t->report, t->base, &input, &run, t->options)
                             : xd_train(&t->model, t->run.context, t->report, &input, &run, t->options);
  progress_end(&t->progress);
  return status;
}

static int worse(int code, int other) {
  return code ? code : other;
}

int run_training(training *t) {
  const xd_status made = xd_values_create(&t->report, t->run.context);
  if (made)
    return report_failure(&t->run, made);
  const xd_status status = train(t);
  const bool idle = !t->stage; /* it was refused, or no step was left */
  if (idle && !status)
    take_up_report(t, &(xd_progress){.stage = XD_STAGE_MAPPING2, .step = UINT32_MAX});
  int code = status ? report_failure(&t->run, status) : finish_model(t);
  if (status)
    keep_finished(t, status);
  if (!idle || !status)
    code = worse(code, write_training_report(t, xd_status_name(status)));
  return worse(code, close_training_log(t));
}

void free_training(training *t) {
  if (t->log)
    fclose(t->log);
  for (int d = 0; d < 2; d++) {
    xd_dataset_release(t->sets[d]);
    xd_dataset_release(t->validation[d]);
    xd_dataset_release(t->unlabelled[d]);
    xd_judge_release(t->judges[d]);
    free(t->history[d].items);
  }
  xd_pairing_release(t->pairing);
  xd_model_release(t->base);
  xd_model_release(t->model);
  xd_values_destroy(t->report);
  xd_options_destroy(t->options);
  free_settings(&t->settings);
  free_checkpoint(&t->checkpoint);
  free_previews(t);
}
