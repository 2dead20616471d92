/* What xdomain train and map train on: sets, pairs, and the judges of validation. */
#include <math.h>
#include <string.h>

#include "sets.h"
#include "sharing.h"
#include "training.h"

static bool validates(const training *t) {
  return t->validation[0] && t->directions;
}

/* ---- Sets ---- */

/* Pairs of all with all ask for no class. */
static bool pairs_all(const training *t) {
  return t->pairs && !strcmp(t->pairs, "*:*");
}

/* On the VAEs of a model, pictures have its shape. */
static xd_status load_domain(training *t, uint32_t domain) {
  if (!t->base)
    return load_fitting(&t->run, &t->sets[domain], t->specs[domain], NULL);
  xd_shape shape;
  xd_model_picture_shape(t->base, domain + 1, &shape);
  return load_fitting(&t->run, &t->sets[domain], t->specs[domain], &shape);
}

/* On the VAEs of a model, classes have its numbers: only then do those that it lacks go. */
static xd_status match_classes(training *t, uint32_t domain) {
  if (!t->base || pairs_all(t))
    return XD_OK;
  const class_names names = names_of_model(t->base, domain + 1);
  return match_set(&t->run, &t->sets[domain], &names);
}

static xd_status load_unlabelled(training *t, uint32_t domain) {
  const xd_shape shape = shape_of_set(t->sets[domain]);
  if (!t->unlabelled_specs[domain])
    return XD_OK;
  xd_dataset_release(t->unlabelled[domain]);
  t->unlabelled[domain] = NULL;
  return load_fitting(&t->run, &t->unlabelled[domain], t->unlabelled_specs[domain], &shape);
}

static xd_status load_pictures(training *t, uint32_t domain) {
  xd_status status = load_domain(t, domain);
  if (!status)
    status = take_out_unlabelled(&t->run, &t->sets[domain], &t->unlabelled[domain]);
  if (!status)
    status = match_classes(t, domain);
  return status ? status : load_unlabelled(t, domain);
}

/* ---- Pairs ---- */

static int pair_classes(training *t) {
  class_names names[2];
  if (!t->pairs)
    return find_pairs(&t->run, &t->pairing, t->sets, t->base != NULL);
  for (uint32_t d = 0; d < 2; d++) {
    names[d] = t->base ? names_of_model(t->base, d + 1) : names_of_set(t->sets[d]);
    if (names[d].count == 0)
      names[d] = names_of_set(t->sets[d]);
  }
  const xd_status status = make_pairing(&t->run, &t->pairing, t->pairs, names);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

/* ---- Validation sets ---- */

static xd_status split_set(training *t, int domain, double share) {
  xd_dataset *rest = NULL;
  double seed = 0.0;
  xd_status status = xd_options_get_number(t->options, t->run.context, &seed, "seed");
  if (!status)
    status = xd_dataset_split(&rest, &t->validation[domain], t->run.context, t->sets[domain], share,
                              (uint64_t)seed);
  if (status)
    return status;
  xd_dataset_release(t->sets[domain]);
  t->sets[domain] = rest;
  return XD_OK;
}

/* Where nobody says: of sets whose classes are paired, if they have enough. Few labels are needed for training. */
static xd_status hold_out_by_itself(training *t) {
  const bool few = t->unlabelled[0] || t->unlabelled[1];
  if (t->no_validation || !t->directions)
    return XD_OK;
  if (few || pairs_all(t)) {
    notice("no pictures are held out to validate with, since %s",
           few ? "few have labels: --valid or --validation1 and --validation2 say which"
               : "'*:*' pairs no classes that a judge could tell");
    return XD_OK;
  }
  const double shares[2] = {choose_share(t->sets[0], t->pairing, 1), choose_share(t->sets[1], t->pairing, 2)};
  if (shares[0] <= 0.0 || shares[1] <= 0.0)
    return XD_OK;
  const xd_status status = split_set(t, 0, shares[0]);
  return status ? status : split_set(t, 1, shares[1]);
}

static xd_status hold_out(training *t) {
  if (isnan(t->held_out_share))
    return hold_out_by_itself(t);
  if (t->held_out_share == 0.0f)
    return XD_OK;
  const xd_status status = split_set(t, 0, (double)t->held_out_share);
  return status ? status : split_set(t, 1, (double)t->held_out_share);
}

/* Their classes have the numbers of the sets for training. */
static xd_status load_validation(training *t) {
  xd_status status = XD_OK;
  for (int d = 0; d < 2 && !status; d++) {
    const class_names names = names_of_set(t->sets[d]);
    const xd_shape shape = shape_of_set(t->sets[d]);
    status =
        load_set(&t->run, &t->validation[d], t->validation_specs[d], pairs_all(t) ? NULL : &names, &shape);
  }
  return status;
}

static int prepare_validation(training *t) {
  const xd_status status = t->validation_specs[0] ? load_validation(t) : hold_out(t);
  if (status)
    return report_failure(&t->run, status);
  return validates(t)
             ? check_validation((const xd_dataset *const *)t->validation, (const xd_dataset *const *)t->sets,
                                t->validation_specs[0] != NULL, t->pairing)
             : EXIT_DONE;
}

static void describe_sets(const training *t) {
  static const char *const titles[] = {"domain 1", "domain 2"}, *const more[] = {"validation 1",
                                                                                 "validation 2"};
  for (int d = 0; d < 2; d++)
    describe_set(titles[d], t->sets[d]);
  for (int d = 0; d < 2; d++)
    if (t->validation[d])
      describe_set(more[d], t->validation[d]);
  for (int d = 0; d < 2; d++)
    if (t->unlabelled[d])
      fprintf(stderr, "%s: %u unlabelled pictures besides\n", titles[d], xd_dataset_count(t->unlabelled[d]));
}

/* ---- Judges ---- */

static int show_judge_step(void *user, const xd_progress *p) {
  progress_step(user, "judge for validation", p, -1.0);
  return 0;
}

static xd_status train_judge(training *t, checkpoint_part part, int domain) {
  const xd_run run = run_with_checkpoint(&t->checkpoint, part, show_judge_step, &t->progress);
  progress_start(&t->progress);
  const xd_status status =
      xd_judge_train(&t->judges[domain], t->run.context, NULL, t->sets[domain], &run, NULL);
  progress_end(&t->progress);
  return status;
}

static bool is_damage(xd_status status) {
  return status == XD_ERROR_BAD_DATA || status == XD_ERROR_TRUNCATED || status == XD_ERROR_UNSUPPORTED ||
         status == XD_ERROR_VERSION_TOO_NEW;
}

/* A judge is worth minutes, what goes on with it hours: one that cannot be read is trained anew. */
static xd_status prepare_judge(training *t, int domain) {
  const checkpoint_part part = CHECKPOINT_JUDGE1 + (unsigned)domain;
  const xd_status status = train_judge(t, part, domain);
  if (!t->checkpoint.goes_on[part] || !is_damage(status))
    return status;
  give_up_part(&t->checkpoint, part);
  return train_judge(t, part, domain);
}

static xd_status weigh_and_say(training *t, int domain) {
  const xd_status status =
      weigh_judge(&t->judge_worth[domain], &t->run, t->judges[domain], t->validation[domain]);
  if (!status)
    say_worth(&t->judge_worth[domain], (uint32_t)domain + 1);
  return status;
}

/* A direction is judged by the judge of the domain that it enters. */
static bool has_judge(const training *t, int domain) {
  return validates(t) && t->directions >> (1 - domain) & 1;
}

static void say_unused(const training *t, const char *option) {
  notice("%s is not used, since %s", option,
         validates(t) ? "no mapping enters that domain" : "nothing is validated");
}

static xd_status load_judges(training *t) {
  static const char *const flags[2] = {"--judge1", "--judge2"};
  xd_status status = XD_OK;
  for (int d = 0; d < 2 && !status; d++) {
    const char *path = t->judge_paths[d] ? t->judge_paths[d] : t->judge_path;
    const xd_shape shape = shape_of_set(t->sets[d]);
    if (has_judge(t, d) && path)
      status = load_judge(&t->run, &t->judges[d], path, &shape);
    else if (t->judge_paths[d])
      say_unused(t, flags[d]);
  }
  if (t->judge_path && !has_judge(t, 0) && !has_judge(t, 1))
    say_unused(t, "--judge");
  return status;
}

static xd_status prepare_judges(training *t) {
  xd_status status = XD_OK;
  for (int d = 0; d < 2 && !status; d++) {
    if (!has_judge(t, d))
      continue;
    if (!t->judges[d])
      status = prepare_judge(t, d);
    if (!status)
      status = weigh_and_say(t, d);
  }
  return status;
}

/* ---- All of it ---- */

static xd_status load_sets(training *t) {
  xd_status status = XD_OK;
  if (t->model_path)
    status = xd_model_load(&t->base, t->run.context, t->model_path);
  else if (t->vae_paths[0])
    status = join_vaes(t);
  for (uint32_t d = 0; d < 2 && !status; d++)
    status = load_pictures(t, d);
  return status;
}

int load_training_sets(training *t) {
  const xd_status status = load_sets(t);
  if (status)
    return report_failure(&t->run, status);
  int code = pair_classes(t);
  if (!code)
    code = prepare_validation(t);
  if (code)
    return code;
  describe_sets(t);
  return EXIT_DONE;
}

int load_training_judges(training *t) {
  const xd_status status = load_judges(t);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

int train_training_judges(training *t) {
  const xd_status status = prepare_judges(t);
  const int code = status ? report_failure(&t->run, status) : EXIT_DONE;
  t->judges_begun = has_checkpoint(&t->checkpoint);
  if (status == XD_ERROR_CANCELLED && is_first_rank() && t->judges_begun)
    tell_checkpoint(&t->checkpoint);
  return code;
}
