/* Which step's generator is kept, and what is called a collapse. */
#include "training_support.h"

#include "base/seeds.h"
#include "tiny_model.h"
#include "train/archive.h"
#include "train/validation.h"

static xdi_evaluation figures(double acc, double div, double ediv) {
  return (xdi_evaluation){.acc = acc, .div = div, .ediv = ediv};
}

static double score(double acc, double div, double ediv) {
  const xdi_evaluation evaluation = figures(acc, div, ediv);
  return xdi_validation_score(&evaluation, 0.0f);
}

static double styled_score(float option, double ediv, double style) {
  xdi_evaluation evaluation = figures(0.8, 0.75, ediv);
  evaluation.kept.style = style;
  return xdi_validation_score(&evaluation, option);
}

START_TEST(validation_score__is_accuracy_once_there_is_variety) {
  assert_near(score(0.9, 0.75, 0.6), 0.9, 1e-12, "score");
  assert_near(score(0.9, 0.99, 0.95), 0.9, 1e-12, "score");
  assert_near(score(0.8, 0.375, 0.6), 0.4, 1e-12, "score");
  assert_near(score(0.8, 0.75, 0.3), 0.4, 1e-12, "score");
  ck_assert(score(0.0, 1.0, 1.0) == 0.0 && score(1.0, 0.0, 1.0) == 0.0 && score(1.0, 1.0, 0.0) == 0.0);
}
END_TEST

START_TEST(validation_score__lets_a_collapse_lose) {
  ck_assert(score(1.0, 0.05, 0.05) < score(0.7, 0.7, 0.5));
  ck_assert(score(1.0, 0.05, 0.9) < score(0.7, 0.7, 0.5));
  ck_assert(score(1.0, 0.8, 0.02) < score(0.7, 0.7, 0.5)); /* the noise has no effect */
  ck_assert(score(0.97, 0.8, 0.7) > score(0.96, 0.95, 0.9));
}
END_TEST

/* The option moves the claim from the noise's variety to the source's style. */
START_TEST(validation_score__asks_for_the_style_that_is_wanted) {
  assert_near(styled_score(0.0f, 0.3, 1.0), 0.4, 1e-12, "score");
  assert_near(styled_score(1.0f, 0.0, 0.5), 0.8, 1e-12, "score");
  assert_near(styled_score(1.0f, 0.9, 0.25), 0.4, 1e-12, "score");
  assert_near(styled_score(0.5f, 0.3, 0.9), 0.6, 1e-12, "score");
}
END_TEST

START_TEST(validation__calls_right_pictures_without_variety_a_collapse) {
  const xdi_evaluation collapsed = figures(0.99, 0.05, 0.0), varied = figures(0.99, 0.1, 0.0),
                       wrong = figures(0.4, 0.0, 0.0);
  ck_assert(xdi_validation_is_collapse(&collapsed));
  ck_assert(!xdi_validation_is_collapse(&varied));
  ck_assert(!xdi_validation_is_collapse(&wrong));
  const xdi_evaluation half = figures(0.5, 0.05, 0.0), less = figures(0.499, 0.05, 0.0);
  ck_assert(xdi_validation_is_collapse(&half) && !xdi_validation_is_collapse(&less));
}
END_TEST

START_TEST(validation__stops_after_two_collapses_in_a_row_or_at_the_end) {
  xd_context *context = test_context("reference");
  xdi_training training = {.context = context, .settings = {.allow_collapse = 0}};
  xdi_validation validation = {
      .training = &training, .steps = 100, .collapsed = 1, .last = figures(0.9, 0.01, 0.0)};
  assert_ok(context, xdi_validation_check(&validation, 69));
  assert_status(xdi_validation_check(&validation, 99), XD_ERROR_COLLAPSED);
  validation.collapsed = 2;
  assert_status(xdi_validation_check(&validation, 69), XD_ERROR_COLLAPSED);
  assert_message_names(context, "the mapping 1 to 2 collapsed by step 70: acc 0.900, div 0.010 below 0.1");
  validation.direction = 1;
  assert_status(xdi_validation_check(&validation, 70), XD_ERROR_COLLAPSED);
  assert_message_names(context, "the mapping 2 to 1 collapsed by step 71");
  validation.collapsed = 1;
  assert_ok(context, xdi_validation_check(&validation, 98));
  validation.collapsed = 2, validation.direction = 0;
  training.settings.allow_collapse = 1;
  assert_ok(context, xdi_validation_check(&validation, 99));
  validation.collapsed = 0, training.settings.allow_collapse = 0;
  assert_ok(context, xdi_validation_check(&validation, 99));
  xd_context_destroy(context);
}
END_TEST

/* Every so many steps and after the last, where there are sets and a judge of the target. */
START_TEST(validation__is_due_every_so_many_steps_and_at_the_end) {
  const xd_dataset *set = (const xd_dataset *)&set;
  const xd_judge *judge = (const xd_judge *)&judge;
  xdi_training training = {.settings = {.validate_every = 10}};
  xdi_validation validation = {.training = &training, .steps = 25};
  training.input.validation[0] = training.input.validation[1] = set;
  training.input.judge[1] = judge;
  for (uint32_t step = 0; step < 25; step++)
    ck_assert_int_eq(xdi_validation_is_due(&validation, step), step == 9 || step == 19 || step == 24);
  training.settings.validate_every = 0;
  for (uint32_t step = 0; step < 25; step++)
    ck_assert_int_eq(xdi_validation_is_due(&validation, step), step == 24);
  validation.direction = 1;
  ck_assert(!xdi_validation_is_due(&validation, 24));
  training.input.judge[0] = judge;
  ck_assert(xdi_validation_is_due(&validation, 24));
  training.input.validation[0] = NULL;
  ck_assert(!xdi_validation_is_due(&validation, 24));
}
END_TEST

/* ---- a mapping's validations ---- */

#define STEPS 4u
#define PICTURES 6u

/* Networks of formulas: nothing is trained. All classes are linked, so that acc is 1 and variety decides. */
typedef struct fixture {
  xd_context *context;
  xd_model *vaes;
  xd_judge *judges[2];
  xd_dataset *sets[2];
  xd_pairing *pairing;
  xdi_training training;
  xdi_validation validation;
} fixture;

static xd_dataset *make_set(xd_context *context, uint32_t domain, uint32_t count, bool alike) {
  static const uint32_t labels[PICTURES] = {0, 1, 0, 1, 0, 1};
  const xd_shape shape =
      domain == 0 ? (xd_shape){8, 8, 1} : (xd_shape){.height = 10, .width = 9, .channels = 3};
  const size_t size = shape_cells(shape);
  uint8_t *bytes = malloc(PICTURES * size);
  float *pixels = make_pixels(PICTURES * size, 20 + domain);
  xd_dataset *set = NULL;
  ck_assert_ptr_nonnull(bytes);
  for (size_t i = 0; i < PICTURES * size; i++)
    bytes[i] = (uint8_t)(118.0f + 20.0f * pixels[alike ? i % size : i]);
  assert_ok(context, xd_dataset_create(&set, context, bytes, labels, count, shape.width, shape.height,
                                       shape.channels));
  free(bytes), free(pixels);
  return set;
}

static void open_fixture(fixture *f, uint32_t direction, const char *pairing) {
  const xd_train_input input = XD_TRAIN_INPUT_INIT;
  *f = (fixture){.context = test_context("reference")};
  f->vaes = tiny_model(f->context, false);
  f->judges[0] =
      make_judge(f->context, "width=8 height=8 channels=1 classes=2 base_channels=2 feature_dim=3");
  f->judges[1] =
      make_judge(f->context, "width=9 height=10 channels=3 classes=2 base_channels=2 feature_dim=3");
  f->pairing = make_pairing(f->context, pairing);
  assert_ok(f->context, xdi_training_open(&f->training, f->context, NULL, &input, NULL));
  f->training.settings.seed = 7;
  f->training.input.pairing = f->pairing;
  for (uint32_t i = 0; i < 2; i++) {
    f->sets[i] = make_set(f->context, i, PICTURES, false);
    f->training.input.judge[i] = f->judges[i];
    f->training.input.validation[i] = f->sets[i];
  }
  f->validation =
      (xdi_validation){.training = &f->training, .vaes = f->vaes, .direction = direction, .steps = STEPS};
}

static void close_fixture(fixture *f) {
  xdi_validation_close(&f->validation);
  xdi_training_close(&f->training);
  for (uint32_t i = 0; i < 2; i++) {
    xd_judge_release(f->judges[i]);
    xd_dataset_release(f->sets[i]);
  }
  xd_pairing_release(f->pairing);
  xd_model_release(f->vaes);
  xd_context_destroy(f->context);
}

static xd_mapping_trainer *mapping_of(const fixture *f, const char *options) {
  char text[256];
  snprintf(text, sizeof text, "source_dim=%u target_dim=%u hidden_width=8 hidden_layers=1 batch=4 %s",
           f->validation.direction ? 3 : 2, f->validation.direction ? 2 : 3, options);
  return make_mapping_trainer(f->context, text);
}

/* What is measured of a generator, as it is found by one evaluation. */
static xdi_evaluation measure_by_hand(const fixture *f, xd_mapping_trainer *trainer, bool ceiling) {
  const uint32_t from = f->validation.direction, to = 1 - from;
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_latent_generator *generator = NULL;
  xd_model *model = NULL;
  xdi_evaluation found;
  xdi_real_figures real = {0};
  const xdi_evaluation_settings settings = {
      .temperature = 1.0f, .skip_reconstruction = !ceiling, .seed = xdi_seed_of(7, XDI_SEED_VALIDATION)};
  assert_ok(f->context, xd_mapping_trainer_finish(trainer, &generator, NULL));
  parts.generator[from] = generator;
  assert_ok(f->context, xd_model_with_mapping(&model, f->context, f->vaes, &parts));
  input.judge = f->judges[to];
  input.source = f->training.input.validation[from], input.target = f->training.input.validation[to];
  input.pairing = f->pairing;
  assert_ok(f->context, xdi_evaluate(&found, f->context, model, from ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2,
                                     &input, &settings, &real));
  xdi_real_figures_close(&real);
  xd_latent_generator_release(generator);
  xd_model_release(model);
  return found;
}

static double reported(const fixture *f, const char *prefix, const char *name) {
  char full[64];
  snprintf(full, sizeof full, "%s%u%s", prefix, f->validation.direction + 1, name);
  return value_of(f->training.report, full);
}

/* A generator that draws no noise, from pictures that are all alike, gives one picture. */
static void check_validations(uint32_t direction) {
  fixture f;
  open_fixture(&f, direction, "*:*");
  xd_mapping_trainer *varied = mapping_of(&f, ""), *still = mapping_of(&f, "noise_scale=0");
  xd_dataset *alike = make_set(f.context, direction, PICTURES, true);
  xd_latent_generator *kept = NULL, *wanted = NULL;
  xd_pair_discriminator *judging = NULL;
  const xd_values *measures = &f.training.measures;
  char name[64];

  assert_ok(f.context, xdi_validation_run(&f.validation, varied, 1));
  const xdi_evaluation first = measure_by_hand(&f, varied, false);
  const double score = xdi_validation_score(&first, 0.0f);
  ck_assert_msg(score > 0.05 && !xdi_validation_is_collapse(&first), "a score of %g tells little", score);
  ck_assert(value_of(measures, "score") == score && value_of(measures, "fd") == first.fd);
  ck_assert(f.validation.best == score && reported(&f, "validation", ".score") == score);
  ck_assert(reported(&f, "validation", ".fd") == first.fd &&
            reported(&f, "validation", ".ediv") == first.ediv);
  ck_assert(reported(&f, "kept_step", "") == 2.0 && reported(&f, "validations", "") == 1.0);
  assert_ok(f.context, xd_mapping_trainer_finish(varied, &wanted, NULL));

  /* Collapses count in the second half alone, and one that is none begins again. */
  f.training.input.validation[direction] = alike;
  static const uint32_t steps[] = {1, 2, 2, 2, 3}, counts[] = {0, 1, 2, 0, 1};
  for (uint32_t i = 0; i < COUNT_OF(steps); i++) {
    f.training.input.validation[direction] = i == 3 ? f.sets[direction] : alike;
    assert_ok(f.context, xdi_validation_run(&f.validation, i == 3 ? varied : still, steps[i]));
    ck_assert_msg(f.validation.collapsed == counts[i], "validation %u: %u collapses", i,
                  f.validation.collapsed);
    ck_assert_uint_eq(f.validation.validated, i + 2);
    ck_assert(reported(&f, "validations", "") == i + 2.0);
    ck_assert(f.validation.last.has_reconstruction == (steps[i] == 3));
    snprintf(name, sizeof name, "validation%u.reconstruction_acc", direction + 1);
    ck_assert_int_eq(xd_values_find(f.training.report, NULL, name) == XD_OK, steps[i] == 3);
    ck_assert(reported(&f, "kept_step", "") == (i < 3 ? 2.0 : 3.0)); /* of equals the last is kept */
  }
  const xdi_evaluation last = measure_by_hand(&f, still, true);
  ck_assert(xdi_validation_is_collapse(&last) && f.validation.last.acc == 1.0);
  ck_assert(reported(&f, "validation", ".reconstruction_acc") == last.reconstruction_acc);
  ck_assert(reported(&f, "validation", ".reconstruction_fd") == last.reconstruction_fd);
  ck_assert(reported(&f, "validation", ".reconstruction_sharpness") == last.reconstruction_sharpness);
  ck_assert(reported(&f, "validation", ".reconstruction_detail") == last.reconstruction_detail);
  ck_assert(reported(&f, "validation", ".fd") == first.fd && f.validation.best == score);

  assert_ok(f.context, xdi_validation_finish(&f.validation, still, &kept, &judging));
  ck_assert(kept == f.training.done.best_generator && judging == f.training.done.best_discriminator);
  ck_assert(same_weights(xd_latent_generator_network(kept), xd_latent_generator_network(wanted)));
  xd_latent_generator_release(kept), xd_pair_discriminator_release(judging);
  xdi_release_best(&f.training.done);
  assert_ok(f.context, xdi_validation_finish(&f.validation, varied, &kept, &judging));
  ck_assert(reported(&f, "kept_step", "") == STEPS && kept && judging);
  xd_latent_generator_release(kept), xd_pair_discriminator_release(judging);
  xd_latent_generator_release(wanted);
  xd_dataset_release(alike);
  xd_mapping_trainer_destroy(varied), xd_mapping_trainer_destroy(still);
  close_fixture(&f);
}

START_TEST(validation_run__keeps_the_best_and_counts_collapses) {
  check_validations(0);
  check_validations(1);
}
END_TEST

/* A mapping ends early where half of the steps have brought nothing better and the score has fallen: not where it
 * wavers, nor before. */
START_TEST(validation_run__ends_a_mapping_whose_score_has_fallen) {
  static const struct {
    uint32_t best_step, step;
    double best; /* as a multiple of the score */
    bool past, ended;
  } cases[] = {{1, 1, 2.0, false, false}, {1, 2, 1.05, true, false}, {1, 2, 1.2, true, true},
               {2, 2, 2.0, false, false}, {1, 2, 0.9, true, false},  {2, 3, 2.0, false, false}};
  for (uint32_t direction = 0; direction < 2; direction++) {
    fixture f;
    open_fixture(&f, direction, "*:*");
    xd_mapping_trainer *trainer = mapping_of(&f, "");
    assert_ok(f.context, xdi_validation_run(&f.validation, trainer, 0));
    const double score = f.validation.best;
    ck_assert(score > 0.05);
    for (uint32_t i = 0; i < COUNT_OF(cases); i++) {
      f.validation.best = cases[i].best * score, f.validation.best_step = cases[i].best_step;
      f.validation.ended = 0;
      assert_ok(f.context, xdi_validation_run(&f.validation, trainer, cases[i].step));
      ck_assert_msg(f.validation.ended == cases[i].ended, "case %u", i);
      ck_assert_msg(f.validation.last.has_reconstruction == (cases[i].past || cases[i].step == STEPS - 1),
                    "case %u", i);
    }
    /* A collapse decides nothing yet, unless it is allowed. */
    f.validation.best = 1e3, f.validation.best_step = 1;
    f.validation.last = figures(1.0, 0.0, 0.0);
    xd_mapping_trainer *still = mapping_of(&f, "noise_scale=0");
    xd_dataset *alike = make_set(f.context, direction, PICTURES, true);
    f.training.input.validation[direction] = alike;
    for (uint32_t allowed = 0; allowed < 2; allowed++) {
      f.validation.collapsed = 0, f.training.settings.allow_collapse = allowed;
      assert_ok(f.context, xdi_validation_run(&f.validation, still, 2));
      ck_assert(f.validation.collapsed == 1 && f.validation.ended == allowed);
    }
    f.training.input.validation[direction] = f.sets[direction];
    xd_dataset_release(alike), xd_mapping_trainer_destroy(still);
    xd_mapping_trainer_destroy(trainer);
    close_fixture(&f);
  }
}
END_TEST

START_TEST(validation_rehearse__wants_two_pictures_of_a_class) {
  static const struct {
    const char *pairing;
    uint32_t counts[2]; /* of pictures whose classes take turns */
    xd_status expected;
    const char *word;
  } cases[] = {
      {"*:*", {6, 6}, XD_OK, ""},
      {"*:*", {2, 2}, XD_OK, ""},
      {"*:*", {1, 2}, XD_ERROR_INVALID_ARGUMENT, "domain 1 has 1 picture of all classes;"},
      {"*:*", {2, 1}, XD_ERROR_INVALID_ARGUMENT, "domain 2 has 1 picture of all classes;"},
      {"0:1,1:0", {4, 4}, XD_OK, ""},
      {"0:1,1:0", {3, 4}, XD_ERROR_INVALID_ARGUMENT, "domain 1 has 1 picture of class '1';"},
      {"0:1,1:0", {4, 3}, XD_ERROR_INVALID_ARGUMENT, "domain 2 has 1 picture of class '1';"},
      {"0:0", {3, 3}, XD_OK, ""},
      {"0:1", {4, 1}, XD_ERROR_NOT_FOUND, "class 1 of domain 2 is paired, but its set has no picture of it"},
  };
  for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
    const size_t n = i / 2;
    fixture f;
    xd_dataset *sets[2];
    open_fixture(&f, i % 2, cases[n].pairing);
    xd_mapping_trainer *trainer = mapping_of(&f, "");
    for (uint32_t d = 0; d < 2; d++)
      f.training.input.validation[d] = sets[d] = make_set(f.context, d, cases[n].counts[d], false);
    const xd_status status = xdi_validation_rehearse(&f.training, f.vaes, i % 2, trainer);
    ck_assert_msg(status == cases[n].expected, "case %zu: %s", n, xd_status_name(status));
    if (status != XD_OK)
      assert_message_names(f.context, cases[n].word);
    xd_dataset_release(sets[0]), xd_dataset_release(sets[1]);
    xd_mapping_trainer_destroy(trainer);
    close_fixture(&f);
  }
}
END_TEST

/* All numbers, in their order. */
START_TEST(validation_archive__comes_back) {
  xd_context *context = test_context("reference");
  xdi_validation there = {.validated = 5, .collapsed = 2, .best = 0.75, .last = figures(0.5, 0.25, 0.0)},
                 here = {.validated = 0};
  xdi_bytes bytes = {.allocator = &context->allocator};
  xdi_archive to = {.context = context, .to = &bytes};
  xdi_validation_archive(&there, &to);
  assert_ok(context, xdi_archive_end(&to));
  xdi_cursor cursor = {.data = bytes.data, .size = bytes.size};
  xdi_archive from = {.context = context, .from = &cursor};
  xdi_validation_archive(&here, &from);
  assert_ok(context, xdi_archive_end(&from));
  ck_assert(xdi_cursor_done(&cursor) && here.validated == 5 && here.collapsed == 2 && here.best == 0.75);
  ck_assert(here.last.acc == 0.5 && here.last.div == 0.25);
  xdi_bytes_release(&bytes);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("validation");
  add_case(suite, validation_score__is_accuracy_once_there_is_variety);
  add_case(suite, validation_score__lets_a_collapse_lose);
  add_case(suite, validation_score__asks_for_the_style_that_is_wanted);
  add_case(suite, validation__calls_right_pictures_without_variety_a_collapse);
  add_case(suite, validation__stops_after_two_collapses_in_a_row_or_at_the_end);
  add_case(suite, validation__is_due_every_so_many_steps_and_at_the_end);
  add_case(suite, validation_run__keeps_the_best_and_counts_collapses);
  add_case(suite, validation_run__ends_a_mapping_whose_score_has_fallen);
  add_case(suite, validation_rehearse__wants_two_pictures_of_a_class);
  add_case(suite, validation_archive__comes_back);
  return suite;
}

XD_SUITE_MAIN(make_suite)
