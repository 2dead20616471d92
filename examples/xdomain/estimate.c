/* How long a training takes: a few steps of each kind are trained on few pictures, and what is then thought is put
 * right as the training goes on. */
#include <math.h>
#include <string.h>

#include "choice.h"
#include "sharing.h"
#include "training.h"
#include <xdomain/unstable/plan.h>

enum { PILOT_STEPS = 4, PILOT_PICTURES = 320, JUDGE_STEPS = 3 };

/* In a validation, as the library counts: sources of a class whose variety is measured, and translations of each. */
static const double varied_sources = 8.0, varied_translations = 24.0;
/* What it costs to change a picture and to encode the copy, in pictures that are encoded. */
static const double copy_cost = 1.5;
/* The options of a mapping by which its copies of a picture are changed. */
static const char *const changes[] = {"augment", "augment_elastic", "augment_colour", "augment_blur"};
enum { CHANGES = sizeof changes / sizeof *changes };
/* The plan counts for so much of the training beside what was measured since. */
static const double trust_in_plan = 0.03;

static double option(const training *t, const char *name) {
  double number = 0.0;
  return xd_options_get_number(t->options, t->run.context, &number, name) ? 0.0 : number;
}

static double numbered_option(const training *t, const char *format, uint32_t number) {
  char name[32];
  snprintf(name, sizeof name, format, number);
  return option(t, name);
}

/* ---- The pilot ---- */

/* When a stage's steps were heard of. */
typedef struct pilot {
  double first[PLANNED_STAGES], last[PLANNED_STAGES];
  uint32_t steps[PLANNED_STAGES];
} pilot;

static int note_time(void *user, const xd_progress *p) {
  pilot *seen = user;
  const double now = now_seconds();
  if (!seen->steps[p->stage]++)
    seen->first[p->stage] = now;
  seen->last[p->stage] = now;
  return 0;
}

static double step_seconds(const pilot *seen, uint32_t stage) {
  return seen->steps[stage] > 1 ? (seen->last[stage] - seen->first[stage]) / (seen->steps[stage] - 1) : 0.0;
}

/* Some pictures of a set, of each class one at least; the caller releases them. */
static xd_status take_few(const training *t, xd_dataset **out, const xd_dataset *set) {
  const uint32_t count = xd_dataset_count(set);
  xd_dataset *rest = NULL;
  if (count < 2 * PILOT_PICTURES) {
    *out = xd_dataset_retain(set);
    return XD_OK;
  }
  const xd_status status =
      xd_dataset_split(out, &rest, t->run.context, set, 1.0 - (double)PILOT_PICTURES / count, 0);
  xd_dataset_release(rest);
  return status;
}

/* A batch that the ranks share evenly; fewer pictures than them, they cannot share. */
static double pilot_batch(const training *t, uint32_t domain, const xd_dataset *few) {
  const double ranks = get_sharing()->ranks,
               batch = fmin(numbered_option(t, "vae%u.batch", domain + 1), xd_dataset_count(few));
  return fmax(1.0, floor(batch / ranks)) * ranks;
}

/* Codes are timed without changed copies: validations encode none, and large sets have fewer than small ones. */
static xd_status shorten(const training *t, xd_options **out, xd_dataset *const few[2]) {
  char text[128];
  xd_status status = xd_options_clone(out, t->run.context, t->options);
  snprintf(text, sizeof text,
           "vae.epochs = 0\nvae.min_steps = %d\nvae.parts = 1\nmapping.steps = %d\n"
           "vae1.batch = %.0f\nvae2.batch = %.0f\n",
           PILOT_STEPS, PILOT_STEPS, pilot_batch(t, 0, few[0]), pilot_batch(t, 1, few[1]));
  if (!status)
    status = xd_options_read(*out, t->run.context, text);
  for (int i = 0; i < CHANGES && !status; i++) {
    snprintf(text, sizeof text, "mapping.%s", changes[i]);
    status = xd_options_set_number(*out, t->run.context, text, 0);
  }
  return status;
}

static xd_status run_pilot(training *t, pilot *seen, xd_dataset *const few[2]) {
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_run run = XD_RUN_INIT;
  xd_options *options = NULL;
  xd_model *model = NULL;
  for (int d = 0; d < 2; d++)
    input.set[d] = few[d];
  input.pairing = t->pairing;
  run.callback = note_time;
  run.user = seen;
  xd_status status = shorten(t, &options, few);
  if (!status)
    status = t->mapping_only ? xd_map(&model, t->run.context, NULL, t->base, &input, &run, options)
                             : xd_train(&model, t->run.context, NULL, &input, &run, options);
  xd_model_release(model);
  xd_options_destroy(options);
  return status;
}

/* ---- The judges' share ---- */

typedef struct judge_pilot {
  double first, seconds;
} judge_pilot;

static int note_judge(void *user, const xd_progress *p) {
  judge_pilot *seen = user;
  if (p->step == 1)
    seen->first = now_seconds();
  seen->seconds = p->step > 1 ? (now_seconds() - seen->first) / (p->step - 1) * p->steps : 0.0;
  return p->step == JUDGE_STEPS;
}

static double judge_seconds(training *t, uint32_t domain) {
  judge_pilot seen = {0.0, 0.0};
  xd_run run = XD_RUN_INIT;
  xd_judge *judge = NULL;
  const bool trained = t->validation[0] && t->checkpoint.with_judge[domain];
  run.callback = note_judge;
  run.user = &seen;
  if (trained)
    (void)xd_judge_train(&judge, t->run.context, NULL, t->sets[domain], &run, NULL);
  xd_judge_release(judge);
  return seen.seconds;
}

/* ---- The plan ---- */

static xd_status count_steps(training *t) {
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  for (uint32_t d = 0; d < 2; d++) {
    input.set[d] = t->sets[d];
    input.unlabelled[d] = t->unlabelled[d];
  }
  input.pairing = t->pairing;
  const xd_status status = xd_train_steps(t->plan.steps, t->run.context, &input, t->options);
  if (t->mapping_only)
    t->plan.steps[XD_STAGE_VAE1] = t->plan.steps[XD_STAGE_VAE2] = 0;
  return status;
}

static bool are_changed(const training *t, uint32_t domain) {
  char name[40];
  for (int i = 0; i < CHANGES; i++) {
    snprintf(name, sizeof name, "mapping%u.%s", domain + 1, changes[i]);
    if (option(t, name) > 0.0)
      return true;
  }
  return false;
}

/* Changed copies of each picture, as the library counts them. */
static double copies_of(const training *t, uint32_t domain) {
  const double kept = numbered_option(t, "mapping%u.codes_per_picture", domain + 1),
               room = floor((double)XD_COPIED_PICTURES /
                            (xd_dataset_count(t->sets[domain]) + xd_dataset_count(t->unlabelled[domain])));
  if (!are_changed(t, domain) || !(t->directions >> domain & 1))
    return 0.0;
  return kept > 0.0 ? kept : room < XD_COPIES_LEAST ? 0.0 : fmin(room, XD_COPIES_MOST);
}

/* Pictures whose translations a validation varies. Where no class is paired, all are one. */
static double count_varied(const training *t, uint32_t domain) {
  const xd_dataset *set = t->validation[domain];
  double count = 0.0;
  if (xd_pairing_class(t->pairing, domain + 1, 0) == XD_ANY_CLASS)
    return fmin(varied_sources, xd_dataset_count(set));
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (is_paired(t->pairing, domain + 1, label))
      count += fmin(varied_sources, xd_dataset_class_size(set, label));
  return count;
}

static void plan_validations(training *t, uint32_t direction, double picture_seconds) {
  const uint32_t stage = XD_STAGE_MAPPING1 + direction, steps = t->plan.steps[stage];
  const uint32_t every = (uint32_t)option(t, "validate_every");
  if (!t->validation[0])
    return;
  const double pictures =
      xd_dataset_count(t->validation[direction]) + varied_translations * count_varied(t, direction);
  t->plan.validations[stage] = every ? (steps + every - 1) / every : 1;
  t->plan.validation_seconds[stage] = 2.0 * pictures * picture_seconds;
}

/* Seconds of a stage. */
static double share_of(const training_plan *plan, uint32_t stage) {
  return plan->steps[stage] * plan->step_seconds[stage] +
         plan->validations[stage] * plan->validation_seconds[stage];
}

static void make_plan(training *t, const pilot *seen, const xd_dataset *few) {
  training_plan *plan = &t->plan;
  const double picture_seconds = step_seconds(seen, XD_STAGE_CODES) / xd_dataset_count(few);
  for (uint32_t d = 0; d < 2; d++) {
    const uint32_t vae = XD_STAGE_VAE1 + d, mapping = XD_STAGE_MAPPING1 + d;
    plan->step_seconds[vae] = t->mapping_only ? 0.0 : step_seconds(seen, vae);
    plan->step_seconds[mapping] = step_seconds(seen, mapping);
    plan_validations(t, d, picture_seconds);
  }
  /* Codes are encoded once to be standardised, and once to be kept. */
  plan->step_seconds[XD_STAGE_CODES] = 0.0;
  for (uint32_t d = 0; d < 2; d++)
    plan->step_seconds[XD_STAGE_CODES] +=
        picture_seconds * xd_dataset_count(t->sets[d]) * (1.0 + copy_cost * copies_of(t, d) / 2.0);
  for (uint32_t stage = XD_STAGE_VAE1; stage <= XD_STAGE_MAPPING2; stage++)
    plan->total += share_of(plan, stage);
}

/* ---- What is said ---- */

static void say_plan(const training *t, double judges) {
  const training_plan *plan = &t->plan;
  char duration[DURATION_SIZE];
  spell_duration(duration, plan->total + judges);
  fprintf(stderr, "this takes %s: judges %.1f min, VAEs %.1f min, mappings %.1f min\n", duration,
          judges / 60.0, (share_of(plan, XD_STAGE_VAE1) + share_of(plan, XD_STAGE_VAE2)) / 60.0,
          (share_of(plan, XD_STAGE_CODES) + share_of(plan, XD_STAGE_MAPPING1) +
           share_of(plan, XD_STAGE_MAPPING2)) /
              60.0);
}

/* What has nothing to do with how few pictures and steps these are. */
static bool is_refusal(xd_status status) {
  return status == XD_ERROR_INVALID_ARGUMENT || status == XD_ERROR_SHAPE_MISMATCH;
}

static xd_status time_training(training *t) {
  pilot seen = {.steps = {0}};
  xd_dataset *few[2] = {NULL, NULL};
  xd_status status = take_few(t, &few[0], t->sets[0]);
  if (!status)
    status = take_few(t, &few[1], t->sets[1]);
  if (!status)
    status = run_pilot(t, &seen, few);
  if (!status)
    make_plan(t, &seen, few[1]);
  xd_dataset_release(few[0]);
  xd_dataset_release(few[1]);
  return status;
}

/* A training that cannot be is refused before judges are trained for it. How it may fail else, it will tell by itself. */
int plan_training(training *t) {
  t->run.hushed = true;
  xd_status status = share_trainings(t->run.context);
  const xd_status counted = status ? status : count_steps(t);
  /* What is wrong with the options of VAEs that are not trained costs a mapping no more than its plan. */
  if (!counted || t->mapping_only)
    status = time_training(t);
  const double judges = status || counted ? 0.0 : judge_seconds(t, 0) + judge_seconds(t, 1);
  t->run.hushed = false;
  if (signal_received())
    return report_failure(&t->run, XD_ERROR_CANCELLED);
  if (is_refusal(status))
    return report_failure(&t->run, status);
  if (counted && !t->mapping_only)
    return report_failure(&t->run, counted);
  if (!status && !counted && !t->checkpoint.goes_on[CHECKPOINT_OWN])
    say_plan(t, judges);
  return EXIT_DONE;
}

/* ---- As it goes on ---- */

/* Seconds of the plan that are done after a step. */
static double planned_until(const training_plan *plan, uint32_t stage, uint32_t step) {
  double done = step * plan->step_seconds[stage];
  for (uint32_t earlier = XD_STAGE_VAE1; earlier < stage; earlier++)
    done += share_of(plan, earlier);
  if (plan->steps[stage])
    done +=
        floor((double)step / plan->steps[stage] * plan->validations[stage]) * plan->validation_seconds[stage];
  return done;
}

/* What a mapping that has ended early had still before it is out of the plan. */
static void cut_ended(training *t, const xd_progress *p) {
  training_plan *plan = &t->plan;
  if (t->stage == XD_STAGE_MAPPING1 && p->stage > t->stage && t->step < plan->steps[t->stage]) {
    const double whole = share_of(plan, t->stage);
    plan->validations[t->stage] =
        (uint32_t)((uint64_t)plan->validations[t->stage] * t->step / plan->steps[t->stage]);
    plan->steps[t->stage] = t->step;
    plan->total -= whole - share_of(plan, t->stage);
  }
}

double seconds_left(training *t, const xd_progress *p) {
  const training_plan *plan = &t->plan;
  if (plan->total <= 0.0)
    return -1.0;
  cut_ended(t, p);
  const double done = planned_until(plan, p->stage, p->step), now = now_seconds();
  if (t->began <= 0.0) {
    t->began = now;
    t->planned_done = done;
  }
  const double prior = trust_in_plan * plan->total;
  const double slowness = (now - t->began + prior) / (done - t->planned_done + prior);
  return fmax(0.0, plan->total - done) * slowness;
}
