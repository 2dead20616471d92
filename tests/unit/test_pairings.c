/* Pairings beside one class to one class, through the public interface: what is trained is what is judged. */
#include "training_support.h"

#define HELD_OUT 150u

typedef struct fixture {
  xd_context *context;
  xd_dataset *sets[2], *held_out[2];
  xd_pairing *pairing;
  xd_judge *judge[2];
  xd_model *model;
} fixture;

static xd_judge *train_judge(xd_context *context, const xd_dataset *set) {
  xd_options *options =
      make_options(context, "judge", "base_channels=8 feature_dim=32 batch=30 epochs=12 learning_rate=0.003");
  xd_judge *judge = NULL;
  assert_ok(context, xd_judge_train(&judge, context, NULL, set, NULL, options));
  xd_options_destroy(options);
  return judge;
}

static xd_dataset *without_labels(xd_context *context, const xd_dataset *set) {
  const uint32_t count = xd_dataset_count(set);
  uint8_t *pixels = malloc((size_t)count * PATTERN_SIZE);
  xd_dataset *bare = NULL;
  ck_assert_ptr_nonnull(pixels);
  for (uint32_t i = 0; i < count; i++)
    memcpy(pixels + (size_t)i * PATTERN_SIZE, xd_dataset_pixels(set, i), PATTERN_SIZE);
  assert_ok(context, xd_dataset_create(&bare, context, pixels, NULL, count, SIDE, SIDE, 1));
  free(pixels);
  return bare;
}

/* Domain 1 has the patterns 0 to 2, domain 2 the patterns 3 to 5; both directions are trained. */
static fixture open_fixture(const char *pairs, bool labelled) {
  fixture f = {.context = test_context_with("auto", 2, NULL)};
  xd_options *options = make_options(
      f.context, "train",
      "vae.latent_dim=8 vae.base_channels=8 vae.depth=1 vae.hidden1=64 vae.smooth_start=0 vae.sigma_x=0.1 "
      "vae.sharpen=0 vae.averaging=0 vae.augment=0 vae.batch=30 vae.min_steps=0 vae.epochs=40 "
      "vae.learning_rate=0.003 mapping.spectral_norm=1 mapping.mixing=0 mapping.anchor_codes=1 "
      "mapping.generated_mismatch=0 mapping.lambda_reg=0.1 mapping.final_lambda=1 mapping.invariance=0 mapping.augment=0 mapping.augment_elastic=0 "
      "mapping.mismatch=1 mapping.noise_scale=0.7 mapping.hidden_width=64 mapping.hidden_layers=2 mapping.batch=60 "
      "mapping.steps=1500 mapping.learning_rate=0.002 seed=5");
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  f.pairing = make_pairing(f.context, pairs);
  for (uint32_t d = 0; d < 2; d++) {
    f.sets[d] = make_patterns(f.context, (pattern)(3 * d), 3, 360, 1 + d);
    f.held_out[d] = make_patterns(f.context, (pattern)(3 * d), 3, HELD_OUT, 11 + d);
    f.judge[d] = train_judge(f.context, f.sets[d]);
    if (labelled)
      continue;
    xd_dataset *const all[2] = {without_labels(f.context, f.sets[d]),
                                without_labels(f.context, f.held_out[d])};
    xd_dataset_release(f.sets[d]);
    xd_dataset_release(f.held_out[d]);
    f.sets[d] = all[0], f.held_out[d] = all[1];
  }
  input.set[0] = f.sets[0], input.set[1] = f.sets[1];
  input.pairing = f.pairing;
  assert_ok(f.context, xd_train(&f.model, f.context, NULL, &input, NULL, options));
  xd_options_destroy(options);
  return f;
}

static void close_fixture(fixture *f) {
  for (uint32_t d = 0; d < 2; d++) {
    xd_dataset_release(f->sets[d]);
    xd_dataset_release(f->held_out[d]);
    xd_judge_release(f->judge[d]);
  }
  xd_model_release(f->model);
  xd_pairing_release(f->pairing);
  xd_context_destroy(f->context);
}

static void check_direction(const fixture *f, uint32_t source) {
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  xd_values *got = make_values(f->context);
  input.judge = f->judge[1 - source];
  input.source = f->held_out[source], input.target = f->held_out[1 - source];
  input.pairing = f->pairing;
  assert_ok(f->context, xd_evaluate(f->context, got, f->model, source ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2,
                                    &input, NULL));
  const double acc = value_of(got, "acc"), div = value_of(got, "div"), ediv = value_of(got, "ediv");
  ck_assert_msg(acc > 0.85, "from %u: acc %g", source + 1, acc);
  ck_assert_msg(div > 0.4, "from %u: div %g", source + 1, div);
  ck_assert_msg(ediv > 0.2, "from %u: ediv %g", source + 1, ediv);
  ck_assert(value_of(got, "reconstruction_acc") > 0.85 && isfinite(value_of(got, "fd")));
  xd_values_destroy(got);
}

/* How often pictures of a source class (XD_ANY_CLASS: of all) are judged to be of each target class. */
static void count_targets(const fixture *f, uint32_t source, uint32_t label, uint32_t counts[PATTERN_COUNT]) {
  float *pictures = read_pictures(f->context, f->held_out[source], HELD_OUT),
        *made = new_floats(HELD_OUT * PATTERN_SIZE);
  uint32_t judged[HELD_OUT];
  xd_translator *translator = NULL;
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  options.direction = source ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2;
  memset(counts, 0, PATTERN_COUNT * sizeof *counts);
  assert_ok(f->context, xd_translator_create(&translator, f->context, f->model, &options));
  assert_ok(f->context, xd_translator_run_floats(translator, made, NULL, pictures, HELD_OUT));
  assert_ok(f->context,
            xd_judge_predict(f->judge[1 - source], f->context, judged, NULL, NULL, made, HELD_OUT));
  for (uint32_t i = 0; i < HELD_OUT; i++)
    if (label == XD_ANY_CLASS || xd_dataset_label(f->held_out[source], i) == label)
      counts[judged[i]]++;
  xd_translator_destroy(translator);
  free(pictures);
  free(made);
}

/* 0 and 1 become 3; backwards 3 becomes 0 and 1. */
START_TEST(pairings__several_classes_become_one_and_one_several) {
  fixture f = open_fixture("0:3,1:3,2:5", true);
  uint32_t counts[PATTERN_COUNT];
  check_direction(&f, 0);
  check_direction(&f, 1);
  count_targets(&f, 0, 1, counts);
  ck_assert_msg(counts[3] >= 40, "%u of 50 became 3", counts[3]);
  count_targets(&f, 1, 3, counts);
  ck_assert_msg(counts[0] >= 5 && counts[1] >= 5 && counts[0] + counts[1] >= 40, "%u and %u of 50", counts[0],
                counts[1]);
  close_fixture(&f);
}
END_TEST

/* A chain of pairs is one group: without mismatches, as all of it is right. */
START_TEST(pairings__a_chain_is_one_group) {
  fixture f = open_fixture("0:3,0:4,1:4", true);
  uint32_t counts[PATTERN_COUNT];
  check_direction(&f, 0);
  check_direction(&f, 1);
  count_targets(&f, 0, 1, counts);
  ck_assert_msg(counts[3] >= 5 && counts[4] >= 5 && counts[5] <= 5, "%u, %u, %u of 50", counts[3], counts[4],
                counts[5]);
  ck_assert(strstr(xd_model_property(f.model, "mapping1.options"), " mismatch=0 ") != NULL);
  close_fixture(&f);
}
END_TEST

START_TEST(pairings__sets_without_labels_are_one_class_each) {
  fixture f = open_fixture("*:*", false);
  uint32_t counts[PATTERN_COUNT];
  check_direction(&f, 0);
  check_direction(&f, 1);
  count_targets(&f, 0, XD_ANY_CLASS, counts);
  ck_assert_uint_eq(counts[3] + counts[4] + counts[5], HELD_OUT);
  for (uint32_t k = 3; k < 6; k++)
    ck_assert_msg(counts[k] >= 10, "%u of 150 became %u", counts[k], k);
  ck_assert(strstr(xd_model_property(f.model, "mapping2.options"), " mismatch=0 ") != NULL);
  close_fixture(&f);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("pairings");
  add_case(suite, pairings__several_classes_become_one_and_one_several);
  add_case(suite, pairings__a_chain_is_one_group);
  add_case(suite, pairings__sets_without_labels_are_one_class_each);
  return suite;
}

XD_SUITE_MAIN(make_suite)
