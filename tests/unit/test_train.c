/* The whole schedule on patterns: what it learns, what it reports, that it repeats itself byte for byte, and
 * what stops it. */
#include "training_support.h"

#include "model/encoder.h"

#define PAIRS "0:3,1:4,2:5"

typedef struct fixture {
  xd_context *context;
  xd_dataset *sets[2], *held_out[2];
  xd_pairing *pairing;
  xd_vae_architecture architecture;
  xd_vae_options vae;
  xd_mapping_options mapping;
  xd_train_options options;
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
  f->architecture = pattern_architecture();
  f->vae = (xd_vae_options)XD_VAE_OPTIONS_INIT;
  f->vae.architecture = &f->architecture;
  f->vae.batch = 30;
  f->vae.epochs = 60;
  f->vae.learning_rate = 0.003f;
  f->mapping = (xd_mapping_options)XD_MAPPING_OPTIONS_INIT;
  f->mapping.hidden_width = 64;
  f->mapping.hidden_layers = 2;
  f->mapping.batch = 60;
  f->mapping.steps = 1500;
  f->mapping.learning_rate = 0.002f;
  f->options = (xd_train_options)XD_TRAIN_OPTIONS_INIT;
  f->options.vae[0] = f->options.vae[1] = &f->vae;
  f->options.mapping[0] = f->options.mapping[1] = &f->mapping;
  f->options.seed = 5;
  return f;
}

/* Too short to learn anything, long enough to pass through all stages. */
static fixture *open_short_fixture(const char *backend, uint32_t threads) {
  fixture *f = open_fixture(backend, threads);
  f->vae.epochs = 1;
  f->mapping.steps = 12;
  return f;
}

static void close_fixture(fixture *f) {
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_dataset_release(f->sets[domain]);
    xd_dataset_release(f->held_out[domain]);
  }
  xd_pairing_release(f->pairing);
  xd_context_destroy(f->context);
  free(f);
}

static xd_status train(fixture *f, xd_model **model, xd_train_report *report) {
  return xd_train(model, f->context, f->sets[0], f->sets[1], f->pairing, &f->options, report);
}

/* Knows the patterns of a domain; the caller releases it. */
static xd_judge *train_judge(fixture *f, uint32_t domain) {
  xd_judge_options options = XD_JUDGE_OPTIONS_INIT;
  xd_judge *judge = NULL;
  options.base_channels = 8;
  options.feature_dim = 32;
  options.batch = 30;
  options.epochs = 12;
  options.learning_rate = 0.003f;
  assert_ok(f->context, xd_judge_train(&judge, f->context, f->sets[domain], &options, NULL, NULL));
  return judge;
}

static xd_train_report make_report(void) {
  return (xd_train_report){.struct_size = sizeof(xd_train_report)};
}

/* ---- what it learns ---- */

static void check_evaluation(const xd_evaluation *evaluation, const char *what) {
  ck_assert_msg(evaluation->judge_acc > 0.97, "%s: the judge has %g", what, evaluation->judge_acc);
  ck_assert_msg(evaluation->acc > 0.9, "%s: acc %g (div %g)", what, evaluation->acc, evaluation->div);
  ck_assert_msg(evaluation->div > 0.5, "%s: div %g (acc %g)", what, evaluation->div, evaluation->acc);
  ck_assert_msg(evaluation->ediv > 0.3, "%s: ediv %g (acc %g)", what, evaluation->ediv, evaluation->acc);
  ck_assert_msg(evaluation->reconstruction_acc > 0.9, "%s: reconstructions %g", what,
                evaluation->reconstruction_acc);
}

START_TEST(train__learns_both_directions) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judges[2] = {train_judge(f, 0), train_judge(f, 1)};
  xd_model *model = NULL;
  xd_train_report report = make_report();
  for (uint32_t i = 0; i < 2; i++)
    f->options.judge[i] = judges[i], f->options.validation[i] = f->held_out[i];
  assert_ok(f->context, train(f, &model, &report));
  for (uint32_t i = 0; i < 2; i++) {
    const char *what = i ? "2 to 1" : "1 to 2";
    xd_evaluation evaluation = {.struct_size = sizeof evaluation};
    assert_ok(f->context,
              xd_evaluate(&evaluation, f->context, model, i ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2,
                          judges[1 - i], f->held_out[i], f->held_out[1 - i], f->pairing, NULL));
    check_evaluation(&evaluation, what);
    ck_assert_uint_eq(report.validated[i], 1);
    check_evaluation(&report.validation[i], "validation");
    ck_assert(report.vae[i].total > 0.0 && report.vae[i].kl > 0.0);
    ck_assert(report.mapping[i].discriminator > 0.0 && report.mapping[i].generator > 0.0);
  }
  for (uint32_t stage = 0; stage < 6; stage++)
    ck_assert(report.seconds[stage] > 0.0);
  ck_assert_str_eq(xd_model_pairing(model), PAIRS);
  ck_assert_uint_eq(xd_model_class_count(model, 1), 3);
  ck_assert_uint_eq(xd_model_class_count(model, 2), 6);
  ck_assert_str_eq(xd_model_class_name(model, 2, 4), "4");
  xd_model_release(model);
  xd_judge_release(judges[0]);
  xd_judge_release(judges[1]);
  close_fixture(f);
}
END_TEST

/* Rows and columns both become frames, blocks crosses. */
START_TEST(train__pairs_several_classes_with_one) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judge = train_judge(f, 1);
  xd_model *model = NULL;
  xd_evaluation evaluation = {.struct_size = sizeof evaluation};
  xd_pairing_release(f->pairing);
  f->pairing = make_pairing(f->context, "0:3,1:3,2:5");
  f->options.directions = 1;
  assert_ok(f->context, train(f, &model, NULL));
  assert_ok(f->context, xd_evaluate(&evaluation, f->context, model, XD_DIRECTION_1TO2, judge, f->held_out[0],
                                    f->held_out[1], f->pairing, NULL));
  check_evaluation(&evaluation, "0:3,1:3,2:5");
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
  xd_evaluation evaluation = {.struct_size = sizeof evaluation};
  xd_pairing_release(f->pairing);
  f->pairing = make_pairing(f->context, "*:*");
  f->options.directions = 1;
  assert_ok(f->context, train(f, &model, NULL));
  assert_ok(f->context, xd_evaluate(&evaluation, f->context, model, XD_DIRECTION_1TO2, judge, f->held_out[0],
                                    f->held_out[1], f->pairing, NULL));
  ck_assert(evaluation.acc == 1.0);
  ck_assert_msg(evaluation.div > 0.5, "div %g", evaluation.div);
  ck_assert_str_eq(xd_model_pairing(model), "*:*");
  ck_assert(strstr(xd_model_property(model, "mapping_1to2.options"), " mismatch=0 ") != NULL);
  xd_model_release(model);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

START_TEST(train__runs_the_letter_of_the_paper) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL;
  f->vae.lambda1 = f->vae.lambda2 = 1.0f;
  f->vae.raw_codes = 1;
  f->mapping.same_code_positive = 1;
  f->mapping.mismatch = 0.0f;
  f->mapping.spectral_norm = 0;
  f->mapping.ema_decay = 0.0f;
  assert_ok(f->context, train(f, &model, NULL));
  ck_assert(strstr(xd_model_property(model, "vae1.options"), "lambda1=1 lambda2=1 ") != NULL);
  ck_assert(strstr(xd_model_property(model, "mapping_2to1.options"), "same_code_positive=1 mismatch=0 ") !=
            NULL);
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

START_TEST(train__takes_linear_skips_and_averaged_conditions) {
  fixture *f = open_short_fixture("auto", 2);
  xd_model *model = NULL;
  f->architecture.linear_skip = 1;
  f->mapping.linear_skip = 1;
  f->mapping.condition_codes = 4;
  f->mapping.generated_mismatch = 0.5f;
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
  f->vae.augment = f->vae.augment_colour = f->vae.augment_blur = 1.0f;
  f->mapping.augment = 1.0f;
  f->vae.min_steps = 30;
  f->mapping.mixing = 0.5f;
  f->mapping.codes_per_picture = 3;
  f->mapping.dropout_millionths = 100000;
  f->mapping.generated_mismatch = 1.0f;
  assert_ok(f->context, train(f, &model, NULL));
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

/* Of the directions only the one whose options ask for it leaves from augmented codes. */
START_TEST(map__augments_the_codes_it_leaves) {
  fixture *f = open_short_fixture("auto", 2);
  xd_mapping_options other = f->mapping;
  xd_model *model = NULL, *plain = NULL, *augmented = NULL;
  assert_ok(f->context, train(f, &model, NULL));
  f->mapping.codes_per_picture = other.codes_per_picture = 4;
  f->options.mapping[1] = &other;
  assert_ok(f->context,
            xd_map(&plain, f->context, model, f->sets[0], f->sets[1], f->pairing, &f->options, NULL));
  f->mapping.augment_colour = 1.0f;
  assert_ok(f->context,
            xd_map(&augmented, f->context, model, f->sets[0], f->sets[1], f->pairing, &f->options, NULL));
  for (uint32_t direction = 0; direction < 2; direction++) {
    const xd_direction way = direction ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2;
    const int same = same_weights(xd_latent_generator_network(xd_model_generator(plain, way)),
                                  xd_latent_generator_network(xd_model_generator(augmented, way)));
    ck_assert_int_eq(same, direction == 1);
  }
  ck_assert(strstr(xd_model_property(augmented, "mapping_1to2.options"), " augment_colour=1 ") != NULL);
  ck_assert(strstr(xd_model_property(augmented, "mapping_2to1.options"), " augment_colour=0 ") != NULL);
  xd_model_release(model);
  xd_model_release(plain);
  xd_model_release(augmented);
  close_fixture(f);
}
END_TEST

/* Patterns under a window and in any light: classes are read from their codes, and only of validation
 * sets. */
START_TEST(train__probes_the_codes_of_validation_sets) {
  fixture *f = open_short_fixture("auto", 2);
  xd_model *model = NULL;
  xd_train_report report = make_report();
  f->vae.epochs = 40;
  f->vae.augment_colour = 0.5f;
  f->architecture.window = 500;
  f->mapping.codes_per_picture = 3;
  f->mapping.augment_colour = 0.5f;
  f->options.validation[0] = f->held_out[0];
  assert_ok(f->context, train(f, &model, &report));
  ck_assert_msg(report.probe[0] > 0.9, "the probe reads %g", report.probe[0]);
  ck_assert(report.probe[1] == 0.0);
  ck_assert_uint_eq(report.validated[0], 0);
  const char *text = xd_model_property(model, "mapping.probe1");
  ck_assert_msg(strncmp(text, "acc=", 4) == 0 && fabs(strtod(text + 4, NULL) - report.probe[0]) < 1e-5, "%s",
                text);
  ck_assert_str_eq(xd_model_property(model, "mapping.probe2"), "");
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

/* Labels that are drawn by lot are read by chance. */
START_TEST(train__probes_no_more_than_the_codes_tell) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL;
  xd_train_report report = make_report();
  uint32_t labels[150];
  xd_dataset *shuffled = NULL;
  for (uint32_t i = 0; i < 150; i++)
    labels[i] = xdi_random_below(3, 9, i, 3);
  assert_ok(f->context, xd_dataset_create(&shuffled, f->context, xd_dataset_pixels(f->held_out[0], 0), labels,
                                          150, SIDE, SIDE, 1));
  f->options.validation[0] = shuffled;
  assert_ok(f->context, train(f, &model, &report));
  ck_assert_msg(report.probe[0] > 0.15 && report.probe[0] < 0.55, "the probe reads %g", report.probe[0]);
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
  f->options.seed = seed;
  f->vae.augment = 0.5f;
  f->mapping.mixing = 0.5f;
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
  xd_train_report report = make_report();
  f->options.name[0] = "bars";
  assert_ok(f->context, train(f, &model, &report));
  ck_assert_str_eq(xd_model_name(model, 1), "bars");
  ck_assert_str_eq(xd_model_property(model, "vae.library"), "libxdomain " XD_VERSION_STRING);
  ck_assert_str_eq(xd_model_property(model, "vae.seed"), "5");
  ck_assert_str_eq(xd_model_property(model, "mapping.seed"), "5");
  ck_assert_str_eq(xd_model_property(model, "vae2.pictures"), "360");
  ck_assert_str_eq(xd_model_property(model, "mapping.backend"), xd_context_backend_name(f->context));
  ck_assert(strstr(xd_model_property(model, "vae1.options"), "sigma_x=0.1 ") != NULL);
  ck_assert(strstr(xd_model_property(model, "vae1.options"), "learning_rate=0.003 ") != NULL);
  ck_assert(strstr(xd_model_property(model, "mapping_1to2.options"), "hidden_width=64 ") != NULL);
  ck_assert_str_eq(
      xd_model_property(model, "vae1.architecture"),
      "latent_dim=8 initial_gain=0 base_channels=8 max_channels=128 depth=1 hidden_count=1 hidden=64");
  const char *losses = xd_model_property(model, "vae1.losses");
  ck_assert_msg(fabs(strtod(losses + strlen("total="), NULL) - report.vae[0].total) <
                    1e-4 * report.vae[0].total,
                "%s is not %g", losses, report.vae[0].total);
  xd_model_release(model);
  close_fixture(f);
}
END_TEST

/* ---- mappings on given VAEs ---- */

START_TEST(map__shares_the_vaes_and_drops_the_old_mapping) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL, *mapped = NULL;
  assert_ok(f->context, train(f, &model, NULL));
  xd_pairing *other = make_pairing(f->context, "0:4,1:5,2:3");
  f->options.directions = 2;
  f->options.seed = 77;
  assert_ok(f->context, xd_map(&mapped, f->context, model, f->sets[0], f->sets[1], other, &f->options, NULL));
  for (uint32_t domain = 1; domain <= 2; domain++) {
    ck_assert_ptr_eq(xd_model_encoder(mapped, domain), xd_model_encoder(model, domain));
    ck_assert_ptr_eq(xd_model_decoder(mapped, domain), xd_model_decoder(model, domain));
  }
  ck_assert_ptr_null(xd_model_generator(mapped, XD_DIRECTION_1TO2));
  ck_assert_ptr_nonnull(xd_model_generator(mapped, XD_DIRECTION_2TO1));
  ck_assert_str_eq(xd_model_pairing(mapped), "0:4,1:5,2:3");
  ck_assert_str_eq(xd_model_property(mapped, "vae.seed"), "5");
  ck_assert_str_eq(xd_model_property(mapped, "mapping.seed"), "77");
  ck_assert_str_eq(xd_model_property(mapped, "mapping_1to2.options"), "");
  xd_pairing_release(other);
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
  assert_ok(f->context,
            xd_map(&mapped, f->context, model, f->sets[0], f->sets[1], f->pairing, &f->options, NULL));
  for (int direction = 1; direction <= 2; direction++)
    ck_assert(same_weights(xd_latent_generator_network(xd_model_generator(model, direction)),
                           xd_latent_generator_network(xd_model_generator(mapped, direction))));
  xd_model_release(model);
  xd_model_release(mapped);
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
  assert_status(xd_map(&mapped, f->context, model, f->sets[0], other, f->pairing, &f->options, NULL),
                XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(f->context, "domain 2");
  f->mapping.source_dim = 7;
  assert_status(xd_map(&mapped, f->context, model, f->sets[0], f->sets[1], f->pairing, &f->options, NULL),
                XD_ERROR_SHAPE_MISMATCH);
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
  xd_context *cancel;
} watch;

static int watch_progress(void *user, const xd_train_progress *progress) {
  watch *seen = user;
  ck_assert_uint_eq(progress->struct_size, sizeof *progress);
  ck_assert(progress->stage >= seen->stage && progress->stage <= XD_STAGE_MAPPING_2TO1);
  ck_assert_uint_eq(progress->step, progress->stage == seen->stage ? seen->step + 1 : 1);
  ck_assert(progress->step <= progress->steps);
  ck_assert(progress->overall > seen->overall && progress->overall <= 1.0 + 1e-9);
  ck_assert_int_eq(progress->vae.total > 0.0, progress->stage <= XD_STAGE_VAE2);
  ck_assert_int_eq(progress->mapping.generator > 0.0, progress->stage >= XD_STAGE_MAPPING_1TO2);
  seen->stage = progress->stage;
  seen->step = progress->step;
  seen->overall = progress->overall;
  seen->calls++;
  seen->calls_of[progress->stage]++;
  if (progress->validation) {
    seen->validations++;
    ck_assert(progress->validation->count == 150 && progress->validation->acc >= 0.0);
  }
  const int stop = progress->stage == seen->stop_stage && progress->step == seen->stop_step;
  if (stop && seen->cancel)
    xd_context_cancel(seen->cancel);
  return stop && !seen->cancel;
}

static int note_step(void *user, const xd_train_progress *progress) {
  watch *seen = user;
  seen->stage = progress->stage;
  seen->step = progress->step;
  return 0;
}

START_TEST(train__tells_every_step_and_validates_on_the_way) {
  fixture *f = open_short_fixture("auto", 1);
  xd_judge *judge = train_judge(f, 1);
  xd_model *model = NULL, *plain = NULL;
  watch seen = {0};
  f->options.callback = watch_progress;
  f->options.user = &seen;
  f->options.validate_every = 5;
  f->options.judge[1] = judge;
  f->options.validation[0] = f->held_out[0], f->options.validation[1] = f->held_out[1];
  assert_ok(f->context, train(f, &model, NULL));
  ck_assert_uint_eq(seen.calls_of[XD_STAGE_VAE1], 12);
  ck_assert_uint_eq(seen.calls_of[XD_STAGE_VAE2], 12);
  ck_assert_uint_eq(seen.calls_of[XD_STAGE_CODES], 2);
  ck_assert_uint_eq(seen.calls_of[XD_STAGE_MAPPING_1TO2], 12);
  ck_assert_uint_eq(seen.calls_of[XD_STAGE_MAPPING_2TO1], 12);
  ck_assert_uint_eq(seen.validations, 3); /* after 5, 10 and 12 steps, in the direction that has a judge */
  assert_near(seen.overall, 1.0, 1e-9, "overall");
  xd_model_release(model);
  /* Validating itself trains nothing: without steps to choose from, the model is what it is without a
   * judge. */
  f->options.callback = NULL;
  f->options.validate_every = 0;
  assert_ok(f->context, train(f, &model, NULL));
  f->options.judge[1] = NULL;
  assert_ok(f->context, train(f, &plain, NULL));
  ck_assert(same_weights(xd_latent_generator_network(xd_model_generator(model, XD_DIRECTION_1TO2)),
                         xd_latent_generator_network(xd_model_generator(plain, XD_DIRECTION_1TO2))));
  xd_model_release(model);
  xd_model_release(plain);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

START_TEST(train__stops_when_the_callback_asks_or_the_context_is_cancelled) {
  const uint32_t stages[] = {XD_STAGE_VAE1, XD_STAGE_VAE2, XD_STAGE_CODES, XD_STAGE_MAPPING_1TO2,
                             XD_STAGE_MAPPING_2TO1};
  for (uint32_t i = 0; i < 2 * COUNT_OF(stages); i++) {
    fixture *f = open_short_fixture("auto", 1);
    xd_model *model = (xd_model *)f;
    xd_train_report report = make_report();
    watch seen = {.stop_stage = stages[i / 2], .stop_step = 2, .cancel = i % 2 ? f->context : NULL};
    f->options.callback = watch_progress;
    f->options.user = &seen;
    assert_status(train(f, &model, &report), XD_ERROR_CANCELLED);
    ck_assert_ptr_null(model);
    ck_assert(seen.stage == seen.stop_stage && seen.step == 2);
    ck_assert(report.seconds[seen.stop_stage] > 0.0);
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
  f->options.directions = 0;
  f->options.callback = watch_progress, f->options.user = &seen;
  assert_ok(f->context, train(f, &vaes, NULL));
  ck_assert_uint_eq(seen.stage, XD_STAGE_VAE2);
  assert_near(seen.overall, 1.0, 1e-9, "progress");
  ck_assert_ptr_null(xd_model_generator(vaes, XD_DIRECTION_1TO2));
  ck_assert_str_eq(xd_model_pairing(vaes), "");
  f->options.callback = NULL;
  assert_status(xd_map(&mapped, f->context, vaes, f->sets[0], f->sets[1], f->pairing, &f->options, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(f->context, "directions");
  f->options.directions = 3;
  assert_ok(f->context,
            xd_map(&mapped, f->context, vaes, f->sets[0], f->sets[1], f->pairing, &f->options, NULL));
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
  f->options.callback = watch_progress, f->options.user = &seen;
  xd_pairing_release(f->pairing);
  f->pairing = make_pairing(f->context, "0:3,1:9");
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
  xd_train_report report = {0};
  assert_status(train(f, &model, &report), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(f->context, "xd_train_report");
  f->options.directions = 4;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "directions");
  f->options.directions = 3, f->options.reserved = 1;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "xd_train_options.reserved");
  f->options.reserved = 0, f->vae.reserved = 1;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "xd_vae_options.reserved");
  f->vae.reserved = 0, f->vae.batch = 0;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "batch");
  f->vae.batch = 30, f->mapping.steps = 0;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "steps");
  f->mapping.steps = 12, f->mapping.augment_blur = 1.0f;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "augment_blur needs cached codes");
  f->mapping.augment_blur = 0.0f, f->mapping.augment = NAN;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_options.augment cannot be");
  f->mapping.augment = 0.0f, f->architecture.width = 16;
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "domain 1");
  f->architecture.width = SIDE, f->vae.struct_size = 5;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "xd_vae_options");
  assert_status(xd_train(&model, f->context, NULL, f->sets[1], f->pairing, NULL, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train(NULL, f->context, f->sets[0], f->sets[1], f->pairing, NULL, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_map(&model, f->context, NULL, f->sets[0], f->sets[1], f->pairing, NULL, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(model);
  close_fixture(f);
}
END_TEST

/* What only the second VAE, the second mapping or the first validation reads is refused before any step. */
START_TEST(train__refuses_at_once_what_a_later_stage_would_refuse) {
  fixture *f = open_short_fixture("reference", 1);
  xd_judge *judge = train_judge(f, 1);
  xd_vae_options vae = f->vae;
  xd_mapping_options mapping = f->mapping;
  watch seen = {0};
  xd_model *model = NULL, *vaes = NULL;
  xd_dataset *few = NULL, *small = NULL;
  const uint8_t pixels[2 * 64] = {0};
  const uint32_t labels[2] = {0, 3};
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  assert_ok(f->context, train(f, &vaes, NULL));
  assert_ok(f->context, xd_dataset_create(&small, f->context, pixels, labels, 2, 8, 8, 1));
  selection.classes = labels + 1, selection.class_count = 1;
  assert_ok(f->context, xd_dataset_select(&few, f->context, f->held_out[1], &selection));
  f->options.callback = note_step, f->options.user = &seen;
  f->options.vae[1] = &vae, f->options.mapping[1] = &mapping;
  vae.sigma_x = -1.0f;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "sigma_x");
  vae.sigma_x = 0.1f, mapping.hidden_width = 0;
  assert_train_refused(f, XD_ERROR_INVALID_ARGUMENT, "hidden_width");
  assert_status(xd_map(&model, f->context, vaes, f->sets[0], f->sets[1], f->pairing, &f->options, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  mapping.hidden_width = 64, mapping.target_dim = 9;
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "target_dim");
  mapping.target_dim = 0;
  f->options.judge[1] = judge;
  f->options.validation[0] = f->held_out[0], f->options.validation[1] = small;
  assert_train_refused(f, XD_ERROR_SHAPE_MISMATCH, "validation set");
  f->options.validation[1] = few;
  assert_train_refused(f, XD_ERROR_NOT_FOUND, "domain 2 is paired");
  ck_assert_uint_eq(seen.step, 0);
  ck_assert_ptr_null(model);
  xd_dataset_release(few), xd_dataset_release(small);
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
  xd_train_report report = make_report();
  for (uint32_t i = 0; i < 60; i++) {
    labels[i] = 3 + i % 3;
    draw_pattern(pixels + (size_t)i * PATTERN_SIZE, (pattern)labels[i], 1, i % 3);
  }
  assert_ok(f->context, xd_dataset_create(&same, f->context, pixels, labels, 60, SIDE, SIDE, 1));
  xd_dataset_release(f->sets[1]);
  f->sets[1] = same;
  f->vae.min_steps = 400;
  f->options.directions = 1;
  f->options.judge[1] = judge;
  f->options.validation[0] = f->held_out[0], f->options.validation[1] = f->held_out[1];
  assert_status(train(f, &model, &report), XD_ERROR_COLLAPSED);
  ck_assert_ptr_null(model);
  ck_assert_msg(report.validated[0] && report.validation[0].div < 0.1, "div %g", report.validation[0].div);
  assert_message_names(f->context, "div");
  /* Validated on the way it stops early, at the second one of the second half that has collapsed. */
  watch seen = {0};
  xd_train_record records[15];
  f->options.validate_every = 100;
  f->options.callback = note_step, f->options.user = &seen;
  report.history[0] = records, report.history_capacity = COUNT_OF(records);
  assert_status(train(f, &model, &report), XD_ERROR_COLLAPSED);
  ck_assert_msg(seen.stage == XD_STAGE_MAPPING_1TO2 && seen.step >= 900 && seen.step < 1500, "step %u",
                seen.step);
  ck_assert_uint_eq(report.history_count[0], seen.step / 100);
  ck_assert(records[seen.step / 100 - 1].div < 0.1 && records[seen.step / 100 - 2].div < 0.1);
  f->options.callback = NULL;
  f->options.allow_collapse = 1;
  assert_ok(f->context, train(f, &model, &report));
  ck_assert_ptr_nonnull(model);
  xd_model_release(model);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

static xd_model *train_with_history(fixture *f, uint32_t steps, uint32_t every, xd_train_report *report,
                                    xd_train_record *records, uint32_t capacity) {
  xd_model *model = NULL;
  f->mapping.steps = steps;
  f->options.validate_every = every;
  *report = make_report();
  report->history[0] = records;
  report->history_capacity = capacity;
  assert_ok(f->context, train(f, &model, report));
  return model;
}

/* The kept networks are those of the step with the best score: a run that ends there has the same weights.
 * The learning rate is constant in the first half, so that such a run can be shorter. */
START_TEST(train__keeps_the_best_validated_step) {
  fixture *f = open_fixture("auto", 2);
  xd_judge *judge = train_judge(f, 1);
  xd_train_report report, shorter;
  xd_train_record records[12];
  f->vae.epochs = 20;
  f->mapping.learning_rate = 0.005f;
  f->mapping.final_rate = 1.0f;
  f->mapping.ema_decay = 0.0f; /* jumps about */
  f->options.directions = 1;
  f->options.allow_collapse = 1;
  f->options.judge[1] = judge;
  f->options.validation[0] = f->held_out[0], f->options.validation[1] = f->held_out[1];
  xd_model *model = train_with_history(f, 240, 20, &report, records, COUNT_OF(records));
  ck_assert_uint_eq(report.history_count[0], 12);
  ck_assert_uint_eq(report.history_count[1], 0);
  uint32_t best = 0;
  for (uint32_t i = 0; i < 12; i++) {
    const xd_train_record *r = &records[i];
    ck_assert_uint_eq(r->step, 20 * (i + 1));
    assert_near(r->score, r->acc * fmin(1.0, r->div / 0.75) * fmin(1.0, r->ediv / 0.6), 1e-12, "score");
    if (r->score >= records[best].score)
      best = i;
  }
  ck_assert_msg(records[best].score > 0.0 && best < 11, "a fixture that keeps step %u tells little",
                records[best].step);
  ck_assert_uint_eq(report.kept_step[0], records[best].step);
  ck_assert(report.validation[0].acc == records[best].acc && report.validation[0].fd == records[best].fd);
  ck_assert(report.validation[0].reconstruction_acc > 0.5);
  const char *property = xd_model_property(model, "mapping_1to2.validation");
  char step[32];
  snprintf(step, sizeof step, " step=%u ", records[best].step);
  ck_assert_msg(strstr(property, step) && strstr(property, " validate_every=20"), "%s", property);
  xd_train_record few[2];
  xd_model *same = train_with_history(f, records[best].step, 0, &shorter, few, COUNT_OF(few));
  ck_assert_uint_eq(shorter.history_count[0], 1);
  ck_assert(few[0].acc == records[best].acc && few[0].div == records[best].div);
  ck_assert(few[0].ediv == records[best].ediv && few[0].fd == records[best].fd);
  ck_assert(same_weights(xd_latent_generator_network(xd_model_generator(model, XD_DIRECTION_1TO2)),
                         xd_latent_generator_network(xd_model_generator(same, XD_DIRECTION_1TO2))));
  xd_model_release(model);
  xd_model_release(same);
  model = train_with_history(f, 60, 20, &report, few, 2);
  ck_assert(report.history_count[0] == 3 && few[1].step == 40);
  xd_model_release(model);
  xd_judge_release(judge);
  close_fixture(f);
}
END_TEST

START_TEST(train__reports_divergence) {
  fixture *f = open_short_fixture("auto", 1);
  xd_model *model = NULL;
  f->vae.learning_rate = 10.0f;
  f->vae.epochs = 40;
  assert_status(train(f, &model, NULL), XD_ERROR_NUMERIC);
  ck_assert_ptr_null(model);
  close_fixture(f);
}
END_TEST

typedef struct sets {
  xd_dataset *set[2];
} sets;

static xd_status train_and_release(xd_context *context, void *user) {
  const sets *given = user;
  xd_vae_architecture architecture = pattern_architecture();
  xd_vae_options vae = XD_VAE_OPTIONS_INIT;
  xd_mapping_options mapping = XD_MAPPING_OPTIONS_INIT;
  xd_train_options options = XD_TRAIN_OPTIONS_INIT;
  xd_pairing *pairing = NULL;
  xd_model *model = NULL;
  architecture.base_channels = 0;
  architecture.hidden[0] = 4;
  architecture.latent_dim = 2;
  vae.architecture = &architecture;
  vae.epochs = 1;
  vae.augment = 0.5f;
  mapping.hidden_width = 4;
  mapping.hidden_layers = 1;
  mapping.steps = 2;
  mapping.batch = 4;
  options.vae[0] = options.vae[1] = &vae;
  options.mapping[0] = options.mapping[1] = &mapping;
  xd_status status = xd_pairing_create(&pairing, context, PAIRS);
  if (status == XD_OK)
    status = xd_train(&model, context, given->set[0], given->set[1], pairing, &options, NULL);
  xd_pairing_release(pairing);
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
  add_case(suite, train__tells_every_step_and_validates_on_the_way);
  add_case(suite, train__stops_when_the_callback_asks_or_the_context_is_cancelled);
  add_case(suite, train__names_a_class_without_pictures);
  add_case(suite, train__names_the_wrong_option);
  add_case(suite, train__refuses_at_once_what_a_later_stage_would_refuse);
  add_case(suite, train__stops_at_a_collapse_unless_it_is_allowed);
  add_case(suite, train__keeps_the_best_validated_step);
  add_case(suite, train__reports_divergence);
  add_case(suite, train__survives_refused_memory);
  return suite;
}

XD_SUITE_MAIN(make_suite)
