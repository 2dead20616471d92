/* The whole schedule on patterns: what it learns, what it reports, that it repeats itself byte for byte, and
 * what stops it. */
#include "training_support.h"

#include "model/encoder.h"
#include "xdomain/unstable/plan.h"

#define PAIRS "0:3,1:4,2:5"

typedef struct fixture {
  xd_context *context;
  xd_dataset *sets[2], *held_out[2];
  xd_pairing *pairing;
  xd_options *options;
  xd_train_input input;
  xd_run run;
} fixture;

/* Domain 1 has the patterns 0 to 2, domain 2 the patterns 3 to 5. */
static fixture *open_fixture(const char *backend, uint32_t threads) {
  fixture *f = calloc(1, sizeof *f);
  ck_assert_ptr_nonnull(f);
  f->context = test_context_with(backend, threads, NULL);
  for (uint32_t domain = 0; domain < 2; domain++) {
    f->sets[domain] = make_patterns(f->context, (pattern)(3 * domain), 3, 360, 1 + domain);
    f->held_out[domain] = make_patterns(f->context, (pattern)(3 * domain), 3, 150, 11 + domain);
  }
  f->pairing = make_pairing(f->context, PAIRS);
  f->options = make_options(
      f->context, "train",
      "vae.latent_dim=8 vae.base_channels=8 vae.depth=1 vae.hidden1=64 vae.smooth_start=0 vae.sigma_x=0.1 "
      "vae.sharpen=0 vae.averaging=0 vae.augment=0 vae.batch=30 vae.min_steps=0 vae.epochs=60 "
      "vae.learning_rate=0.003 mapping.spectral_norm=1 mapping.mixing=0 mapping.anchor_codes=1 "
      "mapping.generated_mismatch=0 mapping.lambda_reg=0.1 mapping.final_lambda=1 mapping.invariance=0 mapping.augment=0 mapping.augment_elastic=0 "
      "mapping.mismatch=1 mapping.noise_scale=0.7 mapping.hidden_width=64 mapping.hidden_layers=2 mapping.batch=60 "
      "mapping.steps=1500 mapping.learning_rate=0.002 seed=5");
  f->input = (xd_train_input)XD_TRAIN_INPUT_INIT;
  f->run = (xd_run)XD_RUN_INIT;
  f->input.set[0] = f->sets[0], f->input.set[1] = f->sets[1];
  f->input.pairing = f->pairing;
  return f;
}

/* Changes the options. */
static void set(fixture *f, const char *text) {
  assert_ok(f->context, xd_options_read(f->options, f->context, text));
}

/* Another pairing in place of the old one. */
static void pair(fixture *f, const char *text) {
  xd_pairing_release(f->pairing);
  f->input.pairing = f->pairing = make_pairing(f->context, text);
}

/* Validates the direction 1 to 2, whose target's judge this is. */
static void validate(fixture *f, const xd_judge *judge) {
  f->input.judge[1] = judge;
  f->input.validation[0] = f->held_out[0], f->input.validation[1] = f->held_out[1];
}

/* Too short to learn anything, long enough to pass through all stages. */
static fixture *open_short_fixture(const char *backend, uint32_t threads) {
  fixture *f = open_fixture(backend, threads);
  set(f, "epochs=1 steps=12");
  return f;
}

static void close_fixture(fixture *f) {
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_dataset_release(f->sets[domain]);
    xd_dataset_release(f->held_out[domain]);
  }
  xd_pairing_release(f->pairing);
  xd_options_destroy(f->options);
  xd_context_destroy(f->context);
  free(f);
}

static xd_status train(fixture *f, xd_model **model, xd_values *report) {
  return xd_train(model, f->context, report, &f->input, &f->run, f->options);
}

static xd_status map(fixture *f, xd_model **model, const xd_model *vaes) {
  return xd_map(model, f->context, NULL, vaes, &f->input, &f->run, f->options);
}

/* Knows the patterns of a domain; the caller releases it. */
static xd_judge *train_judge(fixture *f, uint32_t domain) {
  xd_options *options = make_options(f->context, "judge",
                                     "base_channels=8 feature_dim=32 batch=30 epochs=12 learning_rate=0.003");
  xd_judge *judge = NULL;
  assert_ok(f->context, xd_judge_train(&judge, f->context, NULL, f->sets[domain], NULL, options));
  xd_options_destroy(options);
  return judge;
}

/* A value "prefix" "name". */
static double figure(const xd_values *values, const char *prefix, const char *name) {
  char full[64];
  snprintf(full, sizeof full, "%s%s", prefix, name);
  return value_of(values, full);
}

/* ---- what it learns ---- */

static void check_evaluation(const xd_values *values, const char *prefix) {
  const double acc = figure(values, prefix, "acc"), div = figure(values, prefix, "div");
  const double ediv = figure(values, prefix, "ediv"), judge = figure(values, prefix, "judge_acc");
  ck_assert_msg(judge > 0.97, "%s: the judge has %g", prefix, judge);
  ck_assert_msg(acc > 0.9, "%s: acc %g (div %g)", prefix, acc, div);
  ck_assert_msg(div > 0.5, "%s: div %g (acc %g)", prefix, div, acc);
  ck_assert_msg(ediv > 0.3, "%s: ediv %g (acc %g)", prefix, ediv, acc);
  ck_assert(figure(values, prefix, "reconstruction_acc") > 0.9);
}

/* The measures of a direction 0 or 1; the caller destroys them. */
static xd_values *evaluate(fixture *f, const xd_model *model, uint32_t direction, const xd_judge *judge) {
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  xd_values *values = make_values(f->context);
  input.judge = judge;
  input.source = f->held_out[direction], input.target = f->held_out[1 - direction];
  input.pairing = f->pairing;
  assert_ok(f->context, xd_evaluate(f->context, values, model,
                                    direction ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2, &input, NULL));
  return values;
}

START_TEST(train__learns_both_directions) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judges[2] = {train_judge(f, 0), train_judge(f, 1)};
  xd_model *model = NULL;
  xd_values *report = make_values(f->context);
  for (uint32_t i = 0; i < 2; i++)
    f->input.judge[i] = judges[i], f->input.validation[i] = f->held_out[i];
  assert_ok(f->context, train(f, &model, report));
  for (uint32_t i = 0; i < 2; i++) {
    xd_values *values = evaluate(f, model, i, judges[1 - i]);
    check_evaluation(values, "");
    check_evaluation(report, i ? "validation2." : "validation1.");
    ck_assert(figure(report, i ? "vae2." : "vae1.", "total") > 0.0);
    ck_assert(figure(report, i ? "vae2." : "vae1.", "kl") > 0.0);
    ck_assert(figure(report, i ? "mapping2." : "mapping1.", "discriminator") > 0.0);
    ck_assert(figure(report, i ? "mapping2." : "mapping1.", "generator") > 0.0);
    ck_assert(figure(report, "validations", i ? "2" : "1") == 1.0);
    ck_assert(figure(report, "kept_step", i ? "2" : "1") == 1500.0);
    xd_values_destroy(values);
  }
  static const char *const stages[] = {"vae1", "vae2", "codes", "mapping1", "mapping2"};
  for (size_t i = 0; i < COUNT_OF(stages); i++)
    ck_assert(figure(report, "seconds.", stages[i]) > 0.0);
  ck_assert(value_of(report, "seconds") > 0.0);
  ck_assert_str_eq(xd_model_pairing(model), PAIRS);
  ck_assert_uint_eq(xd_model_class_count(model, 1), 3);
  ck_assert_uint_eq(xd_model_class_count(model, 2), 6);
  ck_assert_str_eq(xd_model_class_name(model, 2, 4), "4");
  xd_model_release(model);
  xd_values_destroy(report);
  xd_judge_release(judges[0]);
  xd_judge_release(judges[1]);
  close_fixture(f);
}
END_TEST

/* Patterns on the left become patterns on the left, when asked. */
START_TEST(map__keeps_style_where_it_is_asked_for) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judge = train_judge(f, 1);
  xd_model *varied = NULL, *styled = NULL;
  set(f, "directions=1 mapping.invariance=1");
  assert_ok(f->context, train(f, &varied, NULL));
  set(f, "style=1");
  assert_ok(f->context, map(f, &styled, varied));
  xd_values *before = evaluate(f, varied, 0, judge), *after = evaluate(f, styled, 0, judge);
  ck_assert_msg(value_of(before, "style") < 0.3 && value_of(after, "style") > 0.5, "style %g became %g",
                value_of(before, "style"), value_of(after, "style"));
  ck_assert_msg(value_of(after, "ediv") < value_of(before, "ediv"), "ediv %g became %g",
                value_of(before, "ediv"), value_of(after, "ediv"));
  ck_assert_msg(value_of(after, "acc") > 0.9, "acc %g became %g", value_of(before, "acc"),
                value_of(after, "acc"));
  xd_values_destroy(before);
  xd_values_destroy(after);
  xd_model_release(varied);
  xd_model_release(styled);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

/* The source's encoder sees the target's pictures in its own size; a class that does not vary has no style. */
START_TEST(train__looks_for_style_in_pictures_of_any_shape) {
  fixture *f = open_short_fixture("auto", 1);
  uint8_t pixels[6 * 300];
  uint32_t labels[6];
  xd_dataset *other = NULL, *same = NULL;
  xd_model *model = NULL;
  for (uint32_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(37 * i);
  for (uint32_t i = 0; i < 6; i++)
    labels[i] = 3 + i % 3;
  assert_ok(f->context, xd_dataset_create(&other, f->context, pixels, labels, 6, 10, 10, 3));
  assert_ok(f->context, xd_dataset_create(&same, f->context, pixels, labels + 3, 3, 10, 10, 3));
  set(f, "style=0.5");
  f->input.set[1] = other;
  assert_ok(f->context, train(f, &model, NULL));
  xd_model_release(model);
  f->input.set[1] = same;
  assert_ok(f->context, train(f, &model, NULL));
  xd_model_release(model);
  xd_dataset_release(other);
  xd_dataset_release(same);
  close_fixture(f);
}
END_TEST

/* Rows and columns both become frames, blocks crosses. */
START_TEST(train__pairs_several_classes_with_one) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judge = train_judge(f, 1);
  xd_model *model = NULL;
  pair(f, "0:3,1:3,2:5");
  set(f, "directions=1");
  assert_ok(f->context, train(f, &model, NULL));
  xd_values *values = evaluate(f, model, 0, judge);
  check_evaluation(values, "");
  xd_values_destroy(values);
  ck_assert_ptr_null(xd_model_generator(model, XD_DIRECTION_2TO1));
  ck_assert_ptr_null(xd_model_discriminator(model, 1));
  ck_assert_ptr_nonnull(xd_model_discriminator(model, 2));
  xd_model_release(model);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

START_TEST(train__maps_sets_without_labels) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judge = train_judge(f, 1);
  xd_model *model = NULL;
  pair(f, "*:*");
  set(f, "directions=1");
  assert_ok(f->context, train(f, &model, NULL));
  xd_values *values = evaluate(f, model, 0, judge);
  ck_assert(value_of(values, "acc") == 1.0);
  ck_assert_msg(value_of(values, "div") > 0.5, "div %g", value_of(values, "div"));
  xd_values_destroy(values);
  ck_assert_str_eq(xd_model_pairing(model), "*:*");
  ck_assert(strstr(xd_model_property(model, "mapping1.options"), " mismatch=0 ") != NULL);
  xd_model_release(model);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

START_TEST(train__runs_the_letter_of_the_paper) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL;
  set(f, "lambda1=1 lambda2=1 raw_codes=1 same_code_positive=1 mismatch=0 spectral_norm=0 ema_decay=0");
  assert_ok(f->context, train(f, &model, NULL));
  ck_assert(strstr(xd_model_property(model, "vae1.options"), "lambda1=1 lambda2=1 ") != NULL);
  ck_assert(strstr(xd_model_property(model, "mapping2.options"), "same_code_positive=1 mismatch=0 ") != NULL);
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

START_TEST(train__takes_linear_skips_and_averaged_conditions) {
  fixture *f = open_short_fixture("auto", 2);
  xd_model *model = NULL;
  set(f, "vae.linear_skip=1 mapping.linear_skip=1 anchor_codes=4 generated_mismatch=0.5");
  assert_ok(f->context, train(f, &model, NULL));
  const xd_network *network = xd_latent_generator_network(xd_model_generator(model, XD_DIRECTION_1TO2));
  ck_assert_uint_eq(network->layers[network->layer_count - 1].spec.tag, XD_TAG('L', 'S', 'K', 'P'));
  network = xd_decoder_network(xd_model_decoder(model, 2));
  ck_assert_uint_eq(network->layers[network->layer_count - 1].spec.tag, XD_TAG('L', 'S', 'K', 'P'));
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

START_TEST(train__mixes_caches_and_augments_codes) {
  fixture *f = open_short_fixture("auto", 2);
  xd_model *model = NULL;
  set(f, "vae.augment=1 vae.augment_colour=1 vae.augment_blur=1 mapping.augment=1 min_steps=30 mixing=0.5 "
         "codes_per_picture=3 dropout=0.1 generated_mismatch=1");
  assert_ok(f->context, train(f, &model, NULL));
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

static void check_augmented_codes(const char *codes) {
  fixture *f = open_short_fixture("auto", 2);
  xd_model *model = NULL, *plain = NULL, *augmented = NULL;
  assert_ok(f->context, train(f, &model, NULL));
  set(f, codes);
  assert_ok(f->context, map(f, &plain, model));
  set(f, "mapping1.augment_colour=1");
  assert_ok(f->context, map(f, &augmented, model));
  for (uint32_t direction = 0; direction < 2; direction++) {
    const xd_direction way = direction ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2;
    const int same = same_weights(xd_latent_generator_network(xd_model_generator(plain, way)),
                                  xd_latent_generator_network(xd_model_generator(augmented, way)));
    ck_assert_int_eq(same, direction == 1);
  }
  ck_assert(strstr(xd_model_property(augmented, "mapping1.options"), " augment_colour=1 ") != NULL);
  ck_assert(strstr(xd_model_property(augmented, "mapping2.options"), " augment_colour=0 ") != NULL);
  xd_model_release(model);
  xd_model_release(plain);
  xd_model_release(augmented);
  close_fixture(f);
}

/* Of the directions only the one whose options ask for it leaves from augmented codes; of a small set, also where no
 * number of them is named. */
START_TEST(map__augments_the_codes_it_leaves) {
  check_augmented_codes("codes_per_picture=4");
  check_augmented_codes("codes_per_picture=0");
}
END_TEST

/* Patterns under a window and in any light: classes are read from their codes, and only of validation
 * sets. */
START_TEST(train__probes_the_codes_of_validation_sets) {
  fixture *f = open_short_fixture("auto", 2);
  xd_model *model = NULL;
  xd_values *report = make_values(f->context);
  set(f, "epochs=40 vae.augment_colour=0.5 window=500 codes_per_picture=3 mapping.augment_colour=0.5");
  f->input.validation[0] = f->held_out[0];
  assert_ok(f->context, train(f, &model, report));
  const double probe = value_of(report, "probe1");
  ck_assert_msg(probe > 0.9, "the probe reads %g", probe);
  ck_assert(xd_values_find(report, NULL, "probe2") == XD_ERROR_NOT_FOUND);
  ck_assert(xd_values_find(report, NULL, "validation1.acc") == XD_ERROR_NOT_FOUND);
  const char *text = xd_model_property(model, "mapping.probe1");
  ck_assert_msg(strncmp(text, "acc=", 4) == 0 && fabs(strtod(text + 4, NULL) - probe) < 1e-5, "%s", text);
  ck_assert_str_eq(xd_model_property(model, "mapping.probe2"), "");
  xd_values_destroy(report);
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

/* Labels that are drawn by lot are read by chance. */
START_TEST(train__probes_no_more_than_the_codes_tell) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL;
  xd_values *report = make_values(f->context);
  uint32_t labels[150];
  xd_dataset *shuffled = NULL;
  for (uint32_t i = 0; i < 150; i++)
    labels[i] = xdi_random_below(3, 9, i, 3);
  assert_ok(f->context, xd_dataset_create(&shuffled, f->context, xd_dataset_pixels(f->held_out[0], 0), labels,
                                          150, SIDE, SIDE, 1));
  f->input.validation[0] = shuffled;
  assert_ok(f->context, train(f, &model, report));
  const double probe = value_of(report, "probe1");
  ck_assert_msg(probe > 0.15 && probe < 0.55, "the probe reads %g", probe);
  xd_values_destroy(report);
  xd_dataset_release(shuffled);
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

/* ---- repetition ---- */

static unsigned char *train_to_bytes(const char *backend, uint32_t threads, uint64_t seed, size_t *size) {
  fixture *f = open_short_fixture(backend, threads);
  char *folder = make_temp_folder(), path[TEST_PATH_SIZE];
  xd_model *model = NULL;
  set(f, "vae.augment=0.5 mixing=0.5");
  assert_ok(f->context, xd_options_set_number(f->options, f->context, "seed", (double)seed));
  assert_ok(f->context, train(f, &model, NULL));
  assert_ok(f->context, xd_model_save(model, f->context, path_in(path, folder, "m.xdm"), NULL));
  unsigned char *bytes = read_test_file(path, size);
  xd_model_release(model);
  close_fixture(f);
  remove_folder(folder);
  return bytes;
}

START_TEST(train__writes_the_same_bytes_at_any_number_of_threads) {
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++) {
    const char *backend = xd_context_builtin_backend(i);
    size_t sizes[4];
    unsigned char *bytes[4] = {
        train_to_bytes(backend, 1, 5, &sizes[0]), train_to_bytes(backend, 1, 5, &sizes[1]),
        train_to_bytes(backend, 2, 5, &sizes[2]), train_to_bytes(backend, 1, 6, &sizes[3])};
    for (int k = 1; k < 3; k++)
      ck_assert_msg(sizes[k] == sizes[0] && memcmp(bytes[k], bytes[0], sizes[0]) == 0, "%s: run %d differs",
                    backend, k);
    ck_assert_msg(sizes[3] != sizes[0] || memcmp(bytes[3], bytes[0], sizes[0]) != 0,
                  "%s: the seed has no effect", backend);
    for (int k = 0; k < 4; k++)
      free(bytes[k]);
  }
}
END_TEST

START_TEST(train__keeps_what_shaped_the_model_as_properties) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL;
  xd_values *report = make_values(f->context);
  f->input.name[0] = "bars";
  assert_ok(f->context, train(f, &model, report));
  ck_assert_str_eq(xd_model_name(model, 1), "bars");
  ck_assert_str_eq(xd_model_property(model, "vae.library"), "libxdomain " XD_VERSION_STRING);
  ck_assert_str_eq(xd_model_property(model, "vae.seed"), "5");
  ck_assert_str_eq(xd_model_property(model, "mapping.seed"), "5");
  ck_assert_str_eq(xd_model_property(model, "vae2.pictures"), "360");
  ck_assert_str_eq(xd_model_property(model, "mapping.backend"), xd_context_backend_name(f->context));
  ck_assert(strstr(xd_model_property(model, "vae1.options"), "sigma_x=0.1 ") != NULL);
  ck_assert(strstr(xd_model_property(model, "vae1.options"), "learning_rate=0.003 ") != NULL);
  ck_assert(strstr(xd_model_property(model, "mapping1.options"), "hidden_width=64 ") != NULL);
  /* What the model tells reads back as options that train the same. */
  xd_options *vae = make_options(f->context, "vae", xd_model_property(model, "vae2.options"));
  ck_assert(option_of(vae, "latent_dim") == 8 && option_of(vae, "base_channels") == 8);
  ck_assert(option_of(vae, "width") == SIDE && option_of(vae, "hidden1") == 64);
  xd_options_destroy(vae);
  xd_options *mapping = make_options(f->context, "mapping", xd_model_property(model, "mapping2.options"));
  ck_assert(option_of(mapping, "steps") == 12 && option_of(mapping, "source_dim") == 8);
  xd_options_destroy(mapping);
  const char *losses = xd_model_property(model, "vae1.losses");
  const double total = value_of(report, "vae1.total");
  ck_assert_msg(fabs(strtod(losses + strlen("total="), NULL) - total) < 1e-4 * total, "%s is not %g", losses,
                total);
  xd_values_destroy(report);
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

/* ---- mappings on given VAEs ---- */

START_TEST(map__shares_the_vaes_and_drops_the_old_mapping) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL, *mapped = NULL;
  assert_ok(f->context, train(f, &model, NULL));
  pair(f, "0:4,1:5,2:3");
  set(f, "directions=2 seed=77");
  assert_ok(f->context, map(f, &mapped, model));
  for (uint32_t domain = 1; domain <= 2; domain++) {
    ck_assert_ptr_eq(xd_model_encoder(mapped, domain), xd_model_encoder(model, domain));
    ck_assert_ptr_eq(xd_model_decoder(mapped, domain), xd_model_decoder(model, domain));
  }
  ck_assert_ptr_null(xd_model_generator(mapped, XD_DIRECTION_1TO2));
  ck_assert_ptr_nonnull(xd_model_generator(mapped, XD_DIRECTION_2TO1));
  ck_assert_str_eq(xd_model_pairing(mapped), "0:4,1:5,2:3");
  ck_assert_str_eq(xd_model_property(mapped, "vae.seed"), "5");
  ck_assert_str_eq(xd_model_property(mapped, "mapping.seed"), "77");
  ck_assert_str_eq(xd_model_property(mapped, "mapping1.options"), "");
  xd_model_release(model);
  xd_model_release(mapped);
  close_fixture(f);
}
END_TEST

/* The same seed on the same VAEs: xd_map does what xd_train did. */
START_TEST(map__repeats_the_mapping_of_train) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL, *mapped = NULL;
  assert_ok(f->context, train(f, &model, NULL));
  assert_ok(f->context, map(f, &mapped, model));
  for (xd_direction direction = 1; direction <= 2; direction++)
    ck_assert(same_weights(xd_latent_generator_network(xd_model_generator(model, direction)),
                           xd_latent_generator_network(xd_model_generator(mapped, direction))));
  xd_model_release(model);
  xd_model_release(mapped);
  close_fixture(f);
}
END_TEST

START_TEST(map__refuses_classes_of_other_names) {
  fixture *f = open_short_fixture("auto", 1);
  const char *const names[] = {"row", "column", "dot"}, *const others[] = {"row", "line", "dot"};
  xd_model *model = NULL, *mapped = NULL;
  xd_dataset *named = NULL, *other = NULL;
  assert_ok(f->context, xd_dataset_match_classes(&named, f->context, f->sets[0], names, 3));
  assert_ok(f->context, xd_dataset_match_classes(&other, f->context, f->sets[0], others, 3));
  f->input.set[0] = named;
  assert_ok(f->context, train(f, &model, NULL));
  ck_assert_str_eq(xd_model_class_name(model, 1, 1), "column");
  f->input.set[0] = other;
  assert_status(map(f, &mapped, model), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(f->context, "class 1 is 'line' in a set, but 'column' in the model");
  ck_assert_ptr_null(mapped);
  pair(f, "*:*"); /* asks for no class */
  assert_ok(f->context, map(f, &mapped, model));
  xd_model_release(mapped);
  xd_dataset_release(named), xd_dataset_release(other);
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

START_TEST(map__refuses_sets_of_other_shapes) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL, *mapped = NULL;
  uint8_t pixels[3 * 100] = {0};
  const uint32_t labels[3] = {3, 4, 5};
  xd_dataset *other = NULL;
  assert_ok(f->context, xd_dataset_create(&other, f->context, pixels, labels, 3, 10, 10, 1));
  assert_ok(f->context, train(f, &model, NULL));
  f->input.set[1] = other;
  assert_status(map(f, &mapped, model), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(f->context, "domain 2");
  f->input.set[1] = f->sets[1];
  set(f, "source_dim=7");
  assert_status(map(f, &mapped, model), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(f->context, "source_dim");
  ck_assert_ptr_null(mapped);
  xd_dataset_release(other);
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

/* ---- progress ---- */

typedef struct watch {
  uint32_t calls, stage, step, stop_stage, stop_step, validations, calls_of[6];
  double overall;
  xd_context *cancel, *translate;
} watch;

/* The model of a validation translates, on another context. */
static void translate_one(xd_context *context, const xd_progress *progress) {
  xd_translator *translator = NULL;
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  float from[PATTERN_SIZE] = {0}, to[PATTERN_SIZE];
  options.direction = progress->stage == XD_STAGE_MAPPING1 ? XD_DIRECTION_1TO2 : XD_DIRECTION_2TO1;
  assert_ok(context, xd_translator_create(&translator, context, progress->model, &options));
  assert_ok(context, xd_translator_run_floats(translator, to, NULL, from, 1));
  xd_translator_destroy(translator);
}

static int watch_progress(void *user, const xd_progress *progress) {
  watch *seen = user;
  ck_assert_int_eq(progress->model != NULL,
                   progress->stage == XD_STAGE_CODES || progress->validation != NULL);
  ck_assert_uint_eq(progress->struct_size, sizeof *progress);
  ck_assert(progress->stage >= seen->stage && progress->stage <= XD_STAGE_MAPPING2);
  ck_assert_uint_eq(progress->step, progress->stage == seen->stage ? seen->step + 1 : 1);
  ck_assert(progress->step <= progress->steps);
  ck_assert(progress->overall > seen->overall && progress->overall <= 1.0 + 1e-9);
  ck_assert_int_eq(xd_values_find(progress->losses, NULL, "elbo") == XD_OK, progress->stage <= XD_STAGE_VAE2);
  ck_assert_int_eq(xd_values_find(progress->losses, NULL, "generator") == XD_OK,
                   progress->stage >= XD_STAGE_MAPPING1);
  ck_assert((progress->stage == XD_STAGE_CODES) == (progress->losses == NULL));
  seen->stage = progress->stage;
  seen->step = progress->step;
  seen->overall = progress->overall;
  seen->calls++;
  seen->calls_of[progress->stage]++;
  if (progress->validation) {
    seen->validations++;
    if (seen->translate)
      translate_one(seen->translate, progress);
    ck_assert(value_of(progress->validation, "pictures") == 150);
    ck_assert(value_of(progress->validation, "acc") >= value_of(progress->validation, "score"));
  }
  const int stop = progress->stage == seen->stop_stage && progress->step == seen->stop_step;
  if (stop && seen->cancel)
    xd_context_cancel(seen->cancel);
  return stop && !seen->cancel;
}

static int note_step(void *user, const xd_progress *progress) {
  watch *seen = user;
  seen->stage = progress->stage;
  seen->step = progress->step;
  return 0;
}

/* What a callback hears of validations. */
typedef struct record {
  uint32_t step;
  double acc, div, ediv, fd, score;
} record;

typedef struct history {
  uint32_t stage, step, count;
  record records[16];
} history;

static int note_validation(void *user, const xd_progress *progress) {
  history *seen = user;
  const xd_values *values = progress->validation;
  seen->stage = progress->stage;
  seen->step = progress->step;
  if (!values)
    return 0;
  ck_assert_uint_lt(seen->count, 16);
  seen->records[seen->count++] = (record){.step = progress->step,
                                          .acc = value_of(values, "acc"),
                                          .div = value_of(values, "div"),
                                          .ediv = value_of(values, "ediv"),
                                          .fd = value_of(values, "fd"),
                                          .score = value_of(values, "score")};
  return 0;
}

static void assert_steps(const fixture *f, const uint32_t expected[6]) {
  uint32_t steps[6] = {77};
  assert_ok(f->context, xd_train_steps(steps, f->context, &f->input, f->options));
  for (uint32_t stage = 0; stage < 6; stage++)
    ck_assert_msg(steps[stage] == expected[stage], "stage %u: %u", stage, steps[stage]);
}

START_TEST(train_steps__counts_unlabelled_pictures_and_what_is_trained) {
  fixture *f = open_short_fixture("reference", 1);
  uint32_t steps[6];
  set(f, "epochs=2 directions=2");
  f->input.unlabelled[0] = f->held_out[0];
  assert_steps(f, (const uint32_t[]){0, 34, 24, 2, 0, 12});
  set(f, "directions=0 vae2.min_steps=25");
  assert_steps(f, (const uint32_t[]){0, 34, 25, 0, 0, 0});
  set(f, "vae1.epochs=1000000 vae1.batch=1");
  assert_status(xd_train_steps(steps, f->context, &f->input, f->options), XD_ERROR_TOO_LARGE);
  set(f, "vae1.epochs=1 vae1.width=5");
  assert_status(xd_train_steps(steps, f->context, &f->input, f->options), XD_ERROR_SHAPE_MISMATCH);
  f->input.set[1] = NULL;
  assert_status(xd_train_steps(steps, f->context, &f->input, f->options), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train_steps(NULL, f->context, &f->input, f->options), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train_steps(steps, NULL, &f->input, f->options), XD_ERROR_INVALID_ARGUMENT);
  close_fixture(f);
}
END_TEST

static int stop_at_mapping(void *user, const xd_progress *progress) {
  *(uint32_t *)user = progress->steps;
  return progress->stage == XD_STAGE_MAPPING1;
}

/* A set of 30 classes, paired with itself. */
START_TEST(train__maps_many_classes_for_longer) {
  static const struct {
    uint32_t pairs, steps;
  } cases[] = {{1, 8000}, {10, 8000}, {13, 10400}, {20, 16000}, {30, 16000}};
  fixture *f = open_short_fixture("reference", 1);
  uint8_t pixels[60 * PATTERN_SIZE];
  uint32_t labels[60], heard = 0;
  xd_dataset *many = NULL;
  xd_model *model = NULL;
  for (uint32_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(i * i);
  for (uint32_t i = 0; i < 60; i++)
    labels[i] = i % 30;
  assert_ok(f->context, xd_dataset_create(&many, f->context, pixels, labels, 60, SIDE, SIDE, 1));
  f->input.set[0] = f->input.set[1] = many;
  f->run.callback = stop_at_mapping, f->run.user = &heard;
  set(f, "mapping1.steps=0 directions=1");
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    char pairs[30 * 8] = "0:0";
    for (uint32_t label = 1; label < cases[i].pairs; label++)
      snprintf(pairs + strlen(pairs), sizeof pairs - strlen(pairs), ",%u:%u", label, label);
    pair(f, pairs);
    assert_steps(f, (const uint32_t[]){0, 2, 2, 2, cases[i].steps, 0});
    assert_status(train(f, &model, NULL), XD_ERROR_CANCELLED);
    ck_assert_uint_eq(heard, cases[i].steps);
  }
  pair(f, "*:*");
  assert_steps(f, (const uint32_t[]){0, 2, 2, 2, 8000, 0});
  xd_dataset_release(many);
  close_fixture(f);
}
END_TEST

START_TEST(train__tells_every_step_and_validates_on_the_way) {
  fixture *f = open_short_fixture("auto", 1);
  xd_judge *judge = train_judge(f, 1);
  xd_model *model = NULL, *plain = NULL;
  watch seen = {.translate = test_context("auto")};
  f->run.callback = watch_progress;
  f->run.user = &seen;
  set(f, "validate_every=5");
  validate(f, judge);
  const uint32_t steps[6] = {0, 12, 12, 2, 12, 12};
  assert_steps(f, steps);
  assert_ok(f->context, train(f, &model, NULL));
  ck_assert_mem_eq(seen.calls_of, steps, sizeof steps);
  ck_assert_uint_eq(seen.validations, 3); /* after 5, 10 and 12 steps, in the direction that has a judge */
  assert_near(seen.overall, 1.0, 1e-9, "overall");
  xd_model_release(model);
  /* Validating itself trains nothing: without steps to choose from, the model is what it is without a
   * judge. */
  f->run.callback = NULL;
  set(f, "validate_every=0");
  assert_ok(f->context, train(f, &model, NULL));
  f->input.judge[1] = NULL;
  assert_ok(f->context, train(f, &plain, NULL));
  ck_assert(same_weights(xd_latent_generator_network(xd_model_generator(model, XD_DIRECTION_1TO2)),
                         xd_latent_generator_network(xd_model_generator(plain, XD_DIRECTION_1TO2))));
  xd_model_release(model);
  xd_model_release(plain);
  xd_judge_release(judge);
  xd_context_destroy(seen.translate);
  close_fixture(f);
}
END_TEST

START_TEST(train__stops_when_the_callback_asks_or_the_context_is_cancelled) {
  const uint32_t stages[] = {XD_STAGE_VAE1, XD_STAGE_VAE2, XD_STAGE_CODES, XD_STAGE_MAPPING1,
                             XD_STAGE_MAPPING2};
  for (uint32_t i = 0; i < 2 * COUNT_OF(stages); i++) {
    fixture *f = open_short_fixture("auto", 1);
    xd_model *model = (xd_model *)f;
    xd_values *report = make_values(f->context);
    watch seen = {.stop_stage = stages[i / 2], .stop_step = 2, .cancel = i % 2 ? f->context : NULL};
    f->run.callback = watch_progress;
    f->run.user = &seen;
    assert_status(train(f, &model, report), XD_ERROR_CANCELLED);
    ck_assert_ptr_null(model);
    ck_assert(seen.stage == seen.stop_stage && seen.step == 2);
    static const char *const names[] = {"", "vae1", "vae2", "codes", "mapping1", "mapping2"};
    ck_assert(figure(report, "seconds.", names[seen.stop_stage]) > 0.0);
    xd_values_destroy(report);
    xd_context_clear_cancel(f->context);
    close_fixture(f);
  }
}
END_TEST

/* ---- what stops it ---- */

/* The VAEs alone, kept before anything can go wrong with a mapping, and then the mapping. */
START_TEST(map__goes_on_where_train_left_the_vaes) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL, *vaes = NULL, *mapped = NULL;
  watch seen = {0};
  assert_ok(f->context, train(f, &model, NULL));
  set(f, "directions=0");
  f->run.callback = watch_progress, f->run.user = &seen;
  assert_ok(f->context, train(f, &vaes, NULL));
  ck_assert_uint_eq(seen.stage, XD_STAGE_VAE2);
  assert_near(seen.overall, 1.0, 1e-9, "progress");
  ck_assert_ptr_null(xd_model_generator(vaes, XD_DIRECTION_1TO2));
  ck_assert_str_eq(xd_model_pairing(vaes), "");
  f->run.callback = NULL;
  assert_status(map(f, &mapped, vaes), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(f->context, "directions");
  set(f, "directions=3");
  assert_ok(f->context, map(f, &mapped, vaes));
  for (uint32_t i = 1; i <= 2; i++)
    ck_assert(same_weights(xd_latent_generator_network(xd_model_generator(mapped, i)),
                           xd_latent_generator_network(xd_model_generator(model, i))));
  xd_model_release(model), xd_model_release(vaes), xd_model_release(mapped);
  close_fixture(f);
}
END_TEST

START_TEST(train__names_a_class_without_pictures) {
  fixture *f = open_short_fixture("reference", 1);
  xd_model *model = NULL;
  watch seen = {0};
  f->run.callback = watch_progress, f->run.user = &seen;
  pair(f, "0:3,1:9");
  assert_status(train(f, &model, NULL), XD_ERROR_NOT_FOUND);
  assert_message_names(f->context, "class 9");
  ck_assert(model == NULL && seen.calls == 0);
  close_fixture(f);
}
END_TEST

static void assert_train_refused(fixture *f, xd_status expected, const char *word) {
  xd_model *model = (xd_model *)f;
  assert_status(train(f, &model, NULL), expected);
  ck_assert_ptr_null(model);
  assert_message_names(f->context, word);
}

START_TEST(train__names_the_wrong_option) {
  fixture *f = open_short_fixture("reference", 1);
  xd_model *model = NULL;
  set(f, "epochs=0 min_steps=0");
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "vae1.epochs and vae1.min_steps cannot both be 0");
  set(f, "epochs=1 mapping1.codes_per_picture=3");
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "codes_per_picture is 3 in one direction and 0");
  set(f, "codes_per_picture=0 vae1.width=16");
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "vae1");
  set(f, "vae1.width=0 anchor_codes=2 same_code_positive=1");
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "anchor_codes");
  set(f, "anchor_codes=1");
  xd_options *vae = make_options(f->context, "vae", "");
  assert_status(xd_train(&model, f->context, NULL, &f->input, NULL, vae), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(f->context, "'vae'");
  xd_options_destroy(vae);
  assert_status(xd_train(NULL, f->context, NULL, &f->input, &f->run, f->options), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train(&model, f->context, NULL, NULL, NULL, f->options), XD_ERROR_INVALID_ARGUMENT);
  assert_status(map(f, &model, NULL), XD_ERROR_INVALID_ARGUMENT);
  f->input.struct_size = 5;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "struct_size");
  f->input.struct_size = sizeof f->input, f->input.set[0] = NULL;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "a set or the pairing is NULL");
  ck_assert_ptr_null(model);
  close_fixture(f);
}
END_TEST

/* What only the second VAE, the second mapping or the first validation reads is refused before any step. */
START_TEST(train__refuses_at_once_what_a_later_stage_would_refuse) {
  fixture *f = open_short_fixture("reference", 1);
  xd_judge *judge = train_judge(f, 1);
  watch seen = {0};
  xd_model *model = NULL, *vaes = NULL;
  xd_dataset *few = NULL, *small = NULL, *lone = NULL, *named = NULL, *shifted = NULL;
  const char *const names[] = {"row", "column", "dot"}, *const others[] = {"bird", "row", "column"};
  const uint8_t pixels[2 * 64] = {0};
  const uint32_t labels[2] = {0, 3};
  static char long_text[65538];
  memset(long_text, 'x', sizeof long_text - 1);
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  assert_ok(f->context, train(f, &vaes, NULL));
  assert_ok(f->context, xd_dataset_create(&small, f->context, pixels, labels, 2, 8, 8, 1));
  selection.classes = labels + 1, selection.class_count = 1;
  assert_ok(f->context, xd_dataset_select(&few, f->context, f->held_out[1], &selection));
  f->run.callback = note_step, f->run.user = &seen;
  set(f, "vae2.window=49");
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "window");
  set(f, "window=0 mapping2.target_dim=9");
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "target_dim");
  assert_status(map(f, &model, vaes), XD_ERROR_SHAPE_MISMATCH);
  set(f, "target_dim=0");
  validate(f, judge);
  f->input.validation[1] = small;
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "validation set");
  f->input.validation[1] = few;
  assert_train_refused(f, XD_ERROR_NOT_FOUND, "domain 2 is paired");
  f->input.validation[1] = f->held_out[1];
  lone = make_patterns(f->context, (pattern)0, 3, 3, 11);
  f->input.validation[0] = lone;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "validation set of domain 1 has 1 picture of class '");
  assert_ok(f->context, xd_dataset_match_classes(&named, f->context, f->sets[0], names, 3));
  assert_ok(f->context, xd_dataset_match_classes(&shifted, f->context, f->held_out[0], others, 3));
  f->input.set[0] = named, f->input.validation[0] = shifted;
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "class 0 is 'bird' in a set, but 'row' in the model");
  f->input.judge[1] = NULL; /* nothing but the probe of codes would read it */
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "class 0 is 'bird' in a set, but 'row' in the model");
  f->input.set[0] = f->sets[0], f->input.validation[0] = f->input.validation[1] = NULL;
  set(f, "mapping2.anchor_codes=1024 mapping2.batch=32768");
  assert_train_refused(f, XD_ERROR_TOO_LARGE,
                       "anchor_codes 1024 of 8 dimensions are too many for a batch of 32768");
  set(f, "mapping2.anchor_codes=1 mapping2.batch=60 vae2.epochs=1000000 vae2.batch=1");
  assert_train_refused(f, XD_ERROR_TOO_LARGE,
                       "vae2.epochs and vae2.min_steps give 360000000 steps for 360 pictures");
  set(f, "vae2.epochs=1 vae2.batch=30");
  f->input.name[1] = long_text;
  assert_train_refused(f, XD_ERROR_TOO_LARGE, "names");
  ck_assert_uint_eq(seen.step, 0);
  ck_assert_ptr_null(model);
  xd_dataset_release(few), xd_dataset_release(small), xd_dataset_release(lone);
  xd_dataset_release(named), xd_dataset_release(shifted);
  xd_judge_release(judge);
  xd_model_release(vaes);
  close_fixture(f);
}
END_TEST

/* The most degenerate target set: one picture a class. Every mapping into it has collapsed. */
START_TEST(train__stops_at_a_collapse_unless_it_is_allowed) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judge = train_judge(f, 1);
  xd_model *model = NULL;
  uint8_t pixels[60 * PATTERN_SIZE];
  uint32_t labels[60];
  xd_dataset *same = NULL;
  xd_values *report = make_values(f->context);
  for (uint32_t i = 0; i < 60; i++) {
    labels[i] = 3 + i % 3;
    draw_pattern(pixels + (size_t)i * PATTERN_SIZE, (pattern)labels[i], 1, i % 3);
  }
  assert_ok(f->context, xd_dataset_create(&same, f->context, pixels, labels, 60, SIDE, SIDE, 1));
  xd_dataset_release(f->sets[1]);
  f->input.set[1] = f->sets[1] = same;
  set(f, "min_steps=400 directions=1");
  validate(f, judge);
  assert_status(train(f, &model, report), XD_ERROR_COLLAPSED);
  ck_assert_ptr_null(model);
  ck_assert_msg(value_of(report, "validation1.div") < 0.1, "div %g", value_of(report, "validation1.div"));
  assert_message_names(f->context, "div");
  /* Validated on the way it stops early, at the second one of the second half that has collapsed. */
  history seen = {.step = 0};
  set(f, "validate_every=100");
  f->run.callback = note_validation, f->run.user = &seen;
  assert_status(train(f, &model, report), XD_ERROR_COLLAPSED);
  ck_assert_msg(seen.stage == XD_STAGE_MAPPING1 && seen.step >= 900 && seen.step < 1500, "step %u",
                seen.step);
  ck_assert(value_of(report, "validations1") == seen.step / 100);
  ck_assert_uint_eq(seen.count, seen.step / 100);
  ck_assert(seen.records[seen.count - 1].div < 0.1 && seen.records[seen.count - 2].div < 0.1);
  f->run.callback = NULL;
  set(f, "allow_collapse=1");
  assert_ok(f->context, train(f, &model, report));
  ck_assert_ptr_nonnull(model);
  xd_values_destroy(report);
  xd_model_release(model);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

static xd_model *train_with_history(fixture *f, uint32_t steps, uint32_t every, xd_values *report,
                                    history *seen) {
  xd_model *model = NULL;
  *seen = (history){.step = 0};
  f->run.callback = note_validation, f->run.user = seen;
  assert_ok(f->context, xd_options_set_number(f->options, f->context, "steps", steps));
  assert_ok(f->context, xd_options_set_number(f->options, f->context, "validate_every", every));
  assert_ok(f->context, train(f, &model, report));
  return model;
}

/* The kept networks are those of the step with the best score: a run that ends there has the same weights.
 * The learning rate is constant in the first half, so that such a run can be shorter. */
START_TEST(train__keeps_the_best_validated_step) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judge = train_judge(f, 1);
  xd_values *report = make_values(f->context), *shorter = make_values(f->context);
  history seen, few;
  set(f, "epochs=20 mapping.learning_rate=0.005 mapping.final_rate=1 directions=1 allow_collapse=1");
  set(f, "ema_decay=0"); /* jumps about */
  validate(f, judge);
  xd_model *model = train_with_history(f, 240, 20, report, &seen);
  ck_assert(seen.count == 12 && value_of(report, "validations1") == 12);
  ck_assert(xd_values_find(report, NULL, "validations2") == XD_ERROR_NOT_FOUND);
  const record *best = &seen.records[0];
  for (uint32_t i = 0; i < 12; i++) {
    const record *r = &seen.records[i];
    ck_assert_uint_eq(r->step, 20 * (i + 1));
    assert_near(r->score, r->acc * fmin(1.0, r->div / 0.75) * fmin(1.0, r->ediv / 0.6), 1e-12, "score");
    if (r->score >= best->score)
      best = r;
  }
  ck_assert_msg(best->score > 0.0 && best->step < 240, "a fixture that keeps step %u tells little",
                best->step);
  ck_assert(value_of(report, "kept_step1") == best->step);
  ck_assert(value_of(report, "validation1.acc") == best->acc &&
            value_of(report, "validation1.fd") == best->fd);
  ck_assert(value_of(report, "validation1.score") == best->score);
  ck_assert(value_of(report, "validation1.reconstruction_acc") > 0.5);
  const char *property = xd_model_property(model, "mapping1.validation");
  char step[32];
  snprintf(step, sizeof step, " step=%u ", best->step);
  ck_assert_msg(strstr(property, step) && strstr(property, " validate_every=20"), "%s", property);
  xd_model *same = train_with_history(f, best->step, 0, shorter, &few);
  ck_assert_uint_eq(few.count, 1);
  ck_assert(few.records[0].acc == best->acc && few.records[0].div == best->div);
  ck_assert(few.records[0].ediv == best->ediv && few.records[0].fd == best->fd);
  ck_assert(same_weights(xd_latent_generator_network(xd_model_generator(model, XD_DIRECTION_1TO2)),
                         xd_latent_generator_network(xd_model_generator(same, XD_DIRECTION_1TO2))));
  xd_model_release(model);
  xd_model_release(same);
  xd_values_destroy(report);
  xd_values_destroy(shorter);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

START_TEST(train__reports_divergence) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL;
  set(f, "vae.learning_rate=10 epochs=40 allow_collapse=1");
  assert_status(train(f, &model, NULL), XD_ERROR_NUMERIC);
  ck_assert_ptr_null(model);
  close_fixture(f);
}
END_TEST

/* Losses that are numbers, no validation set, and one picture for every input. Where rounding decides how a
 * training goes astray, the reference says. */
START_TEST(train__sees_that_everything_looks_alike) {
  static const char *const options[][2] = {
      {"mapping.learning_rate=1 steps=200", "sources and noise vary by 0 "},
      {"mapping.learning_rate=10 steps=200", "sources and noise vary by 0 "},
      {"vae.sigma_x=0.0001 vae.learning_rate=0.1", "the VAE of domain "},
      {"lambda_reg=1000000 steps=2000", "pictures of different sources vary by 0.0"},
  };
  for (size_t i = 0; i < COUNT_OF(options); i++) {
    fixture *f = open_short_fixture(i < 3 ? "reference" : "auto", 1);
    xd_model *model = NULL;
    set(f, options[i][0]);
    assert_status(train(f, &model, NULL), XD_ERROR_COLLAPSED);
    assert_message_names(f->context, options[i][1]);
    ck_assert_ptr_null(model);
    set(f, "allow_collapse=1");
    assert_ok(f->context, train(f, &model, NULL));
    xd_model_release(model);
    close_fixture(f);
  }
}
END_TEST

/* ---- networks to start from, and one VAE alone ---- */

static int fail_at_first(void *user, const xd_progress *progress) {
  (void)user;
  ck_abort_msg("a step was made, of stage %d", (int)progress->stage);
  return 1;
}

START_TEST(train__starts_from_given_networks) {
  fixture *f = open_short_fixture("auto", 1);
  const xd_layer_spec down[] = {dense_spec(20, XD_ACTIVATION_TANH), dense_spec(6, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec up[] = {dense_map_spec(SIDE, SIDE, 1, XD_ACTIVATION_SIGMOID)};
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  xd_model *model = NULL;
  layers.layers = down, layers.layer_count = 2;
  layers.input = (xd_shape){.width = SIDE, .height = SIDE, .channels = 1};
  assert_ok(f->context, xd_encoder_create_layers(&encoder, f->context, &layers));
  layers.layers = up, layers.layer_count = 1;
  layers.input = (xd_shape){.width = 1, .height = 1, .channels = 3};
  assert_ok(f->context, xd_decoder_create_layers(&decoder, f->context, &layers));
  f->input.encoder[0] = encoder;
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "3 code dimensions");
  const xd_layer_spec spread[] = {conv_transpose2d_spec(4, 4, 1, 0, XD_ACTIVATION_RELU, 4, 4), up[0]};
  xd_decoder *not_dense = NULL;
  layers.layers = spread, layers.layer_count = 2;
  assert_ok(f->context, xd_decoder_create_layers(&not_dense, f->context, &layers));
  f->input.decoder[0] = not_dense, f->run.callback = fail_at_first;
  assert_train_refused(f, XD_ERROR_UNSUPPORTED,
                       "the decoder does not begin with a dense layer; set raw_codes");
  f->run.callback = NULL;
  xd_decoder_release(not_dense);
  f->input.decoder[0] = decoder;
  assert_ok(f->context, train(f, &model, NULL));
  ck_assert_uint_eq(xd_model_latent_dim(model, 1), 3);
  ck_assert_uint_eq(xd_model_latent_dim(model, 2), 8);
  ck_assert_uint_eq(xd_network_layer_count(xd_encoder_network(xd_model_encoder(model, 1))), 2);
  ck_assert(!xd_network_is_frozen(xd_encoder_network(encoder)));
  xd_latent_generator *generator = make_generator(f->context, "source_dim=3 target_dim=8 hidden_width=5");
  xd_model *mapped = NULL;
  f->input.generator[0] = generator;
  assert_ok(f->context, map(f, &mapped, model));
  xd_layer_spec spec;
  assert_ok(
      f->context,
      xd_network_layer(xd_latent_generator_network(xd_model_generator(mapped, XD_DIRECTION_1TO2)), 0, &spec));
  ck_assert_uint_eq(spec.values[2], 5);
  xd_model_release(mapped);
  f->input.generator[1] = generator;
  assert_status(map(f, &mapped, model), XD_ERROR_SHAPE_MISMATCH);
  xd_latent_generator_release(generator);
  xd_model_release(model);
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  close_fixture(f);
}
END_TEST

typedef struct costs {
  double of[64];
  uint32_t count;
} costs;

static int note_cost(void *user, const xd_progress *progress) {
  costs *seen = user;
  seen->of[seen->count++] = value_of(progress->losses, "pixel_cost");
  return 0;
}

static double mean_cost(const costs *seen, uint32_t begin, uint32_t end) {
  double sum = 0.0;
  for (uint32_t i = begin; i < end; i++)
    sum += seen->of[i];
  return sum / (end - begin);
}

START_TEST(train_vae__reports_whether_its_error_still_fell) {
  fixture *f = open_short_fixture("auto", 1);
  xd_options *options = NULL;
  xd_values *report = make_values(f->context);
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  costs seen = {.count = 0};
  assert_ok(f->context, xd_options_clone_scope(&options, f->context, f->options, "vae1"));
  change_options(options, "epochs=4");
  f->run.callback = note_cost;
  f->run.user = &seen;
  assert_ok(f->context, xd_train_vae(&encoder, &decoder, f->context, report, f->sets[0], &f->run, options));
  ck_assert_uint_eq(seen.count, 48);
  assert_near(value_of(report, "pixel_cost_before"), mean_cost(&seen, 40, 44), 1e-9,
              "the tenth before the last");
  assert_near(value_of(report, "pixel_cost_last"), mean_cost(&seen, 44, 48), 1e-9, "the last tenth");
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_values_destroy(report);
  xd_options_destroy(options);
  close_fixture(f);
}
END_TEST

START_TEST(train_vae__trains_one_vae_alone) {
  fixture *f = open_short_fixture("auto", 2);
  xd_options *options = NULL;
  xd_values *report = make_values(f->context);
  xd_encoder *encoders[2] = {NULL, NULL};
  xd_decoder *decoders[2] = {NULL, NULL};
  watch seen = {0};
  f->run.callback = watch_progress, f->run.user = &seen;
  assert_ok(f->context, xd_options_clone_scope(&options, f->context, f->options, "vae1"));
  change_options(options, "epochs=4 seed=3");
  for (int i = 0; i < 2; i++)
    assert_ok(f->context, xd_train_vae(&encoders[i], &decoders[i], f->context, i ? NULL : report, f->sets[0],
                                       i ? NULL : &f->run, options));
  ck_assert(seen.calls == 48 && seen.stage == XD_STAGE_VAE1);
  assert_near(seen.overall, 1.0, 1e-9, "overall");
  ck_assert(value_of(report, "total") > 0.0 && value_of(report, "seconds") > 0.0);
  ck_assert(xd_network_is_frozen(xd_encoder_network(encoders[0])));
  ck_assert_uint_eq(xd_encoder_latent_dim(encoders[0]), 8);
  ck_assert(same_weights(xd_encoder_network(encoders[0]), xd_encoder_network(encoders[1])));
  ck_assert(same_weights(xd_decoder_network(decoders[0]), xd_decoder_network(decoders[1])));
  for (int i = 0; i < 2; i++) {
    xd_encoder_release(encoders[i]);
    xd_decoder_release(decoders[i]);
  }
  seen = (watch){.stop_stage = XD_STAGE_VAE1, .stop_step = 5};
  assert_status(xd_train_vae(&encoders[0], &decoders[0], f->context, report, f->sets[0], &f->run, options),
                XD_ERROR_CANCELLED);
  ck_assert(encoders[0] == NULL && decoders[0] == NULL);
  change_options(options, "epochs=0 min_steps=0");
  assert_status(xd_train_vae(&encoders[0], &decoders[0], f->context, NULL, f->sets[0], NULL, options),
                XD_ERROR_INVALID_ARGUMENT);
  change_options(options, "epochs=1 height=20");
  assert_status(xd_train_vae(&encoders[0], &decoders[0], f->context, NULL, f->sets[0], NULL, options),
                XD_ERROR_SHAPE_MISMATCH);
  assert_status(xd_train_vae(&encoders[0], &decoders[0], f->context, NULL, NULL, NULL, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train_vae(NULL, &decoders[0], f->context, NULL, f->sets[0], NULL, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  xd_values_destroy(report);
  xd_options_destroy(options);
  close_fixture(f);
}
END_TEST

START_TEST(train_vae__takes_half_as_many_more_steps_of_large_pictures) {
  xd_context *context = test_context("reference");
  xd_options *options = make_options(
      context, "vae", "base_channels=0 hidden1=4 latent_dim=2 sharpen=0 batch=2 epochs=1 min_steps=4");
  static uint8_t pixels[2 * 49 * 48];
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(i * 37);
  for (uint32_t width = 48; width <= 49; width++) {
    watch seen = {0};
    xd_run run = XD_RUN_INIT;
    xd_dataset *set = NULL;
    xd_encoder *encoder = NULL;
    xd_decoder *decoder = NULL;
    run.callback = note_step, run.user = &seen;
    assert_ok(context, xd_dataset_create(&set, context, pixels, NULL, 2, width, 48, 1));
    assert_ok(context, xd_train_vae(&encoder, &decoder, context, NULL, set, &run, options));
    ck_assert_uint_eq(seen.step, width == 48 ? 4 : 6);
    xd_encoder_release(encoder);
    xd_decoder_release(decoder);
    xd_dataset_release(set);
  }
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

/* Every preset trains, and the model tells its numbers. */
START_TEST(train__runs_every_preset) {
  for (uint32_t i = 0; xd_options_preset_name("train", i); i++) {
    const char *name = xd_options_preset_name("train", i);
    fixture *f = open_short_fixture("auto", 2);
    xd_model *model = NULL;
    xd_options_destroy(f->options);
    f->options = make_options(f->context, "train", "");
    assert_ok(f->context, xd_options_apply_preset(f->options, f->context, name));
    set(f, "min_steps=2 epochs=1 steps=3");
    assert_ok(f->context, train(f, &model, NULL));
    for (uint32_t d = 0; d < 2; d++) {
      const uint32_t dim = (uint32_t)option_of(f->options, d ? "vae2.latent_dim" : "vae1.latent_dim");
      ck_assert(dim == 0 || xd_model_latent_dim(model, d + 1) == dim);
    }
    if (strcmp(name, "paper") == 0) {
      const char *vae = xd_model_property(model, "vae2.options");
      ck_assert(strstr(vae, " base_channels=0 ") && strstr(vae, " hidden_count=2 hidden1=512 hidden2=256 "));
      ck_assert(strstr(vae, " lambda1=1 lambda2=1 sigma_x=1 ") != NULL);
      ck_assert(strstr(xd_model_property(model, "mapping2.options"), " beta1=0.9 beta2=0.999 ") != NULL);
    }
    xd_model_release(model);
    close_fixture(f);
  }
}
END_TEST

typedef struct sets {
  xd_dataset *set[2];
} sets;

static xd_status train_and_release(xd_context *context, void *user) {
  const sets *given = user;
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_options *options = NULL;
  xd_values *report = NULL;
  xd_pairing *pairing = NULL;
  xd_model *model = NULL;
  xd_status status =
      try_options(&options, context, "train",
                  "vae.base_channels=0 vae.hidden1=4 vae.latent_dim=2 vae.min_steps=0 vae.epochs=1 "
                  "vae.augment=0.5 mapping.hidden_width=4 mapping.hidden_layers=1 "
                  "mapping.steps=2 mapping.batch=4 mapping.style=0.5");
  if (status == XD_OK)
    status = xd_pairing_create(&pairing, context, PAIRS);
  if (status == XD_OK)
    status = xd_values_create(&report, context);
  input.set[0] = given->set[0], input.set[1] = given->set[1];
  input.pairing = pairing;
  if (status == XD_OK)
    status = xd_train(&model, context, report, &input, NULL, options);
  xd_pairing_release(pairing);
  xd_values_destroy(report);
  xd_options_destroy(options);
  xd_model_release(model);
  return status;
}

START_TEST(train__survives_refused_memory) {
  xd_context *context = test_context("reference");
  sets given = {
      {make_patterns(context, PATTERN_ROW, 3, 12, 1), make_patterns(context, PATTERN_FRAME, 3, 12, 1)}};
  check_refusals(train_and_release, &given);
  xd_dataset_release(given.set[0]);
  xd_dataset_release(given.set[1]);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("train");
  add_case(suite, train__learns_both_directions);
  add_case(suite, map__keeps_style_where_it_is_asked_for);
  add_case(suite, train__looks_for_style_in_pictures_of_any_shape);
  add_case(suite, train__pairs_several_classes_with_one);
  add_case(suite, train__maps_sets_without_labels);
  add_case(suite, train__runs_the_letter_of_the_paper);
  add_case(suite, train__takes_linear_skips_and_averaged_conditions);
  add_case(suite, map__augments_the_codes_it_leaves);
  add_case(suite, train__probes_the_codes_of_validation_sets);
  add_case(suite, train__probes_no_more_than_the_codes_tell);
  add_case(suite, train__mixes_caches_and_augments_codes);
  add_case(suite, train__writes_the_same_bytes_at_any_number_of_threads);
  add_case(suite, train__keeps_what_shaped_the_model_as_properties);
  add_case(suite, map__shares_the_vaes_and_drops_the_old_mapping);
  add_case(suite, map__repeats_the_mapping_of_train);
  add_case(suite, map__goes_on_where_train_left_the_vaes);
  add_case(suite, map__refuses_sets_of_other_shapes);
  add_case(suite, map__refuses_classes_of_other_names);
  add_case(suite, train_steps__counts_unlabelled_pictures_and_what_is_trained);
  add_case(suite, train__maps_many_classes_for_longer);
  add_case(suite, train__tells_every_step_and_validates_on_the_way);
  add_case(suite, train__stops_when_the_callback_asks_or_the_context_is_cancelled);
  add_case(suite, train__names_a_class_without_pictures);
  add_case(suite, train__names_the_wrong_option);
  add_case(suite, train__refuses_at_once_what_a_later_stage_would_refuse);
  add_case(suite, train__stops_at_a_collapse_unless_it_is_allowed);
  add_case(suite, train__keeps_the_best_validated_step);
  add_case(suite, train__reports_divergence);
  add_case(suite, train__sees_that_everything_looks_alike);
  add_case(suite, train__starts_from_given_networks);
  add_case(suite, train_vae__trains_one_vae_alone);
  add_case(suite, train_vae__takes_half_as_many_more_steps_of_large_pictures);
  add_case(suite, train_vae__reports_whether_its_error_still_fell);
  add_case(suite, train__runs_every_preset);
  add_case(suite, train__survives_refused_memory);
  return suite;
}

XD_SUITE_MAIN(make_suite)
