/* What xdomain train and map train on: sets, pairs, and the judges of validation. */
#include <string.h>

#include "sets.h"
#include "training.h"

static bool validates(const training *t) {
  return t->held_out_share > 0.0f || t->validation_specs[0];
}

/* ---- Sets ---- */

/* Pairs of all with all ask for no class. */
static bool pairs_all(const char *pairs) {
  return !strcmp(pairs, "*:*");
}

static xd_status split_set(training *t, int domain, xd_dataset *whole) {
  double seed = 0.0;
  xd_status status = xd_options_get_number(t->options, t->run.context, &seed, "seed");
  if (!status)
    status = xd_dataset_split(&t->sets[domain], &t->validation[domain], t->run.context, whole,
                              (double)t->held_out_share, (uint64_t)seed);
  xd_dataset_release(whole);
  return status;
}

/* On the VAEs of a model, classes have the model's numbers; in validation, those of training. */
static xd_status load_domain(training *t, int domain) {
  class_names names;
  if (t->base)
    names = names_of_model(t->base, (uint32_t)domain + 1);
  xd_dataset *whole = NULL;
  xd_status status =
      load_set(&t->run, &whole, t->specs[domain], t->base && !pairs_all(t->pairs) ? &names : NULL);
  if (status)
    return status;
  if (t->held_out_share > 0.0f)
    return split_set(t, domain, whole);
  t->sets[domain] = whole;
  if (!t->validation_specs[domain])
    return XD_OK;
  names = names_of_set(whole);
  return load_set(&t->run, &t->validation[domain], t->validation_specs[domain],
                  pairs_all(t->pairs) ? NULL : &names);
}

static xd_status pair_classes(training *t) {
  class_names names[2];
  for (int d = 0; d < 2; d++)
    names[d] = t->base ? names_of_model(t->base, (uint32_t)d + 1) : names_of_set(t->sets[d]);
  return make_pairing(&t->run, &t->pairing, t->pairs, names);
}

static void describe_sets(const training *t) {
  static const char *const titles[] = {"domain 1", "domain 2"}, *const more[] = {"validation 1",
                                                                                 "validation 2"};
  for (int d = 0; d < 2; d++)
    describe_set(titles[d], t->sets[d]);
  for (int d = 0; d < 2; d++)
    if (t->validation[d])
      describe_set(more[d], t->validation[d]);
}

/* ---- Judges ---- */

static int show_judge_step(void *user, const xd_values *losses, uint32_t step, uint32_t steps) {
  training *t = user;
  char detail[32];
  snprintf(detail, sizeof detail, "loss %.4f", value_of(losses, "loss"));
  progress_show(&t->progress, "judge for validation", step, steps, (double)step / (double)steps, detail);
  return 0;
}

/* Loaded where a file was named, else trained on the training pictures. */
static xd_status prepare_judge(training *t, int domain) {
  const char *path = t->judge_paths[domain] ? t->judge_paths[domain] : t->judge_path;
  if (path)
    return xd_judge_load(&t->judges[domain], t->run.context, path);
  progress_start(&t->progress);
  const xd_status status =
      xd_judge_train(&t->judges[domain], t->run.context, NULL, t->sets[domain], show_judge_step, t, NULL);
  progress_end(&t->progress);
  return status;
}

/* A direction is judged by the judge of the domain that it enters. */
static xd_status prepare_judges(training *t) {
  xd_status status = XD_OK;
  for (int d = 0; d < 2 && !status; d++)
    if (t->directions >> (1 - d) & 1)
      status = prepare_judge(t, d);
  return status;
}

/* ---- All of it ---- */

int load_training_sets(training *t) {
  xd_status status = XD_OK;
  if (t->model_path)
    status = xd_model_load(&t->base, t->run.context, t->model_path);
  for (int d = 0; d < 2 && !status; d++)
    status = load_domain(t, d);
  if (!status)
    status = pair_classes(t);
  if (status)
    return report_failure(&t->run, status);
  describe_sets(t);
  if (!validates(t) || !t->directions)
    return EXIT_DONE;
  const int code = check_validation((const xd_dataset *const *)t->validation, t->pairing);
  if (code)
    return code;
  status = prepare_judges(t);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}
