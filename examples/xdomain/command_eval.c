/* xdomain eval: scores a model's mappings on held-out pictures. */
#include <string.h>

#include "command.h"
#include "sets.h"

static const char usage[] =
    "usage: xdomain eval --model MODEL.xdm --domain1 SPEC --domain2 SPEC [--pairs 0:5,1:6] [OPTION]...\n\n"
    "Translates the held-out pictures of each domain and prints, for each direction the model has, accuracy\n"
    "(acc), diversity over a class (div) and of one source picture (ediv), the Frechet distance (fd), how\n"
    "much of the source's style is kept (style, ink, slant), and what the target VAE's reconstructions\n"
    "reach. SPEC is as in 'xdomain train --help'. Without --pairs the model's own pairing is used. A judge\n"
    "comes from 'xdomain judge'; without one, it is trained on half of the target's pictures here and the\n"
    "other half is used for the scores.";

typedef struct scoring {
  runtime run;
  const char *model_path, *specs[2], *pairs, *judge_paths[2], *judge_path;
  bool json;
  option_settings settings;

  xd_options *options;
  xd_model *model;
  xd_dataset *sets[2];
  xd_pairing *pairing;
  xd_judge *judge[2];
  judge_worth worth[2];
  xd_values *measures[2]; /* NULL: the model has no such direction */
  progress progress;
} scoring;

static int make_options(scoring *s) {
  xd_status status = xd_options_create(&s->options, s->run.context, "evaluation");
  if (!status)
    status = apply_settings(&s->settings, s->run.context, s->options);
  return status ? usage_error("%s", xd_context_message(s->run.context)) : EXIT_DONE;
}

static bool has_conditions(const scoring *s) {
  return !xd_model_encoder(s->model, 1);
}

/* Classes have the model's numbers. */
static xd_status load_sets(scoring *s) {
  const char *pairs = s->pairs ? s->pairs : xd_model_pairing(s->model);
  const bool all = !strcmp(pairs, "*:*");
  class_names names[2];
  xd_status status = XD_OK;
  for (int d = has_conditions(s) ? 1 : 0; d < 2 && !status; d++) {
    xd_shape shape;
    xd_model_picture_shape(s->model, (uint32_t)d + 1, &shape);
    names[d] = names_of_model(s->model, (uint32_t)d + 1);
    status = load_set(&s->run, &s->sets[d], s->specs[d], all ? NULL : &names[d], &shape);
  }
  if (has_conditions(s)) { /* as many pictures of each class as are real */
    names[0] = names_of_model(s->model, 1);
    s->sets[0] = xd_dataset_retain(s->sets[1]);
  }
  return status ? status : make_pairing(&s->run, &s->pairing, pairs, names);
}

static xd_status load(scoring *s) {
  xd_context *context = s->run.context;
  xd_status status = load_sets(s);
  for (int d = 0; d < 2 && !status; d++) {
    const char *path = s->judge_paths[d] ? s->judge_paths[d] : s->judge_path;
    if (path)
      status = xd_judge_load(&s->judge[d], context, path);
  }
  return status;
}

static void describe(const scoring *s) {
  if (!has_conditions(s))
    describe_set("domain 1", s->sets[0]);
  describe_set("domain 2", s->sets[1]);
}

/* A judge from half of the target's pictures; the other half stays for the scores. */
static xd_status improvise_judge(scoring *s, int target) {
  xd_context *context = s->run.context;
  xd_dataset *kept, *given;
  double seed = 0.0;
  xd_status status = xd_options_get_number(s->options, context, &seed, "seed");
  if (!status)
    status = xd_dataset_split(&kept, &given, context, s->sets[target], 0.5, (uint64_t)seed);
  if (status)
    return status;
  fprintf(stderr, "no judge for domain %d: training one on half of its pictures\n", target + 1);
  status = xd_judge_train(&s->judge[target], context, NULL, given, NULL, NULL);
  xd_dataset_release(given);
  xd_dataset_release(s->sets[target]);
  s->sets[target] = kept;
  return status;
}

static int show_step(void *user, const xd_progress *p) {
  progress_show(user, "scoring", p->step, p->steps, p->overall, -1.0, "");
  return 0;
}

static xd_status score_direction(scoring *s, int source) {
  const int target = 1 - source;
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  xd_status status = s->judge[target] ? XD_OK : improvise_judge(s, target);
  if (!status)
    status = weigh_judge(&s->worth[target], &s->run, s->judge[target], s->sets[target]);
  if (!status)
    status = xd_values_create(&s->measures[source], s->run.context);
  if (status)
    return status;
  say_worth(&s->worth[target], (uint32_t)target + 1);
  input.judge = s->judge[target];
  input.source = s->sets[source];
  input.target = s->sets[target];
  input.pairing = s->pairing;
  input.callback = s->progress.terminal ? show_step : NULL;
  input.user = &s->progress;
  return xd_evaluate(s->run.context, s->measures[source], s->model,
                     source == 0 ? XD_DIRECTION_1TO2 : XD_DIRECTION_2TO1, &input, s->options);
}

static xd_status score(scoring *s) {
  xd_status status = XD_OK;
  progress_start(&s->progress);
  for (int source = 0; source < 2 && !status; source++)
    if (xd_model_generator(s->model, source == 0 ? XD_DIRECTION_1TO2 : XD_DIRECTION_2TO1))
      status = score_direction(s, source);
  progress_end(&s->progress);
  return status;
}

static void print_plain(const scoring *s) {
  static const char *const titles[] = {"domain 1 to 2", "domain 2 to 1"};
  for (int i = 0; i < 2; i++)
    if (s->measures[i])
      print_measures(stdout, titles[i], s->measures[i], "", &s->worth[1 - i]);
}

static void print_json(const scoring *s) {
  fputs("{\"model\": ", stdout);
  print_json_text(stdout, s->model_path);
  for (int i = 0; i < 2; i++)
    if (s->measures[i]) {
      printf(", \"%s\": ", xd_direction_name((xd_direction)i + 1));
      print_measures_json(stdout, s->measures[i], "", &s->worth[1 - i]);
    }
  puts("}");
}

static int work(scoring *s) {
  const int code = make_options(s);
  if (code)
    return code;
  xd_status status = xd_model_load(&s->model, s->run.context, s->model_path);
  if (!status && !s->specs[0] && !has_conditions(s))
    return usage_error("--domain1 is needed: the model translates pictures");
  if (!status)
    status = load(s);
  if (!status) {
    describe(s);
    status = score(s);
  }
  if (status)
    return report_failure(&s->run, status);
  if (s->json)
    print_json(s);
  else
    print_plain(s);
  return EXIT_DONE;
}

static void release(scoring *s) {
  for (int d = 0; d < 2; d++) {
    xd_dataset_release(s->sets[d]);
    xd_judge_release(s->judge[d]);
    xd_values_destroy(s->measures[d]);
  }
  xd_pairing_release(s->pairing);
  xd_model_release(s->model);
  xd_options_destroy(s->options);
  free_settings(&s->settings);
}

int command_eval(int argc, char **argv) {
  scoring s = {.model_path = NULL};
  const flag flags[] = {{"model", FLAG_TEXT, &s.model_path, "FILE", "the model"},
                        {"domain1", FLAG_TEXT, &s.specs[0], "SPEC",
                         "held-out pictures of domain 1 (none where it holds labels)"},
                        {"domain2", FLAG_TEXT, &s.specs[1], "SPEC", "held-out pictures of domain 2"},
                        {"pairs", FLAG_TEXT, &s.pairs, "LIST", "paired classes (the model's)"},
                        {"judge", FLAG_TEXT, &s.judge_path, "FILE", "judge of both domains"},
                        {"judge1", FLAG_TEXT, &s.judge_paths[0], "FILE", "judge of domain 1"},
                        {"judge2", FLAG_TEXT, &s.judge_paths[1], "FILE", "judge of domain 2"},
                        {"json", FLAG_SWITCH, &s.json, NULL, "print one JSON object"},
                        SETTING_FLAGS(&s.settings),
                        RUNTIME_FLAGS(s.run)};
  const command_line line = {.usage = usage,
                             .flags = flags,
                             .flag_count = sizeof flags / sizeof *flags,
                             .settings = &s.settings,
                             .group = "evaluation"};
  const char *const *words;
  int word_count, code;
  if (read_command_line(&line, argc, argv, &words, &word_count, &code)) {
    if (word_count || !s.model_path || !s.specs[1])
      code = usage_error("--model, --domain1 and --domain2 are needed, and options only");
    else
      code = start_runtime(&s.run) ? work(&s) : EXIT_FAILED;
  }
  release(&s);
  stop_runtime(&s.run);
  return code;
}
