/* Loading what is scored, and scoring it. */
#include "scoring.h"

#include <string.h>

#include "sets.h"

/* ---- Loading ---- */

int open_scoring(scoring *s) {
  xd_context *context = s->run.context;
  xd_status status = xd_options_create(&s->options, context, "evaluation");
  if (!status)
    status = apply_settings(&s->settings, context, s->options);
  if (status)
    return usage_error("%s", xd_context_message(context));
  status = xd_model_load(&s->model, context, s->model_path);
  return status ? report_failure(&s->run, status) : EXIT_DONE;
}

bool has_conditions(const scoring *s) {
  return !xd_model_encoder(s->model, 1);
}

bool has_direction(const scoring *s, int source) {
  return xd_model_generator(s->model, direction_from(source)) != NULL;
}

const char *scoring_pairs(const scoring *s) {
  return s->pairs ? s->pairs : xd_model_pairing(s->model);
}

xd_status load_scoring_sets(scoring *s) {
  static const char *const titles[] = {"domain 1", "domain 2"};
  const bool all = !*scoring_pairs(s) || !strcmp(scoring_pairs(s), "*:*"); /* asks for no class */
  xd_status status = XD_OK;
  for (uint32_t d = has_conditions(s) ? 1 : 0; d < 2 && !status; d++) {
    const class_names names = names_of_model(s->model, d + 1);
    xd_shape shape;
    xd_model_picture_shape(s->model, d + 1, &shape);
    if (s->specs[d])
      status = load_set(&s->run, &s->sets[d], s->specs[d], all ? NULL : &names, &shape);
    if (s->sets[d])
      describe_set(titles[d], s->sets[d]);
  }
  if (has_conditions(s)) /* as many pictures of each class as are real */
    s->sets[0] = xd_dataset_retain(s->sets[1]);
  return status;
}

/* The model's pairs are numbers, also where classes are called by others. */
static xd_status read_pairs(scoring *s) {
  const class_names names[2] = {names_of_model(s->model, 1), names_of_model(s->model, 2)};
  return s->pairs ? make_pairing(&s->run, &s->pairing, s->pairs, names)
                  : xd_pairing_create(&s->pairing, s->run.context, xd_model_pairing(s->model));
}

xd_status load_scoring_rest(scoring *s) {
  xd_status status = read_pairs(s);
  for (int d = 0; d < 2 && !status; d++) {
    const char *path = s->judge_paths[d] ? s->judge_paths[d] : s->judge_path;
    xd_shape shape;
    xd_model_picture_shape(s->model, (uint32_t)d + 1, &shape);
    if (path)
      status = load_judge(&s->run, &s->judge[d], path, has_direction(s, 1 - d) ? &shape : NULL);
  }
  return status;
}

void close_scoring(scoring *s) {
  for (int d = 0; d < 2; d++) {
    xd_dataset_release(s->sets[d]);
    xd_judge_release(s->judge[d]);
    xd_values_destroy(s->measures[d]);
  }
  xd_pairing_release(s->pairing);
  xd_model_release(s->model);
  xd_options_destroy(s->options);
  free_settings(&s->settings);
  stop_runtime(&s->run);
}

/* ---- Scoring ---- */

bool can_judge(const scoring *s, int source) {
  const int target = 1 - source;
  for (uint32_t i = 0; i < xd_pairing_count(s->pairing) && !s->judge[target]; i++) {
    const uint32_t label = xd_pairing_class(s->pairing, (uint32_t)target + 1, i);
    if (label == XD_ANY_CLASS || xd_dataset_class_size(s->sets[target], label) != 1)
      continue;
    notice(
        "no scores %s: class '%s' of domain %d has one picture, and a judge that is trained on half of them wants "
        "two; --judge%d takes one that was trained before",
        source ? "from domain 2 to 1" : "from domain 1 to 2", xd_dataset_class_name(s->sets[target], label),
        target + 1, target + 1);
    return false;
  }
  return true;
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

xd_status score_direction(scoring *s, int source) {
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
  return xd_evaluate(s->run.context, s->measures[source], s->model, direction_from(source), &input,
                     s->options);
}
