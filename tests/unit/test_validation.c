/* Which step's generator is kept, and what is called a collapse. */
#include "training_support.h"

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

static Suite *make_suite(void) {
  Suite *suite = suite_create("validation");
  add_case(suite, validation_score__is_accuracy_once_there_is_variety);
  add_case(suite, validation_score__lets_a_collapse_lose);
  add_case(suite, validation_score__asks_for_the_style_that_is_wanted);
  add_case(suite, validation__calls_right_pictures_without_variety_a_collapse);
  add_case(suite, validation__stops_after_two_collapses_in_a_row_or_at_the_end);
  add_case(suite, validation__is_due_every_so_many_steps_and_at_the_end);
  return suite;
}

XD_SUITE_MAIN(make_suite)
