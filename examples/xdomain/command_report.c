/* xdomain report: what a model does, as a page to be looked at. */
#include <errno.h>
#include <string.h>

#include "page.h"
#include "pending.h"

static const char usage[] =
    "usage: xdomain report MODEL.xdm --out PAGE.html [--domain1 SPEC --domain2 SPEC] [--judge FILE]\n"
    "       [--report TRAIN.json] [--log TRAIN.csv] [OPTION]...\n\n"
    "Writes one HTML file that shows what a model does: translations, several of one source, reconstructions,\n"
    "what lies between two pictures, codes, losses and validations of the training, scores, and where the model\n"
    "comes from. It needs no script and no network. SPEC is as in 'xdomain train --help'; without sets the\n"
    "pictures are drawn from the model itself. Scores are those of 'xdomain eval': a judge that is not given is\n"
    "trained on half of the target's pictures, which takes its time.";

/* ---- Outputs and inputs ---- */

static int check_outputs(const page *p) {
  const scoring *s = &p->scored;
  const output out = {.flag = "--out", .path = p->out};
  const char *const inputs[] = {s->model_path, p->report_path,    p->log_path,
                                s->judge_path, s->judge_paths[0], s->judge_paths[1]};
  int code = prove_outputs(&out, 1);
  if (!code)
    code = keep_settings(&out, 1, &s->settings);
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs && !code; i++)
    code = keep_input(&out, 1, inputs[i]);
  for (int d = 0; d < 2 && !code; d++)
    code = keep_set(&s->run, &out, 1, s->specs[d]);
  return code;
}

static int check_usage(const page *p, int words) {
  const scoring *s = &p->scored;
  if (words != 1 || !p->out)
    return usage_error("one model and --out are needed");
  if (p->no_scores && (s->judge_path || s->judge_paths[0] || s->judge_paths[1]))
    return usage_error("--no-scores and judges exclude each other");
  return EXIT_DONE;
}

static int read_training(page *p) {
  int code = p->report_path ? read_json(&p->training, p->report_path) : EXIT_DONE;
  if (!code && p->report_path && json_whole(&p->training)->kind != JSON_OBJECT)
    code = failure("'%s' is no report of a training", p->report_path);
  return !code && p->log_path ? read_curves(&p->curves, p->log_path) : code;
}

/* ---- What is shown ---- */

static xd_status load_sets(page *p) {
  scoring *s = &p->scored;
  const xd_status status = load_scoring_sets(s);
  return status || !*scoring_pairs(s) ? status : load_scoring_rest(s);
}

static bool can_score(const page *p, int source) {
  const scoring *s = &p->scored;
  return !p->no_scores && has_direction(s, source) && s->sets[0] && s->sets[1] && s->pairing &&
         can_judge(s, source);
}

static xd_status score(page *p) {
  scoring *s = &p->scored;
  const bool scores[2] = {can_score(p, 0), can_score(p, 1)};
  xd_status status = XD_OK;
  progress_start(&s->progress);
  for (int source = 0; source < 2 && !status; source++)
    if (scores[source]) {
      status = score_direction(s, source);
      if (!status)
        status = count_confusions(&p->confusions[source], s, source);
    }
  progress_end(&s->progress);
  return status;
}

static xd_status gather(page *p) {
  scoring *s = &p->scored;
  p->file = (xd_file_info)XD_FILE_INFO_INIT;
  xd_status status = xd_file_inspect(s->run.context, &p->file, NULL, 0, s->model_path);
  if (!status)
    status = load_sets(p);
  if (!status)
    status = score(p);
  for (uint32_t d = 0; d < 2 && !status; d++)
    status = open_exhibit(&p->exhibits[d], p, d + 1);
  if (!status)
    find_figures(p);
  return status;
}

static int save_page(page *p) {
  pending_file file;
  p->to = open_pending(&file, p->out);
  if (!p->to)
    return failure("cannot write '%s': %s", p->out, strerror(errno));
  const xd_status status = write_page(p);
  const bool kept = keep_pending(&file, p->to, !status);
  const int error = errno;
  drop_pending(&file);
  if (status && status != XD_ERROR_IO)
    return report_failure(&p->scored.run, status);
  return kept ? EXIT_DONE : failure("cannot write '%s': %s", p->out, strerror(error));
}

static int make_page(page *p) {
  int code = check_outputs(p);
  if (!code)
    code = read_training(p);
  if (!code)
    code = open_scoring(&p->scored);
  if (code)
    return code;
  const xd_status status = gather(p);
  return status ? report_failure(&p->scored.run, status) : save_page(p);
}

static void release(page *p) {
  free_json(&p->training);
  free_curves(&p->curves);
  for (int i = 0; i < 2; i++) {
    close_exhibit(&p->exhibits[i]);
    free_confusion(&p->confusions[i]);
  }
  close_scoring(&p->scored);
}

int command_report(int argc, char **argv) {
  page p = {.argc = argc, .argv = argv};
  scoring *s = &p.scored;
  const flag flags[] = {
      {"out", FLAG_TEXT, &p.out, "FILE", "the page to write"},
      SCORING_FLAGS(*s),
      {"report", FLAG_TEXT, &p.report_path, "FILE",
       "the report of the training, that 'xdomain train --report' wrote"},
      {"log", FLAG_TEXT, &p.log_path, "FILE", "the log of the training, that 'xdomain train --log' wrote"},
      {"no-scores", FLAG_SWITCH, &p.no_scores, NULL, "show pictures alone, and train no judge"},
      {"picture-seed", FLAG_SEED, &p.seed, "N", "seed of the noise of the pictures that are shown (0)"},
      SETTING_FLAGS(&s->settings),
      RUNTIME_FLAGS(s->run)};
  const command_line line = {.usage = usage,
                             .flags = flags,
                             .flag_count = sizeof flags / sizeof *flags,
                             .settings = &s->settings,
                             .group = "evaluation"};
  const char *const *words;
  int word_count, code;
  if (read_command_line(&line, argc, argv, &words, &word_count, &code)) {
    code = check_usage(&p, word_count);
    s->model_path = words[0];
    if (!code)
      code = start_runtime(&s->run) ? make_page(&p) : EXIT_FAILED;
  }
  release(&p);
  return code;
}
