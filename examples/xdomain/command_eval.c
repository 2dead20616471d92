/* xdomain eval: scores a model's mappings on held-out pictures. */
#include "scoring.h"
#include "sets.h"

static const char usage[] =
    "usage: xdomain eval --model MODEL.xdm --domain1 SPEC --domain2 SPEC [--pairs 0:5,1:6] [OPTION]...\n\n"
    "Translates the held-out pictures of each domain and prints, for each direction the model has, accuracy\n"
    "(acc), diversity over a class (div) and of one source picture (ediv), the Frechet distance (fd), how\n"
    "much of the source's style is kept (style, ink, slant), and what the target VAE's reconstructions\n"
    "reach. SPEC is as in 'xdomain train --help'. Without --pairs the model's own pairing is used. A judge\n"
    "comes from 'xdomain judge'; without one, it is trained on half of the target's pictures here and the\n"
    "other half is used for the scores.";

/* What cannot be scored is said before a judge is trained. */
static xd_status score(scoring *s) {
  const bool scores[2] = {has_direction(s, 0) && can_judge(s, 0), has_direction(s, 1) && can_judge(s, 1)};
  xd_status status = XD_OK;
  progress_start(&s->progress);
  for (int source = 0; source < 2 && !status; source++)
    if (scores[source])
      status = score_direction(s, source);
  progress_end(&s->progress);
  return status;
}

static void print_plain(const scoring *s) {
  static const char *const titles[] = {"domain 1 to 2", "domain 2 to 1"};
  for (int i = 0; i < 2; i++) {
    if (!s->measures[i])
      continue;
    const class_names names = names_of_set(s->sets[i]);
    print_measures(stdout, titles[i], s->measures[i], "", &s->worth[1 - i], &names);
  }
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

static int work(scoring *s, bool json) {
  const int code = open_scoring(s);
  if (code)
    return code;
  if (!has_direction(s, 0) && !has_direction(s, 1))
    return failure("'%s' has no mapping to score", s->model_path);
  if (!s->specs[0] && !has_conditions(s))
    return usage_error("--domain1 is needed: the model translates pictures");
  xd_status status = load_scoring_sets(s);
  if (!status)
    status = load_scoring_rest(s);
  if (!status)
    status = score(s);
  if (status)
    return report_failure(&s->run, status);
  if (!s->measures[0] && !s->measures[1])
    return EXIT_FAILED;
  if (json)
    print_json(s);
  else
    print_plain(s);
  return EXIT_DONE;
}

int command_eval(int argc, char **argv) {
  scoring s = {.model_path = NULL};
  bool json = false;
  const flag flags[] = {{"model", FLAG_TEXT, &s.model_path, "FILE", "the model"},
                        SCORING_FLAGS(s),
                        {"json", FLAG_SWITCH, &json, NULL, "print one JSON object"},
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
      code = start_runtime(&s.run) ? work(&s, json) : EXIT_FAILED;
  }
  close_scoring(&s);
  return code;
}
